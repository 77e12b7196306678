package doctor

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"nextpipe/stages/internal/journal"
	"nextpipe/stages/internal/pipedrive"
)

// States of a row of doctor_probe.
const (
	intent  = "intent"
	made    = "made"
	refused = "refused"
	absent  = "absent"
	removed = "removed"
)

// row is one row of doctor_probe.
type row struct {
	probeID         int64
	entity, marker  string
	hiID, state, id string
	sent            map[string]string
}

// newMarker is in no other record, whichever warehouse probes the account.
func newMarker() string { return "nextpipe probe, may be deleted " + rand.Text() }

func (p *prober) intend(ctx context.Context, r *row) error {
	sent, err := json.Marshal(r.sent)
	if err != nil {
		return err
	}
	r.state = intent
	return p.DB.Write(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, "INSERT INTO doctor_probe (target_id, run_id, entity, marker, hi_id, state, sent, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
			p.ID, p.RunID, r.entity, r.marker, r.hiID, r.state, string(sent), p.DB.Now())
		if err != nil {
			return fmt.Errorf("note probe: %w", err)
		}
		r.probeID, err = res.LastInsertId()
		return err
	})
}

// made keeps the id at once, then what the account holds of the stamps.
func (p *prober) made(ctx context.Context, r *row) error {
	r.state = made
	if err := p.update(ctx, "state = ?2, pipedrive_id = ?3", r.probeID, r.state, r.id); err != nil {
		return err
	}
	rec, err := p.Client.Get(ctx, r.entity, r.id)
	if err != nil {
		return err
	}
	have, err := journal.Decode(rec.Data)
	if err != nil {
		return fmt.Errorf("read %s %s: %w", r.entity, r.id, err)
	}
	seen := map[string]any{}
	for stamp := range r.sent {
		seen[stamp] = have[stamp]
	}
	data, err := json.Marshal(seen)
	if err != nil {
		return err
	}
	return p.update(ctx, "seen = ?2", r.probeID, string(data))
}

func (p *prober) end(ctx context.Context, r *row, state, message string) error {
	r.state = state
	return p.update(context.WithoutCancel(ctx), "state = ?2, message = nullif(?3, ''), ended_at = ?4", r.probeID, state, message, p.DB.Now())
}

func (p *prober) update(ctx context.Context, set string, args ...any) error {
	return p.DB.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE doctor_probe SET "+set+" WHERE probe_id = ?1", args...)
		return err
	})
}

// highest is the newest id of a kind, "" when its ids have no order.
func (p *prober) highest(ctx context.Context, entity string) (string, error) {
	q := pipedrive.NewestFirst(entity)
	if q == nil {
		return "", nil
	}
	q.Set("limit", "1")
	page, _, err := p.Client.Page(ctx, entity, q, "")
	if err != nil || len(page) == 0 {
		return "0", err
	}
	return page[0].ID, nil
}

// settle looks for a record whose answer was lost. Not there counts only when a
// second look, after every delayed request has come through, says the same.
func (p *prober) settle(ctx context.Context, r *row) error {
	there, err := p.find(ctx, r)
	if err == nil && !there {
		if err = p.j.Wait(ctx, p.j.Settle); err == nil {
			there, err = p.find(ctx, r)
		}
	}
	switch {
	case err != nil:
		return err
	case there:
		return p.made(ctx, r)
	default:
		return p.end(ctx, r, absent, "")
	}
}

// find looks among the records that are newer than the sending.
func (p *prober) find(ctx context.Context, r *row) (bool, error) {
	floor, _ := strconv.ParseInt(r.hiID, 10, 64) // "" is below all
	for rec, err := range p.Client.All(ctx, r.entity, pipedrive.NewestFirst(r.entity)) {
		if err != nil {
			return false, err
		}
		if bytes.Contains(rec.Data, []byte(r.marker)) && !journal.IsDeleted(rec.Data) {
			r.id = rec.ID
			return true, nil
		}
		if id, err := strconv.ParseInt(rec.ID, 10, 64); err == nil && r.hiID != "" && id <= floor {
			return false, nil
		}
	}
	return false, nil
}

// clean removes every record of a probe that is in the account, also those
// that a killed one never came to know of.
func (p *prober) clean(ctx context.Context) error {
	lost, err := p.rows(ctx, "'intent', 'absent'")
	if err != nil {
		return err
	}
	for _, r := range lost {
		if err := p.resolve(ctx, r); err != nil {
			return err
		}
	}
	left, err := p.rows(ctx, "'made'")
	if err != nil {
		return err
	}
	for _, r := range left {
		if err := p.remove(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

// resolve settles an intent; what was given up on may still have come late.
func (p *prober) resolve(ctx context.Context, r *row) error {
	if r.state == intent {
		return p.settle(ctx, r)
	}
	there, err := p.find(ctx, r)
	if err != nil || !there {
		return err
	}
	return p.made(ctx, r)
}

// removals bounds how often a record is deleted when it stays all the same.
const removals = 3

// remove deletes a record until the account says that it is gone: an answer to
// the deletion alone may be lost.
func (p *prober) remove(ctx context.Context, r *row) error {
	var last error
	for range removals {
		last = p.Client.Delete(ctx, r.entity, r.id)
		var no *pipedrive.Error
		if last != nil && !errors.Is(last, pipedrive.ErrUnknownOutcome) && !(errors.As(last, &no) && no.Kind == pipedrive.Refused) {
			return last
		}
		rec, err := p.Client.Get(ctx, r.entity, r.id)
		if errors.As(err, &no) && no.NotFound() || err == nil && journal.IsDeleted(rec.Data) {
			return p.end(ctx, r, removed, "")
		}
		if err != nil {
			return err
		}
	}
	return errors.Join(fmt.Errorf("%s is still there", p.URL(r.entity, r.id)), last)
}

// rows are those of the account in some states, what hangs on others first.
func (p *prober) rows(ctx context.Context, states string) (out []*row, err error) {
	err = each(ctx, p.Session, func(rows *sql.Rows) error {
		r, sent := &row{}, ""
		if err := rows.Scan(&r.probeID, &r.entity, &r.marker, &r.hiID, &r.state, &r.id, &sent); err != nil {
			return err
		}
		out = append(out, r)
		return json.Unmarshal([]byte(sent), &r.sent)
	}, "SELECT probe_id, entity, marker, hi_id, state, coalesce(pipedrive_id, ''), sent FROM doctor_probe WHERE target_id = ? AND state IN ("+states+") ORDER BY probe_id DESC", p.ID)
	return out, err
}
