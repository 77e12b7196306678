package load

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"nextpipe/stages/internal/journal"
	"nextpipe/stages/internal/pipedrive"
)

// planned is one operation of the plan that is not carried out yet.
type planned struct {
	seq              int64
	entity, finalKey string
	action           string
	pipedriveID      string
	marker           string
	payload          []byte // the final payload, symbolic
	change           []byte // update: the keys to send, symbolic
	base             []byte // update: what those keys held when planned
	isLinked         bool
}

// isPending says when an operation of the plan still has to be sent: nothing
// newer than the plan has decided on it, and nothing is open for its record.
// ?1 plan, ?2 target, ?3 entity, ?4 newest operation when the plan was made, ?5 attempts.
const isPending = `p.plan_id = ?1 AND p.entity = ?3 AND p.action IN ('create', 'update')
	AND NOT EXISTS (SELECT 1 FROM load_op AS o WHERE o.target_id = ?2 AND o.entity = ?3 AND o.final_key = p.final_key
		AND (o.state IN ('intent', 'in_doubt') OR o.op_id > ?4 AND o.state <> 'not_sent'))
	AND (SELECT count(*) FROM load_op AS o WHERE o.target_id = ?2 AND o.entity = ?3 AND o.final_key = p.final_key
		AND o.op_id > ?4 AND o.state = 'not_sent') < ?5
	AND NOT EXISTS (SELECT 1 FROM link AS l JOIN final_item AS f ON f.entity = ?3 AND f.final_key = l.final_key
		WHERE l.target_id = ?2 AND l.entity = ?3 AND l.final_key = p.final_key AND l.part = '' AND l.state = 'live'
		AND (p.action = 'create' OR l.symbolic = f.payload))`

func (l *loader) pendingCount(ctx context.Context, entity string) (n int64, err error) {
	err = l.DB.Read().QueryRowContext(ctx, "SELECT count(*) FROM plan_op AS p WHERE "+isPending,
		l.planID, l.ID, entity, l.after, attempts).Scan(&n)
	return n, err
}

// pending reads the next operations behind seq. It is closed before anything is sent.
func (l *loader) pending(ctx context.Context, entity string, seq int64) ([]planned, error) {
	rows, err := l.DB.Read().QueryContext(ctx, `SELECT p.seq, p.entity, p.final_key, p.action, coalesce(p.pipedrive_id, ''), f.marker,
			f.payload, p.body, p.base, EXISTS (SELECT 1 FROM link AS k WHERE k.target_id = ?2 AND k.entity = ?3 AND k.final_key = p.final_key AND k.state = 'live')
		FROM plan_op AS p JOIN final_item AS f ON f.entity = ?3 AND f.final_key = p.final_key
		WHERE `+isPending+` AND p.seq > ?6 ORDER BY p.seq LIMIT ?7`, l.planID, l.ID, entity, l.after, attempts, seq, batchSize)
	if err != nil {
		return nil, fmt.Errorf("read pending operations: %w", err)
	}
	defer rows.Close()
	var out []planned
	for rows.Next() {
		var p planned
		if err := rows.Scan(&p.seq, &p.entity, &p.finalKey, &p.action, &p.pipedriveID, &p.marker, &p.payload, &p.change, &p.base, &p.isLinked); err != nil {
			return nil, fmt.Errorf("read pending operations: %w", err)
		}
		out = append(out, p)
	}
	return out, rows.Err()
}

// sendBatch sends the creates of a batch together and its updates one by one,
// each of which has to be read first. It tells whether anything came into doubt.
func (l *loader) sendBatch(ctx context.Context, batch []planned) (doubt bool, err error) {
	var creates []*journal.Op
	for _, p := range batch {
		op := &journal.Op{Entity: p.entity, FinalKey: p.finalKey, Marker: p.marker, Symbolic: p.payload, HiID: l.hiID[p.entity]}
		if p.action != "create" {
			err = l.update(ctx, op, p)
			doubt = doubt || op.State == "in_doubt"
		} else if err = l.compose(ctx, op, p); op.State == "" {
			creates = append(creates, op)
		}
		if err != nil {
			return doubt, err
		}
	}
	if len(creates) == 0 {
		return doubt, nil
	}
	err = l.j.SendAll(ctx, creates, workers)
	for _, op := range creates {
		doubt = doubt || op.State == "in_doubt"
		if op.State == "done" {
			l.hiID[op.Entity] = higher(l.hiID[op.Entity], op.PipedriveID)
		}
	}
	return doubt, err
}

// compose binds the body of a create; a reference without an id blocks it.
func (l *loader) compose(ctx context.Context, op *journal.Op, p planned) error {
	op.Verb = journal.Create
	body, missing, err := l.binder.bind(ctx, p.payload)
	if err != nil {
		return fmt.Errorf("bind %s: %w", p.finalKey, err)
	}
	if missing != "" {
		return l.j.Block(ctx, op, "unbound_reference", missing)
	}
	op.Body = body
	return nil
}

// update changes a record that exists. It is read first: what somebody changed
// since the plan is never overwritten, and what it held is kept as a before-image.
func (l *loader) update(ctx context.Context, op *journal.Op, p planned) error {
	op.Verb, op.PipedriveID = journal.Update, p.pipedriveID
	change, missing, err := l.binder.bind(ctx, p.change)
	if err != nil {
		return fmt.Errorf("bind %s: %w", p.finalKey, err)
	}
	if missing != "" {
		return l.j.Block(ctx, op, "unbound_reference", missing)
	}
	now, err := l.Client.Get(ctx, p.entity, p.pipedriveID)
	if err != nil {
		return l.unreadable(ctx, op, err)
	}
	if journal.IsDeleted(now.Data) {
		return l.gone(ctx, op)
	}
	if p.isLinked {
		base, _, err := l.binder.bind(ctx, p.base)
		if err != nil {
			return err
		}
		if conflict, err := conflicts(now.Data, base, change); err != nil || conflict != "" {
			return errors.Join(err, l.j.Block(ctx, op, "changed_in_pipedrive", conflict))
		}
	} else if change, err = onlyBlanks(now.Data, change); err != nil {
		return err
	}
	op.Body, op.Before = change, &now
	if string(change) == "{}" {
		return l.agree(ctx, op, now)
	}
	return l.j.Send(ctx, op)
}

// unreadable decides about a record that cannot be read before its update.
func (l *loader) unreadable(ctx context.Context, op *journal.Op, err error) error {
	var refused *pipedrive.Error
	if errors.As(err, &refused) && refused.NotFound() {
		return l.gone(ctx, op)
	}
	return err
}

// gone notes that somebody deleted or merged a record of ours. It is their
// decision: it is never created again.
func (l *loader) gone(ctx context.Context, op *journal.Op) error {
	return errors.Join(l.j.Block(ctx, op, "gone_at_target", "somebody deleted or merged it in Pipedrive; it is not created again"),
		l.DB.Write(ctx, func(tx *sql.Tx) error { return l.j.DropLink(tx, op.Entity, op.FinalKey, "gone") }))
}

// agree links without sending: the record already holds everything.
func (l *loader) agree(ctx context.Context, op *journal.Op, now pipedrive.Record) error {
	return l.DB.Write(ctx, func(tx *sql.Tx) error { return l.done(tx, op, now) })
}

// done links a record once its operation is certain. The only thing load ever
// deletes is a surplus twin, which has no link.
func (l *loader) done(tx *sql.Tx, op *journal.Op, rec pipedrive.Record) error {
	if op.Verb == journal.Delete {
		return nil
	}
	link := journal.Link{Entity: op.Entity, FinalKey: op.FinalKey, PipedriveID: rec.ID, Marker: op.Marker, Origin: "created",
		Symbolic: op.Symbolic, Sent: op.Body, Echoed: rec.Data}
	if op.Verb == journal.Update {
		link.Origin = "matched"
		sent, err := l.mergedSent(tx, op)
		if err != nil {
			return err
		}
		link.Sent = sent
	}
	return l.j.SaveLink(tx, op.ID, link)
}

// mergedSent is everything we ever sent for a record, newest value a key.
func (l *loader) mergedSent(tx *sql.Tx, op *journal.Op) ([]byte, error) {
	var before string
	err := tx.QueryRow("SELECT sent FROM link WHERE target_id = ? AND entity = ? AND final_key = ? AND part = '' AND state = 'live'",
		l.ID, op.Entity, op.FinalKey).Scan(&before)
	if errors.Is(err, sql.ErrNoRows) {
		return op.Body, nil
	}
	if err != nil {
		return nil, err
	}
	return merge([]byte(before), op.Body)
}

// merge puts the keys of change over those of base; custom fields one by one.
func merge(base, change []byte) ([]byte, error) {
	b, err := journal.Decode(base)
	if err != nil {
		return nil, err
	}
	c, err := journal.Decode(change)
	if err != nil {
		return nil, err
	}
	inner, _ := b["custom_fields"].(map[string]any)
	for k, v := range c {
		if custom, ok := v.(map[string]any); ok && k == "custom_fields" && inner != nil {
			for code, value := range custom {
				inner[code] = value
			}
			continue
		}
		b[k] = v
	}
	return json.Marshal(b)
}
