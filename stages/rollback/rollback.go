// Package rollback takes back what we did to one account.
//
//	reads   load_op link before_image provisioned bind; Pipedrive: every record, by list pages
//	does    deletes what we created, restores what we changed, removes what we provisioned, or a part of it; keeps what people touched and what the rest stands on
//	writes  kept_record, provisioned.removed_at, bind, target.structure_at, conflict.resolved_at (and, through the journal, load_op link before_image)
//
// It can be interrupted and run again at any time: what is gone is skipped.
package rollback

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"nextpipe/stages/internal/entity"
	"nextpipe/stages/internal/journal"
	"nextpipe/stages/internal/pipedrive"
	"nextpipe/stages/internal/stage"
	"nextpipe/stages/internal/target"
)

// undoer takes back one account. What it holds in memory is what stays there.
type undoer struct {
	*target.Session
	j      *journal.Journal
	part   Part
	dryRun bool
	kept   map[string]bool              // "entity id" of what stays on purpose
	refers map[string]string            // "entity id" → a record that stays and refers to it
	noted  map[string]bool              // kinds whose references are in refers
	passed map[string]bool              // kinds that have been taken back
	links  map[string]map[string]string // kind → code of a custom field → kind that it names
	deals  *deals                       // nil until they are read
	lined  map[string]bool              // deals that have or had lines of ours; nil until they are read
	tokens int64                        // dry run: what the writes would cost
	res    stage.Result
}

// Run rolls everything back that the journal knows of this account, or a part. With
// dryRun it reads what a rollback reads, other than what has to be asked record
// by record, and writes nothing to the account; the result says what would
// happen to how many records and what it would cost.
func Run(ctx context.Context, s *target.Session, part Part, dryRun bool) (stage.Result, error) {
	u := &undoer{Session: s, j: s.Journal("rollback"), part: part, dryRun: dryRun, kept: map[string]bool{}, refers: map[string]string{}, noted: map[string]bool{},
		passed: map[string]bool{}, links: map[string]map[string]string{}}
	u.j.Look, u.j.Done = u.look, u.done
	if err := u.check(ctx); err != nil {
		return u.res, fmt.Errorf("rollback: %w", err)
	}
	if err := u.prepare(ctx); err != nil {
		return u.res, fmt.Errorf("rollback: %w", err)
	}
	if err := u.noteDiscounts(ctx); err != nil {
		return u.res, fmt.Errorf("rollback: look for discounts of others: %w", err)
	}
	for _, e := range entity.Reversed() {
		if err := u.phase(ctx, e); err != nil {
			return u.res, fmt.Errorf("rollback %s: %w", e.Plural(), err)
		}
		u.passed[e.Name] = true
	}
	if err := u.mendValues(ctx); err != nil {
		return u.res, fmt.Errorf("rollback: give deals their value back: %w", err)
	}
	if err := u.noteDeleted(ctx); err != nil {
		return u.res, fmt.Errorf("rollback: %w", err)
	}
	if dryRun {
		return u.res, u.price(ctx)
	}
	if err := u.structure(ctx); err != nil {
		return u.res, fmt.Errorf("rollback of fields, stages and pipelines: %w", err)
	}
	if err := s.DB.Write(ctx, u.j.CloseConflicts); err != nil { // about records that are gone now
		return u.res, fmt.Errorf("rollback: %w", err)
	}
	return u.res, s.Meter.Flush(ctx)
}

// prepare settles what an earlier rollback left open.
func (u *undoer) prepare(ctx context.Context) error {
	if err := u.refuseOpen(ctx); err != nil || u.dryRun {
		return err
	}
	if err := u.j.Adopt(ctx); err != nil {
		return err
	}
	for _, name := range slices.Concat(entity.Names(), journal.Structure) {
		if err := u.j.SettleAll(ctx, name); err != nil {
			return err
		}
	}
	return u.DB.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec("DELETE FROM kept_record WHERE target_id = ?", u.ID)
		return err
	})
}

// refuseOpen stops while a load has operations in doubt: what they created is
// not known yet and would stay behind.
func (u *undoer) refuseOpen(ctx context.Context) error {
	var n int
	err := u.DB.Read().QueryRowContext(ctx, `SELECT count(*) FROM load_op WHERE target_id = ? AND purpose IN ('load', 'provision')
		AND state IN ('intent', 'in_doubt')`, u.ID).Scan(&n)
	if err == nil && n > 0 {
		return fmt.Errorf("%d operations of a load or provision that died are still in doubt: `nextpipe rollback` settles them first, a dry run does not", n)
	}
	return err
}

func (u *undoer) keep(ctx context.Context, kind, finalKey, id, why string) error {
	u.res.Left++
	u.kept[kind+" "+id] = true
	return u.list(ctx, kind, finalKey, id, why)
}

// list notes for people that a record is still there after the rollback.
func (u *undoer) list(ctx context.Context, kind, finalKey, id, why string) error {
	if u.dryRun {
		return nil
	}
	return u.DB.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec("INSERT OR REPLACE INTO kept_record VALUES (?, ?, ?, ?, ?, ?)", u.ID, kind, id, finalKey, why, u.DB.Now())
		return err
	})
}

// done writes what the end of something means, once it is certain: no link, no
// binding, or a restored image.
func (u *undoer) done(tx *sql.Tx, op *journal.Op, _ pipedrive.Record) error {
	if len(op.Symbolic) > 0 {
		return u.stepBack(tx, op)
	}
	if op.Verb == journal.Update {
		if _, err := tx.Exec("UPDATE before_image SET restored_at = ? WHERE target_id = ? AND entity = ? AND pipedrive_id = ? AND restored_at IS NULL",
			u.DB.Now(), u.ID, op.Entity, op.PipedriveID); err != nil {
			return err
		}
	}
	if _, isRecord := entity.Of(op.Entity); isRecord {
		return u.j.DropLink(tx, op.Entity, op.FinalKey, "removed")
	}
	kind, symbol, _ := strings.Cut(op.FinalKey, " ")
	return u.unbind(tx, kind, symbol)
}

// unbind forgets the ids of something removed, and those of a field's options
// along with it: the next run has to make them again.
func (u *undoer) unbind(tx *sql.Tx, kind, symbol string) error {
	if _, err := tx.Exec("UPDATE provisioned SET removed_at = ? WHERE target_id = ? AND kind = ? AND symbol = ?", u.DB.Now(), u.ID, kind, symbol); err != nil {
		return err
	}
	if _, err := tx.Exec("UPDATE target SET structure_at = NULL WHERE target_id = ?", u.ID); err != nil {
		return err
	}
	_, err := tx.Exec(`DELETE FROM bind WHERE target_id = ?1 AND (kind = ?2 AND symbol = ?3
		OR ?2 = 'field' AND kind = 'option' AND substr(symbol, 1, length(?3) + 1) = ?3 || ':')`, u.ID, kind, symbol)
	return err
}

func (u *undoer) look(ctx context.Context, ops []*journal.Op) (map[int64]pipedrive.Record, error) {
	found := map[int64]pipedrive.Record{}
	for _, op := range ops {
		rec, ok, err := u.j.LookByID(ctx, op)
		if err != nil {
			return nil, err
		}
		if ok {
			found[op.ID] = rec
		}
	}
	return found, nil
}
