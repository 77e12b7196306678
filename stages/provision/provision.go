// Package provision makes the account ready for the records.
//
//	reads   final_pipeline final_stage final_field final_option final_label final_board final_phase, owners of final_*, dest_*, map_setting, bind
//	does    finds pipelines, stages, fields, options, labels, boards and users by name; creates what is missing, once
//	writes  bind provisioned (and, through the journal, load_op)
package provision

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"nextpipe/stages/internal/journal"
	"nextpipe/stages/internal/pipedrive"
	"nextpipe/stages/internal/stage"
	"nextpipe/stages/internal/target"
	"nextpipe/stages/internal/warehouse"
)

// Kinds of bindings.
const (
	kindField    = "field"
	kindOption   = "option"
	kindLabel    = "label"
	kindPipeline = "pipeline"
	kindStage    = "stage"
	kindUser     = "user"

	kindActivityType = "activity_type"
	kindPriority     = "priority"
	kindFilterField  = "filter_field"
	kindBoard        = "board"
	kindPhase        = "phase"
)

// maker provisions one account.
type maker struct {
	*target.Session
	j      *journal.Journal
	capped int64 // things that the account had no room for
	res    stage.Result
}

// Run binds every symbol that final records use to an id of the account.
// What exists under the same name is used as it is; the rest is created.
func Run(ctx context.Context, s *target.Session) (stage.Result, error) {
	m := newMaker(s)
	if err := m.refuse(ctx); err != nil {
		return m.res, fmt.Errorf("provision: %w", err)
	}
	steps := []func(context.Context) error{m.settleOld, m.retryCapped, m.users, m.pipelines, m.stages, m.fields, m.options, m.labels,
		m.leadLabels, m.activityTypes, m.priorities, m.filterFields, m.boards}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return m.res, fmt.Errorf("provision: %w", err)
		}
	}
	if m.capped > 0 {
		m.res.Add("things over the account's limits", m.capped)
	}
	return m.res, s.Meter.Flush(ctx)
}

func newMaker(s *target.Session) *maker {
	m := &maker{Session: s, j: s.Journal("provision")}
	m.j.Look, m.j.Done = m.look, m.done
	return m
}

// Settle finishes what a provision that died has left in doubt and makes
// nothing new: a rollback begins with it.
func Settle(ctx context.Context, s *target.Session) error {
	if err := newMaker(s).settleOld(ctx); err != nil {
		return fmt.Errorf("settle what was provisioned: %w", err)
	}
	return nil
}

// refuse stops while the account's structure is not known as it is now.
func (m *maker) refuse(ctx context.Context) error {
	var known bool
	var open int
	err := m.DB.Read().QueryRowContext(ctx, `SELECT structure_at IS NOT NULL, (SELECT count(*) FROM load_op AS o
			WHERE o.target_id = t.target_id AND o.purpose = 'rollback' AND o.state IN ('intent', 'in_doubt'))
		FROM target AS t WHERE target_id = ?`, m.ID).Scan(&known, &open)
	switch {
	case err != nil:
		return err
	case open > 0:
		return fmt.Errorf("%w: a rollback was interrupted and %d of its operations are in doubt; run `nextpipe rollback` first, it settles them", warehouse.ErrDrift, open)
	case !known:
		return stage.Input(fmt.Errorf("what %s looks like is not known, or not since its rollback: run `nextpipe scope` first", m.Me.CompanyDomain))
	}
	return nil
}

// settleOld finishes what a run that died has left open.
func (m *maker) settleOld(ctx context.Context) error {
	if err := m.j.Adopt(ctx); err != nil {
		return err
	}
	for _, entity := range journal.Structure {
		if err := m.j.SettleAll(ctx, entity); err != nil {
			return err
		}
	}
	return nil
}

// create sends one operation and repeats it while it certainly has not happened.
// What is refused stops the run: records would lack it. What the account has no
// room for is left out, and records that need it wait.
func (m *maker) create(ctx context.Context, op *journal.Op) error {
	const attempts = 3
	for range attempts {
		op.Verb = journal.Create
		if err := m.j.Send(ctx, op); err != nil {
			return fmt.Errorf("create %s %s: %w", op.Entity, op.FinalKey, err)
		}
		if op.State == "blocked" {
			return m.noRoom(ctx, op)
		}
		if op.State == "in_doubt" {
			if err := m.j.SettleAll(ctx, op.Entity); err != nil {
				return err
			}
			bound, err := m.succeeded(ctx, op.ID)
			if err != nil || bound {
				return err
			}
			continue
		}
		if op.State == "done" {
			return nil
		}
		return fmt.Errorf("create %s %s: refused by Pipedrive: %s", op.Entity, op.FinalKey, op.Message)
	}
	return fmt.Errorf("create %s %s: no clear answer in %d attempts; run again later", op.Entity, op.FinalKey, attempts)
}

func (m *maker) succeeded(ctx context.Context, opID int64) (bool, error) {
	var state string
	err := m.DB.Read().QueryRowContext(ctx, "SELECT state FROM load_op WHERE op_id = ?", opID).Scan(&state)
	return state == "done", err
}

// bind writes one binding outside of an operation: something that exists.
func (m *maker) bind(ctx context.Context, kind, symbol, id, how string) error {
	return m.DB.Write(ctx, func(tx *sql.Tx) error { return m.saveBind(tx, kind, symbol, id, how) })
}

func (m *maker) saveBind(tx *sql.Tx, kind, symbol, id, how string) error {
	_, err := tx.Exec(`INSERT INTO bind VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (target_id, kind, symbol) DO UPDATE SET
		pipedrive_id = excluded.pipedrive_id, how = CASE WHEN pipedrive_id = excluded.pipedrive_id THEN how ELSE excluded.how END,
		bound_at = excluded.bound_at`, m.ID, kind, symbol, id, how, m.DB.Now())
	return err
}

func (m *maker) saveMade(tx *sql.Tx, kind, symbol, id, parent string) error {
	if err := m.saveBind(tx, kind, symbol, id, "created"); err != nil {
		return err
	}
	_, err := tx.Exec(`INSERT INTO provisioned (target_id, kind, symbol, pipedrive_id, parent_id, run_id, made_at)
		VALUES (?, ?, ?, ?, nullif(?, ''), ?, ?) ON CONFLICT (target_id, kind, symbol) DO UPDATE SET pipedrive_id = excluded.pipedrive_id,
		parent_id = excluded.parent_id, run_id = excluded.run_id, made_at = excluded.made_at, removed_at = NULL`,
		m.ID, kind, symbol, id, parent, m.RunID, m.DB.Now())
	return err
}

// done writes the bindings that a finished operation brings.
func (m *maker) done(tx *sql.Tx, op *journal.Op, rec pipedrive.Record) error {
	entity, isOption := strings.CutSuffix(op.Entity, "_option")
	fieldOf, isField := strings.CutSuffix(op.Entity, "_field")
	switch {
	case isOption:
		return m.saveOptions(tx, entity, op, rec)
	case isField:
		return m.saveField(tx, fieldOf, op, rec)
	case op.Entity == "lead_label":
		return m.saveMade(tx, kindLabel, op.FinalKey, rec.ID, "")
	case op.Entity == "activity_type":
		return m.saveType(tx, op, rec)
	case op.Entity == "board":
		return m.saveMade(tx, kindBoard, op.FinalKey, rec.ID, "")
	case op.Entity == "phase":
		return m.saveMade(tx, kindPhase, op.FinalKey, rec.ID, stringAt(op.Body, "board_id"))
	case op.Entity == "stage":
		return m.saveMade(tx, kindStage, op.FinalKey, rec.ID, stringAt(op.Body, "pipeline_id"))
	default:
		return m.saveMade(tx, kindPipeline, op.FinalKey, rec.ID, "")
	}
}
