// Package load sends the planned operations and settles what is in doubt.
//
//	reads   plan plan_op final_* bind link load_op dest_record
//	does    parents before children: binds symbols, sends through the journal, looks up what is in doubt
//	writes  (through the journal) load_op link before_image http_log budget
//
// The same command continues after any end: what is linked is done, what is in
// doubt is looked up first, what was refused waits for a correction.
package load

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"nextpipe/stages/internal/journal"
	"nextpipe/stages/internal/pipedrive"
	"nextpipe/stages/internal/stage"
	"nextpipe/stages/internal/target"
	"nextpipe/stages/internal/warehouse"
)

// ErrGate means that a person has to allow this first.
var ErrGate = errors.New("gate is closed")

// entities in the order of sending: parents first.
var entities = []string{"organization", "person", "deal"}

// attempts bounds how often one operation is sent in one run, when each time
// it certainly did not happen.
const attempts = 3

// loader loads into one account.
type loader struct {
	*target.Session
	j      *journal.Journal
	binder *binder
	planID int64
	after  int64 // newest operation when the plan was made
	hiID   map[string]string
	left   []stage.Count // entities that the account's plan holds no more of
}

// Run carries out the current plan of the account.
func Run(ctx context.Context, s *target.Session, override string) (stage.Result, error) {
	var res stage.Result
	l := &loader{Session: s, j: s.Journal("load"), hiID: map[string]string{}}
	l.j.Look, l.j.Done = l.look, l.done
	if err := l.prepare(ctx, override); err != nil {
		return res, fmt.Errorf("load: %w", err)
	}
	for _, entity := range entities {
		err := l.phase(ctx, entity)
		if capped(err) {
			// The plan holds no more of these; the others may still go on.
			err = l.countLeft(ctx, entity)
		}
		if err != nil {
			return res, errors.Join(fmt.Errorf("load %s: %w", entity, err), s.Meter.Flush(ctx))
		}
	}
	if err := s.Meter.Flush(ctx); err != nil {
		return res, err
	}
	return l.result(ctx)
}

// countLeft notes how many records of an entity a capped account leaves unsent.
func (l *loader) countLeft(ctx context.Context, entity string) error {
	n, err := l.pendingCount(ctx, entity)
	l.left = append(l.left, stage.Count{Name: entity + "s over the account's limit", N: n})
	return err
}

// prepare checks everything that must hold before the first byte is sent.
func (l *loader) prepare(ctx context.Context, override string) error {
	if err := l.DB.Check(ctx); err != nil {
		return err
	}
	if err := l.gate(ctx, override); err != nil {
		return err
	}
	if err := l.currentPlan(ctx); err != nil {
		return err
	}
	b, err := newBinder(ctx, l.Session)
	if err != nil {
		return err
	}
	l.binder = b
	for _, entity := range entities {
		if l.hiID[entity], err = l.highest(ctx, entity); err != nil {
			return err
		}
	}
	return l.j.Adopt(ctx)
}

// gate keeps production shut until a rehearsal was verified and signed.
// A sign-off of a stand-in on this machine opens no real account.
func (l *loader) gate(ctx context.Context, override string) error {
	if l.Role != target.Production {
		return nil
	}
	var signed int
	err := l.DB.Read().QueryRowContext(ctx, `SELECT count(*) FROM signoff AS g JOIN target AS t ON t.target_id = g.target_id
		JOIN plan AS p ON p.target_id = ? AND p.is_current = 1
		WHERE t.role = 'rehearsal' AND g.seal = p.seal AND (t.is_local = 0 OR ?)`, l.ID, l.Local).Scan(&signed)
	if err != nil || signed > 0 {
		return err
	}
	if override == "" {
		return fmt.Errorf("%w: %s is production and no rehearsal with this map and these rows was signed off; "+
			"load a rehearsal account, verify it, and sign it with `nextpipe signoff --by NAME`", ErrGate, l.Me.CompanyDomain)
	}
	return l.DB.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec("INSERT INTO gate (name, target_id, seal, is_open, by_name, reason, at) SELECT 'rehearsal_overridden', ?1, seal, 1, ?2, ?2, ?3 FROM plan WHERE target_id = ?1 AND is_current = 1",
			l.ID, override, l.DB.Now())
		return err
	})
}

func (l *loader) currentPlan(ctx context.Context) error {
	err := l.DB.Read().QueryRowContext(ctx, "SELECT plan_id, after_op FROM plan WHERE target_id = ? AND is_current = 1", l.ID).Scan(&l.planID, &l.after)
	if errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("there is no plan for this account yet: run `nextpipe plan`")
	}
	if err != nil {
		return err
	}
	var missing int
	err = l.DB.Read().QueryRowContext(ctx, `SELECT count(*) FROM plan_op AS p WHERE p.plan_id = ? AND p.action IN ('create', 'update')
		AND NOT EXISTS (SELECT 1 FROM final_item AS f WHERE f.entity = p.entity AND f.final_key = p.final_key)`, l.planID).Scan(&missing)
	if err == nil && missing > 0 {
		return fmt.Errorf("%w: %d planned records are no longer among the final ones; run `nextpipe plan` again", warehouse.ErrDrift, missing)
	}
	return err
}

// highest is the highest id of an entity that we know of. Every create that we
// send from now on gets a higher one, so a look-up need not go back further.
func (l *loader) highest(ctx context.Context, entity string) (string, error) {
	var id sql.NullString
	err := l.DB.Read().QueryRowContext(ctx, `SELECT max(CAST(pipedrive_id AS INTEGER)) FROM (
		SELECT pipedrive_id FROM dest_record WHERE target_id = ?1 AND entity = ?2
		UNION ALL SELECT pipedrive_id FROM link WHERE target_id = ?1 AND entity = ?2
		UNION ALL SELECT pipedrive_id FROM load_op WHERE target_id = ?1 AND entity = ?2 AND pipedrive_id IS NOT NULL)`, l.ID, entity).Scan(&id)
	if err != nil || !id.Valid {
		return "0", err
	}
	return id.String, nil
}

// phase sends one entity. Rounds repeat as long as operations are left that
// certainly did not happen, so that a phase ends with nothing in doubt.
func (l *loader) phase(ctx context.Context, entity string) error {
	if _, err := l.j.LookOnce(ctx, entity); err != nil {
		return err
	}
	for range attempts {
		if _, err := l.round(ctx, entity); err != nil {
			return err
		}
		if err := l.j.SettleAll(ctx, entity); err != nil {
			return err
		}
		// What was settled as "not there" is pending again, even if nothing was sent in this round.
		left, err := l.pendingCount(ctx, entity)
		if err != nil {
			return err
		}
		if left == 0 {
			break
		}
	}
	if err := l.giveUp(ctx, entity); err != nil {
		return err
	}
	return l.census(ctx, entity)
}

// pageRows is how many records a list page holds.
const pageRows = 500

// lookEvery is after how many sendings open doubts are looked up: while they
// are among the newest records, one list page answers for all of them.
const lookEvery = pageRows - 2*batchSize

// batchSize is how many intents are committed at once. It is what a killed run
// leaves in doubt at most, and enough to keep every worker busy.
const batchSize = 4 * workers

// workers is how many requests are under way at once: with answers of 150 ms
// they fill the greatest burst window there is, 60 requests a second.
const workers = 12

// round sends everything that is pending and returns how many operations it sent.
func (l *loader) round(ctx context.Context, entity string) (sent int64, err error) {
	total, err := l.pendingCount(ctx, entity)
	if err != nil {
		return 0, err
	}
	doubtfulFor := int64(0) // sendings since something came into doubt
	for lastSeq := int64(0); ; {
		batch, err := l.pending(ctx, entity, lastSeq)
		if err != nil || len(batch) == 0 {
			return sent, err
		}
		lastSeq = batch[len(batch)-1].seq
		doubt, err := l.sendBatch(ctx, batch)
		if err != nil {
			return sent, err
		}
		sent += int64(len(batch))
		if doubt || doubtfulFor > 0 {
			doubtfulFor += int64(len(batch))
		}
		if doubtfulFor >= lookEvery {
			open, err := l.j.LookOnce(ctx, entity)
			if err != nil {
				return sent, err
			}
			doubtfulFor = min(1, int64(len(open)))
		}
		l.Report("load", entity, sent, total)
	}
}

// giveUp quarantines what used up its attempts without a clear answer.
func (l *loader) giveUp(ctx context.Context, entity string) error {
	return l.DB.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec(`UPDATE load_op SET state = 'quarantined', message = coalesce(message || '; ', '') || 'no clear answer in any attempt',
				hint = 'run again later; nextpipe trace shows every attempt'
			WHERE op_id IN (SELECT max(o.op_id) FROM load_op AS o WHERE o.target_id = ?1 AND o.entity = ?2 AND o.purpose = 'load' AND o.op_id > ?3
				GROUP BY o.final_key HAVING sum(o.state = 'not_sent') >= ?4 AND max(o.op_id) = max(CASE WHEN o.state = 'not_sent' THEN o.op_id END))`,
			l.ID, entity, l.after, attempts)
		return err
	})
}

func (l *loader) result(ctx context.Context) (stage.Result, error) {
	var res stage.Result
	rows, err := l.DB.Read().QueryContext(ctx, `SELECT state, count(*) FROM load_op WHERE target_id = ? AND run_id = ? AND purpose = 'load' GROUP BY state`, l.ID, l.RunID)
	if err != nil {
		return res, err
	}
	defer rows.Close()
	for rows.Next() {
		var state string
		var n int64
		if err := rows.Scan(&state, &n); err != nil {
			return res, err
		}
		res.Add(state, n)
		res.Rows += n
		if state != "done" && state != "not_sent" {
			res.Left += n
		}
	}
	for _, c := range l.left {
		res.Counts = append(res.Counts, c)
		res.Left += c.N
	}
	tokens, requests := l.Meter.Tokens()
	res.Add("requests", requests)
	res.Add("tokens", tokens)
	return res, rows.Err()
}

// capped tells that the plan's limit for an entity is reached.
func capped(err error) bool {
	var e *pipedrive.Error
	return errors.As(err, &e) && e.Kind == pipedrive.Capped
}
