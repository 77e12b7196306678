// Package load sends the planned operations and settles what is in doubt.
//
//	reads   plan plan_op final_* bind link load_op dest_record seen_record
//	does    parents before children: binds symbols, sends through the journal, looks up what is in doubt
//	writes  load_floor (and, through the journal, load_op link before_image http_log budget)
//
// The same command continues after any end: what is linked is done, what is in
// doubt is looked up first, what was refused waits for a correction.
package load

import (
	"context"
	"errors"
	"fmt"
	"math"

	"nextpipe/stages/internal/bind"
	"nextpipe/stages/internal/entity"
	"nextpipe/stages/internal/journal"
	"nextpipe/stages/internal/pipedrive"
	"nextpipe/stages/internal/stage"
	"nextpipe/stages/internal/target"
	"nextpipe/stages/internal/words"
)

// Errors that decide an exit code.
var (
	// ErrGate means that a person has to allow this first.
	ErrGate = errors.New("gate is closed")
	// ErrUnfinished means that the account keeps failing: nothing is lost, and
	// running again goes on.
	ErrUnfinished = errors.New("no clear answers from Pipedrive")
)

// attempts bounds how often one operation is sent in one run, when each time
// it certainly did not happen.
const attempts = 3

// anyAttempts counts what is pending however often it was tried.
const anyAttempts = math.MaxInt

// loader loads into one account.
type loader struct {
	*target.Session
	j      *journal.Journal
	binder *bind.Binder
	planID int64
	after  int64 // newest operation when the plan was made
	hiID   map[string]string
	left   []stage.Count   // entities that the account's plan holds no more of
	unsent int64           // operations that used up their attempts in this run
	work   map[string]bool // kinds of which the plan sends or takes away anything

	full map[string]string // parents with no more room for a kind, and what the account said
	book *words.Book       // names for what is in conflict; nil until something is
}

// Run carries out the current plan of the account.
func Run(ctx context.Context, s *target.Session, override string) (stage.Result, error) {
	var res stage.Result
	l := newLoader(s)
	if err := l.prepare(ctx, override); err != nil {
		return res, fmt.Errorf("load: %w", err)
	}
	for _, e := range entity.All {
		if e.Under == "" { // all of them before the first write
			if err := l.approach(ctx, e); err != nil {
				return res, fmt.Errorf("load: %w", err)
			}
		}
	}
	for _, name := range entity.Names() {
		err := l.phase(ctx, name)
		if capped(err) {
			// The plan holds no more of these; the others may still go on.
			err = l.countLeft(ctx, name)
		}
		if err != nil {
			return res, errors.Join(fmt.Errorf("load %s: %w", name, err), s.Meter.Flush(ctx))
		}
	}
	if err := l.finish(ctx); err != nil {
		return res, fmt.Errorf("load: %w", err)
	}
	res, err := l.result(ctx)
	if err == nil && l.unsent > 0 {
		err = fmt.Errorf("load: %w: %d operations were tried %d times and surely did not happen; run again later", ErrUnfinished, l.unsent, attempts)
	}
	return res, err
}

// finish does what has to wait until everything is sent: whole records that
// NextCRM no longer has go, children first, and values that lines moved are
// looked at.
func (l *loader) finish(ctx context.Context) error {
	for _, e := range entity.Reversed() {
		if e.Under == "" {
			if err := l.takeAway(ctx, e, everything); err != nil {
				return fmt.Errorf("take away %s: %w", e.Plural(), err)
			}
		}
	}
	if err := l.renewValues(ctx); err != nil {
		return fmt.Errorf("read deal values: %w", err)
	}
	if err := l.DB.Write(ctx, l.j.CloseConflicts); err != nil {
		return err
	}
	return l.Meter.Flush(ctx)
}

func newLoader(s *target.Session) *loader {
	l := &loader{Session: s, j: s.Journal("load"), hiID: map[string]string{}, full: map[string]string{}}
	l.j.Look, l.j.Done = l.look, l.done
	return l
}

// Settle finishes what a load that died has left in doubt and sends nothing.
// It needs no plan and no open gate: a rollback begins with it.
func Settle(ctx context.Context, s *target.Session) error {
	l := newLoader(s)
	b, err := bind.New(ctx, s)
	if err != nil {
		return fmt.Errorf("settle the load: %w", err)
	}
	l.binder = b
	if err := l.j.Adopt(ctx); err != nil {
		return fmt.Errorf("settle the load: %w", err)
	}
	for _, name := range entity.Names() {
		if err := l.j.SettleAll(ctx, name); err != nil {
			return fmt.Errorf("settle the load of %ss: %w", name, err)
		}
	}
	return nil
}

// countLeft notes how many records of an entity a capped account leaves unsent.
func (l *loader) countLeft(ctx context.Context, entity string) error {
	n, err := l.pendingCount(ctx, entity, anyAttempts)
	l.left = append(l.left, stage.Count{Name: entity + "s over the account's limit", N: n})
	return err
}

// phase sends one entity. Rounds repeat as long as operations are left that
// certainly did not happen, so that a phase ends with nothing in doubt.
func (l *loader) phase(ctx context.Context, name string) error {
	if err := l.reopen(ctx, name); err != nil {
		return err
	}
	if _, err := l.j.LookOnce(ctx, name); err != nil {
		return err
	}
	if err := l.makeRoom(ctx, name); err != nil {
		return err
	}
	left := int64(1) // what is in doubt may be pending again
	for try := 0; try < attempts && left > 0; try++ {
		if err := l.round(ctx, name); err != nil {
			return err
		}
		if err := l.j.SettleAll(ctx, name); err != nil {
			return err
		}
		// What was settled as "not there" is pending again, even if nothing was sent in this round.
		var err error
		if left, err = l.pendingCount(ctx, name, attempts); err != nil {
			return err
		}
	}
	unsent, err := l.pendingCount(ctx, name, anyAttempts)
	l.unsent += unsent
	return errors.Join(err, l.census(ctx, name))
}

// makeRoom takes away what has to go before something is sent: what hangs inside
// others, since it counts for them, and what is made anew.
func (l *loader) makeRoom(ctx context.Context, name string) error {
	e, _ := entity.Of(name)
	if e.Under == "" {
		return l.takeAway(ctx, e, toBeMadeAnew)
	}
	if err := l.takeAway(ctx, e, everything); err != nil {
		return err
	}
	return l.approach(ctx, e)
}

// approach looks at what the account holds of a kind before the first is sent.
func (l *loader) approach(ctx context.Context, e entity.Entity) error {
	left, err := l.pendingCount(ctx, e.Name, attempts)
	if err != nil || left == 0 {
		return err
	}
	known, err := l.knowHighest(ctx, e)
	if err != nil || !known {
		return err // the first load: plan has seen that none of ours is there
	}
	return l.refuseAhead(ctx, e)
}

// result counts what became of this run's operations. Left are all records of
// the plan that the account does not hold as it should, whichever run met them.
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
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return res, err
	}
	res.Counts = append(res.Counts, l.left...)
	tokens, requests := l.Meter.Tokens()
	res.Add("requests", requests)
	res.Add("tokens", tokens)
	err = l.DB.Read().QueryRowContext(ctx, `SELECT count(*) FROM plan_op AS p WHERE p.plan_id = ? AND p.action IN ('create', 'update', 'blocked')
		AND NOT EXISTS (SELECT 1 FROM link AS l JOIN final_item AS f ON f.entity = l.entity AND f.final_key = l.final_key
			WHERE l.target_id = ? AND l.entity = p.entity AND l.final_key = p.final_key AND l.part = '' AND l.state = 'live'
			AND l.symbolic = f.payload)`, l.planID, l.ID).Scan(&res.Left)
	return res, err
}

// capped tells that the account as a whole takes no more of an entity.
func capped(err error) bool {
	var e *pipedrive.Error
	return errors.As(err, &e) && e.Kind == pipedrive.Capped
}
