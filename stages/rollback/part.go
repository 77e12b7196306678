package rollback

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"nextpipe/stages/internal/entity"
	"nextpipe/stages/internal/stage"
	"nextpipe/stages/internal/warehouse"
)

// Part says what of our work is taken back; the zero value is all of it. Of
// several limits all have to hold.
type Part struct {
	Run   int64     // what this run did
	Only  []string  // kinds, of records or of what removalOrder lists
	Since time.Time // what was done at or after
}

// limitsWhen tells that only some operations count: then of a record that was
// changed several times a part may stay.
func (p Part) limitsWhen() bool { return p.Run != 0 || !p.Since.IsZero() }

func (p Part) isPart() bool { return p.limitsWhen() || len(p.Only) > 0 }

func (p Part) names(kind string) bool { return len(p.Only) == 0 || slices.Contains(p.Only, kind) }

// since is Part.Since as the journal writes times; "" for always.
func (p Part) since() string {
	if p.Since.IsZero() {
		return ""
	}
	return warehouse.Stamp(p.Since)
}

// inPart picks operations of a part. ?3 its run or 0, ?4 its time or ”.
const inPart = `(?3 = 0 OR o.run_id = ?3) AND (?4 = '' OR o.ended_at >= ?4)`

// Whether link k was created by an operation that counts, and its first update
// that does and that was not taken back yet.
const (
	wasMade = `EXISTS (SELECT 1 FROM load_op AS o WHERE o.target_id = k.target_id AND o.entity = k.entity AND o.final_key = k.final_key
		AND o.purpose = 'load' AND o.verb = 'create' AND o.state = 'done' AND o.pipedrive_id = k.pipedrive_id AND ` + inPart + `)`
	firstChange = `(SELECT min(i.op_id) FROM before_image AS i JOIN load_op AS o ON o.op_id = i.op_id
		WHERE i.target_id = k.target_id AND i.entity = k.entity AND i.pipedrive_id = k.pipedrive_id AND i.restored_at IS NULL
			AND o.purpose = 'load' AND o.verb = 'update' AND o.state = 'done' AND ` + inPart + `)`
)

// kinds are the names that Part.Only takes.
func kinds() []string { return slices.Concat(entity.Names(), removalOrder) }

// check refuses a part that nobody can have meant.
func (u *undoer) check(ctx context.Context) error {
	for _, kind := range u.part.Only {
		if !slices.Contains(kinds(), kind) {
			return stage.Input(fmt.Errorf("--only %q is no kind of thing that we make; these are %s", kind, strings.Join(kinds(), ", ")))
		}
	}
	if now := u.j.Now(); u.part.Since.After(now) {
		return stage.Input(fmt.Errorf("--since %s lies in the future, it is %s now", u.part.Since.Format(time.RFC3339), now.UTC().Format(time.RFC3339)))
	}
	return u.checkRun(ctx)
}

func (u *undoer) checkRun(ctx context.Context) error {
	if u.part.Run == 0 {
		return nil
	}
	var target int64
	var domain string
	err := u.DB.Read().QueryRowContext(ctx, `SELECT coalesce(r.target_id, 0), coalesce(t.domain, '') FROM run AS r
		LEFT JOIN target AS t ON t.target_id = r.target_id WHERE r.run_id = ?`, u.part.Run).Scan(&target, &domain)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return stage.Input(fmt.Errorf("there is no run %d in this warehouse: SELECT run_id, command, started_at FROM run lists them", u.part.Run))
	case err != nil:
		return fmt.Errorf("read run %d: %w", u.part.Run, err)
	case target == 0:
		return stage.Input(fmt.Errorf("run %d never met an account, so there is nothing of it to take back", u.part.Run))
	case target != u.ID:
		return stage.Input(fmt.Errorf("run %d worked on %s, not on %s: name that account with --target", u.part.Run, domain, u.Me.CompanyDomain))
	}
	return nil
}

// covers tells that something of a record of ours is to be taken back.
func (u *undoer) covers(kind string, l linked) bool {
	return l.id != "" && u.part.names(kind) && (!u.part.limitsWhen() || l.made || l.first != 0)
}

// deletes tells that a record of ours is to go, rather than to hold its old values.
func (u *undoer) deletes(kind string, l linked) bool {
	return l.id != "" && u.part.names(kind) && l.origin == "created" && (!u.part.limitsWhen() || l.made)
}

// noteDeleted lists what the part's runs have deleted of what others of our
// runs had made: the API cannot bring it back.
func (u *undoer) noteDeleted(ctx context.Context) error {
	if !u.part.limitsWhen() {
		return nil
	}
	gone, err := u.deleted(ctx)
	if err != nil {
		return err
	}
	for _, g := range gone {
		if !u.part.names(g.kind) {
			continue
		}
		if err := u.keep(ctx, g.kind, g.finalKey, g.id, "we deleted it then, and the API cannot bring it back; the next run makes it anew when NextCRM has it"); err != nil {
			return err
		}
	}
	return nil
}

type deletedRecord struct{ kind, finalKey, id string }

// deleted reads these records; surplus twins are none of them.
func (u *undoer) deleted(ctx context.Context) ([]deletedRecord, error) {
	rows, err := u.DB.Read().QueryContext(ctx, `SELECT k.entity, k.final_key, k.pipedrive_id FROM load_op AS k
		WHERE k.target_id = ?1 AND k.purpose = 'load' AND k.verb = 'delete' AND k.state = 'done' AND k.final_key NOT LIKE ?2
			AND (?3 = 0 OR k.run_id = ?3) AND (?4 = '' OR k.ended_at >= ?4) AND NOT `+wasMade, u.ID, "twin:%", u.part.Run, u.part.since())
	if err != nil {
		return nil, fmt.Errorf("read what was deleted: %w", err)
	}
	defer rows.Close()
	var out []deletedRecord
	for rows.Next() {
		var d deletedRecord
		if err := rows.Scan(&d.kind, &d.finalKey, &d.id); err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	return out, rows.Err()
}
