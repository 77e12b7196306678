package journal

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"nextpipe/stages/internal/pipedrive"
)

// Look searches the account for operations in doubt, by list pages and never
// by search, whose index lags behind. It returns the records of those that were
// carried out, by operation id. What it cannot judge it quarantines.
type Look func(ctx context.Context, ops []*Op) (found map[int64]pipedrive.Record, err error)

// sameFailures is how often a 500 without a trace in the account makes a
// record's failure permanent: some malformed values give 500 instead of 400.
// 502, 503 and 504 tell of an outage, never of the record.
const sameFailures = 2

// Adopt turns intents of a run that died into operations in doubt. It is called
// once, when this run holds the lock, before anything is sent.
func (j *Journal) Adopt(ctx context.Context) error {
	return j.DB.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec("UPDATE load_op SET state = 'in_doubt' WHERE target_id = ? AND purpose = ? AND state = 'intent'",
			j.TargetID, j.Purpose)
		return err
	})
}

// LookOnce takes one look at what is in doubt for an entity and finishes what
// it finds. It returns what stays open.
func (j *Journal) LookOnce(ctx context.Context, entity string) ([]*Op, error) {
	ops, err := j.inDoubt(ctx, entity)
	if err != nil || len(ops) == 0 {
		return nil, err
	}
	began := j.Steady()
	found, err := j.Look(ctx, ops)
	if err != nil {
		return nil, fmt.Errorf("look up %s operations in doubt: %w", entity, err)
	}
	var open []*Op
	for _, op := range ops {
		if rec, ok := found[op.ID]; ok {
			err = j.Finish(context.WithoutCancel(ctx), op, rec)
		} else if op.State == "in_doubt" {
			err = j.missed(context.WithoutCancel(ctx), op, began)
		}
		if err != nil {
			return nil, err
		}
		if op.State == "in_doubt" {
			open = append(open, op)
		}
	}
	return open, nil
}

// SettleAll looks until nothing of the entity is in doubt: found, or not there
// in two look-ups at least Settle apart.
func (j *Journal) SettleAll(ctx context.Context, entity string) error {
	for {
		open, err := j.LookOnce(ctx, entity)
		if err != nil || len(open) == 0 {
			return err
		}
		due := j.missedAt[open[0].ID]
		for _, op := range open {
			if at := j.missedAt[op.ID]; at.After(due) {
				due = at
			}
		}
		if err := j.Wait(ctx, max(due.Add(j.Settle).Sub(j.Steady()), time.Millisecond)); err != nil {
			return err
		}
	}
}

// missed notes a look that did not find op. The first one of this process
// starts the clock when it is over; one that begins Settle later decides.
// Looks of earlier processes do not count: between them the clock of the
// machine may have been set, and only inside one process is there a steady one.
func (j *Journal) missed(ctx context.Context, op *Op, began time.Time) error {
	op.Looks++
	first, again := j.missedAt[op.ID]
	if !again {
		if j.missedAt == nil {
			j.missedAt = map[int64]time.Time{}
		}
		op.LookedAt = j.Now()
		j.missedAt[op.ID] = j.Steady()
	}
	if !again || began.Sub(first) < j.Settle {
		return j.setState(ctx, op, "in_doubt", "")
	}
	failures, err := j.failures(ctx, op)
	if err != nil {
		return err
	}
	if op.Status == http.StatusInternalServerError && failures >= sameFailures {
		return j.setState(ctx, op, "refused", "the account failed on this record each time; look for an unusual value in it")
	}
	return j.setState(ctx, op, "not_sent", "")
}

// failures counts the attempts at this record that ended with the same status.
func (j *Journal) failures(ctx context.Context, op *Op) (n int, err error) {
	err = j.DB.Read().QueryRowContext(ctx, `SELECT count(*) FROM load_op WHERE target_id = ? AND entity = ? AND final_key = ?
		AND verb = ? AND status = ? AND state IN ('in_doubt', 'not_sent')`,
		j.TargetID, op.Entity, op.FinalKey, op.Verb, op.Status).Scan(&n)
	return n, err
}

func (j *Journal) inDoubt(ctx context.Context, entity string) ([]*Op, error) {
	rows, err := j.DB.Read().QueryContext(ctx, `SELECT op_id, entity, final_key, verb, state, attempt, coalesce(marker, ''),
			coalesce(pipedrive_id, ''), coalesce(hi_id, ''), symbolic, body, coalesce(status, 0), coalesce(error_code, ''),
			coalesce(message, ''), looks, coalesce(looked_at, '')
		FROM load_op WHERE target_id = ? AND purpose = ? AND entity = ? AND state = 'in_doubt'
			AND state IN ('intent', 'in_doubt') -- lets SQLite use the index of what is open
		ORDER BY op_id`,
		j.TargetID, j.Purpose, entity)
	if err != nil {
		return nil, fmt.Errorf("read operations in doubt: %w", err)
	}
	defer rows.Close()
	var ops []*Op
	for rows.Next() {
		op, looked := &Op{}, ""
		if err := rows.Scan(&op.ID, &op.Entity, &op.FinalKey, &op.Verb, &op.State, &op.Attempt, &op.Marker, &op.PipedriveID,
			&op.HiID, &op.Symbolic, &op.Body, &op.Status, &op.Code, &op.Message, &op.Looks, &looked); err != nil {
			return nil, fmt.Errorf("read operations in doubt: %w", err)
		}
		op.LookedAt, _ = time.Parse(time.RFC3339Nano, looked)
		ops = append(ops, op)
	}
	return ops, rows.Err()
}

// decide is what a person does about a quarantined operation.
const decide = "look for the record in Pipedrive; when it is not there, or you have deleted it: " +
	"UPDATE load_op SET state = 'not_sent', resolved_by = 'YOUR NAME' WHERE op_id = "

// Quarantine gives up on an operation whose outcome cannot be told by looking:
// it is never sent again before a person has decided.
func (j *Journal) Quarantine(ctx context.Context, op *Op, why string) error {
	op.Message = why
	return j.setState(ctx, op, "quarantined", fmt.Sprint(decide, op.ID))
}

// LookByID settles updates and deletes: the record itself tells whether it
// holds the values that were sent, or is gone.
func (j *Journal) LookByID(ctx context.Context, op *Op) (pipedrive.Record, bool, error) {
	if field, ok := strings.CutSuffix(op.Entity, "_option"); ok {
		return j.lookOptionsGone(ctx, field+"_field", op)
	}
	rec, err := j.Client.Get(ctx, op.Entity, op.PipedriveID)
	var refused *pipedrive.Error
	missing := errors.As(err, &refused) && refused.NotFound()
	switch {
	case op.Verb == Delete && missing:
		return pipedrive.Record{ID: op.PipedriveID}, true, nil
	case err != nil && !missing:
		return pipedrive.Record{}, false, err
	case missing:
		return pipedrive.Record{}, false, nil
	case op.Verb == Delete:
		return pipedrive.Record{ID: op.PipedriveID}, IsDeleted(rec.Data), nil
	}
	holds, err := Holds(rec.Data, op.Body)
	return rec, holds, err
}

// lookOptionsGone settles the removal of options: the field tells whether any
// of them is left.
func (j *Journal) lookOptionsGone(ctx context.Context, fieldEntity string, op *Op) (pipedrive.Record, bool, error) {
	gone := pipedrive.Record{ID: op.PipedriveID}
	rec, err := j.Client.Get(ctx, fieldEntity, op.PipedriveID)
	var refused *pipedrive.Error
	if errors.As(err, &refused) && refused.NotFound() {
		return gone, true, nil
	}
	if err != nil {
		return gone, false, err
	}
	var field struct {
		Options []struct {
			ID json.RawMessage `json:"id"`
		} `json:"options"`
	}
	var ids []string
	if err := errors.Join(json.Unmarshal(rec.Data, &field), json.Unmarshal(op.Body, &ids)); err != nil {
		return gone, false, err
	}
	for _, o := range field.Options {
		if slices.Contains(ids, strings.Trim(string(o.ID), `"`)) {
			return gone, false, nil
		}
	}
	return gone, true, nil
}
