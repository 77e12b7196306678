package target

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"nextpipe/stages/internal/pipedrive"
	"nextpipe/stages/internal/warehouse"
)

const (
	// firstBlock is how long nothing is sent after a block. Cloudflare does not
	// say how long its own lasts; asking during it prolongs it.
	firstBlock = 15 * time.Minute
	// longestBlock bounds the doubling: somebody should have looked by then.
	longestBlock = 12 * time.Hour
	// blockMemory is how long after its end a block makes the next one longer.
	blockMemory = 24 * time.Hour
)

// sharedHost serves every company, so its name does not tell which one is meant.
const sharedHost = "api.pipedrive.com"

// wall keeps what shuts us out of one account, for this process and later ones.
// The traffic of other accounts takes other tokens and is not concerned.
type wall struct {
	db       *warehouse.DB
	host     string
	targetID int64 // 0 until the account has said who it is
	now      func() time.Time
}

// block is one row of table blocked.
type block struct {
	host         string
	since, until time.Time
	times        int
	why          string
}

// longer is the block that follows b at the given time.
func (b block) longer(at time.Time, why string) block {
	next := block{host: b.host, since: at, times: 1, why: why}
	if b.times > 0 && at.Before(b.until.Add(blockMemory)) {
		next.times += b.times
	}
	length := firstBlock
	for range min(next.times-1, 10) {
		length = min(2*length, longestBlock)
	}
	next.until = at.Add(length)
	return next
}

// raise stores a block before anything else happens, so that no way in which
// the program may end loses it, and tells when it is over. Pages that answer
// requests already under way belong to the same block.
func (w *wall) raise(why *pipedrive.Error) (until time.Time, err error) {
	now := w.now()
	err = w.db.Write(context.Background(), func(tx *sql.Tx) error {
		b, err := readBlock(tx.QueryRow(selectBlock+"WHERE host = ?", w.host))
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if until = b.until; now.Before(until) && !now.Before(b.since) {
			return nil
		}
		b.host = w.host
		b = b.longer(now, why.Error())
		until = b.until
		return w.store(tx, b)
	})
	if err != nil {
		return now.Add(firstBlock), fmt.Errorf("remember the block of %s: %w", w.host, err)
	}
	return until, nil
}

func (w *wall) store(tx *sql.Tx, b block) error {
	_, err := tx.Exec(`INSERT INTO blocked (host, target_id, since_at, until_at, times, why) VALUES (?, nullif(?, 0), ?, ?, ?, ?)
		ON CONFLICT (host) DO UPDATE SET target_id = coalesce(excluded.target_id, target_id), since_at = excluded.since_at,
			until_at = excluded.until_at, times = excluded.times, why = excluded.why`,
		b.host, w.targetID, stamp(b.since), stamp(b.until), b.times, b.why)
	return err
}

// check refuses to go on while the account shuts us out, under whichever of its
// addresses: the one in use, the company's own, or the one all companies share.
func (w *wall) check(ctx context.Context) error {
	now, refused := w.now(), error(nil)
	err := w.db.Write(ctx, func(tx *sql.Tx) error {
		b, err := readBlock(tx.QueryRow(selectBlock+`WHERE until_at > ?1 AND (host = ?2 OR target_id = ?3
				OR target_id IN (SELECT target_id FROM target WHERE domain || '.pipedrive.com' = ?2)
				OR ?2 = ?4 AND host LIKE '%.pipedrive.com')
			ORDER BY until_at DESC LIMIT 1`, stamp(now), w.host, w.targetID, sharedHost))
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read blocks: %w", err)
		}
		if now.Before(b.since) {
			// The clock was set back: how long it really was nobody knows, so it begins anew.
			b.since, b.until = now, now.Add(b.until.Sub(b.since))
			err = w.store(tx, b)
		}
		refused = b.refusal()
		return err
	})
	return errors.Join(err, refused)
}

func (b block) refusal() error {
	text := fmt.Sprintf("it answered with a web page at %s, which shuts our traffic out; nothing is sent to it before %s, whatever the flags say: %s",
		b.since.Format(time.RFC3339), b.until.Format(time.RFC3339), b.why)
	return &pipedrive.Error{Kind: pipedrive.Blocked, Until: b.until,
		Failure: pipedrive.Failure{Method: "connect to", Path: b.host, Message: text}}
}

const selectBlock = "SELECT host, since_at, until_at, times, why FROM blocked "

func readBlock(row *sql.Row) (b block, err error) {
	var since, until string
	if err := row.Scan(&b.host, &since, &until, &b.times, &b.why); err != nil {
		return block{}, err
	}
	var sinceErr, untilErr error
	b.since, sinceErr = time.Parse(time.RFC3339, since)
	b.until, untilErr = time.Parse(time.RFC3339, until)
	return b, errors.Join(sinceErr, untilErr)
}

// stamp has whole seconds, so that texts compare like times.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
