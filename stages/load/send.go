package load

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"nextpipe/stages/internal/entity"
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
	origin           string // of its link; "" when it has none
	sent             []byte // what we sent for it so far, bound
	echoed           []byte // delete: what the account answered to it
	reason           string // delete: why
}

// isPending says when an operation of the plan still has to be sent: nothing is
// open for its record, nothing newer than the plan has decided on it, and its
// attempts are not used up. What was blocked in an earlier run is tried again,
// since its parent may be there by now. Attempts are those of this run that were
// looked for: an operation that was held back by an interrupt or a spent budget
// was never tried. What was deleted to be made anew is pending once it is gone.
// ?1 plan, ?2 target, ?3 entity, ?4 newest operation when the plan was made, ?5 run, ?6 attempts.
const isPending = `p.plan_id = ?1 AND p.entity = ?3 AND p.action IN ('create', 'update', 'delete')
	AND NOT EXISTS (SELECT 1 FROM load_op AS o WHERE o.target_id = ?2 AND o.entity = ?3 AND o.final_key = p.final_key
		AND (o.state IN ('intent', 'in_doubt', 'quarantined')
			OR o.op_id > ?4 AND (o.state = 'refused' OR o.state = 'blocked' AND o.run_id = ?5)))
	AND (SELECT count(*) FROM load_op AS o WHERE o.target_id = ?2 AND o.entity = ?3 AND o.final_key = p.final_key
		AND o.run_id = ?5 AND o.state = 'not_sent' AND o.looks > 0) < ?6
	AND NOT EXISTS (SELECT 1 FROM link AS l JOIN final_item AS f ON f.entity = ?3 AND f.final_key = l.final_key
		WHERE l.target_id = ?2 AND l.entity = ?3 AND l.final_key = p.final_key AND l.part = ''
		AND (l.state = 'gone' OR l.state = 'live' AND (p.action <> 'update' OR l.symbolic = f.payload)))
	AND (p.action <> 'delete' OR EXISTS (SELECT 1 FROM final_item AS f WHERE f.entity = ?3 AND f.final_key = p.final_key))`

// pendingCount is how many operations are pending after the given number of attempts.
func (l *loader) pendingCount(ctx context.Context, name string, attempts int) (n int64, err error) {
	if !l.work[name] {
		return 0, nil
	}
	err = l.DB.Read().QueryRowContext(ctx, entity.ForOne("SELECT count(*) FROM plan_op AS p WHERE "+isPending, name),
		l.planID, l.ID, name, l.after, l.RunID, attempts).Scan(&n)
	return n, err
}

// pending reads the next operations behind seq. It is closed before anything is sent.
func (l *loader) pending(ctx context.Context, name string, seq int64) ([]planned, error) {
	if !l.work[name] {
		return nil, nil
	}
	rows, err := l.DB.Read().QueryContext(ctx, entity.ForOne(`SELECT p.seq, p.entity, p.final_key, p.action, coalesce(p.pipedrive_id, ''), f.marker,
			f.payload, p.body, p.base, coalesce(k.origin, ''), k.sent
		FROM plan_op AS p JOIN final_item AS f ON f.entity = ?3 AND f.final_key = p.final_key
		LEFT JOIN link AS k ON k.target_id = ?2 AND k.entity = ?3 AND k.final_key = p.final_key AND k.part = '' AND k.state = 'live'
		WHERE `+isPending+` AND p.seq > ?7 ORDER BY p.seq LIMIT ?8`, name), l.planID, l.ID, name, l.after, l.RunID, attempts, seq, batchSize)
	if err != nil {
		return nil, fmt.Errorf("read pending operations: %w", err)
	}
	defer rows.Close()
	var out []planned
	for rows.Next() {
		var p planned
		if err := rows.Scan(&p.seq, &p.entity, &p.finalKey, &p.action, &p.pipedriveID, &p.marker, &p.payload, &p.change, &p.base, &p.origin, &p.sent); err != nil {
			return nil, fmt.Errorf("read pending operations: %w", err)
		}
		out = append(out, p)
	}
	return out, rows.Err()
}

// sendBatch sends the creates of a batch together and its updates one by one,
// each of which has to be read first. It tells how many came into doubt.
func (l *loader) sendBatch(ctx context.Context, batch []planned) (doubts int, err error) {
	var creates []*journal.Op
	for _, p := range batch {
		op := &journal.Op{Entity: p.entity, FinalKey: p.finalKey, Marker: p.marker, Symbolic: p.payload, HiID: l.hiID[p.entity]}
		if p.action == "update" {
			if err = l.update(ctx, op, p); op.State == "in_doubt" {
				doubts++
			}
		} else if err = l.compose(ctx, op, p); op.State == "" {
			creates = append(creates, op)
		}
		if err != nil {
			return doubts, err
		}
	}
	if len(creates) == 0 {
		return doubts, nil
	}
	err = errors.Join(l.j.SendAll(ctx, creates, workers), l.already(ctx, creates))
	for _, op := range creates {
		switch op.State {
		case "in_doubt":
			doubts++
		case "done":
			l.hiID[op.Entity] = higher(l.hiID[op.Entity], op.PipedriveID)
		case "blocked":
			l.noteFull(op)
		}
	}
	return doubts, err
}

// compose binds the body of a create; a reference without an id blocks it.
func (l *loader) compose(ctx context.Context, op *journal.Op, p planned) error {
	op.Verb = journal.Create
	body, missing, err := l.binder.Bind(ctx, p.payload)
	if err != nil {
		return fmt.Errorf("bind %s: %w", p.finalKey, err)
	}
	if missing != "" {
		return l.j.Block(ctx, op, "unbound_reference", missing)
	}
	op.Body = body
	if why, isFull := l.full[parentsOf(op)]; isFull {
		return l.j.Block(ctx, op, journal.Capped, why)
	}
	return nil
}

// update changes a record that exists. It is read first: what somebody changed
// since the plan is never overwritten, and what it held is kept as a before-image.
func (l *loader) update(ctx context.Context, op *journal.Op, p planned) error {
	op.Verb, op.PipedriveID = journal.Update, p.pipedriveID
	change, missing, err := l.binder.Bind(ctx, p.change)
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
	if late, err := l.carriedOutLate(ctx, p, now); late || err != nil {
		return err
	}
	if p.origin != "created" {
		if change, err = onlyBlanks(now.Data, change, p.sent); err != nil {
			return err
		}
	}
	if p.origin != "" {
		conflict, err := l.conflict(ctx, now.Data, p.base, change)
		if err != nil {
			return err
		}
		if conflict != "" {
			return l.j.Block(ctx, op, "changed_in_pipedrive", conflict)
		}
	}
	op.Body, op.Before = change, &now
	if string(change) == "{}" {
		return l.agree(ctx, op, now)
	}
	return l.j.Send(ctx, op)
}

// carriedOutLate finishes an update that was judged "not there" and holds after
// all: its before-image, not today's record, is what a rollback restores.
func (l *loader) carriedOutLate(ctx context.Context, p planned, now pipedrive.Record) (bool, error) {
	op := &journal.Op{Entity: p.entity, FinalKey: p.finalKey, Verb: journal.Update, PipedriveID: p.pipedriveID, Marker: p.marker}
	err := l.DB.Read().QueryRowContext(ctx, `SELECT op_id, symbolic, body FROM load_op
		WHERE target_id = ? AND entity = ? AND final_key = ? AND pipedrive_id = ? AND verb = 'update' AND purpose = 'load'
			AND state = 'not_sent' AND looks > 0 ORDER BY op_id DESC LIMIT 1`, l.ID, p.entity, p.finalKey, p.pipedriveID).Scan(&op.ID, &op.Symbolic, &op.Body)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	holds, err := journal.Holds(now.Data, op.Body)
	if err != nil || !holds {
		return false, err
	}
	return string(op.Symbolic) == string(p.payload), l.j.Finish(ctx, op, now)
}

// conflict tells what somebody changed in the account that we would change too.
func (l *loader) conflict(ctx context.Context, record, base, change []byte) (string, error) {
	bound, _, err := l.binder.Bind(ctx, base)
	if err != nil {
		return "", err
	}
	return conflicts(record, bound, change)
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
	// The block comes first: after a crash in between the record is read again, and found gone again.
	return errors.Join(l.j.Block(ctx, op, "gone_at_target", "somebody deleted or merged it in Pipedrive; it is not created again"),
		l.drop(ctx, op, "gone"))
}

// agree links without sending: the record already holds everything.
func (l *loader) agree(ctx context.Context, op *journal.Op, now pipedrive.Record) error {
	err := l.DB.Write(ctx, func(tx *sql.Tx) error { return l.done(tx, op, now) })
	if errors.Is(err, journal.ErrTaken) {
		return l.j.Block(ctx, op, "already_linked", err.Error())
	}
	return err
}

// drop marks the link of a record that somebody else has deleted.
func (l *loader) drop(ctx context.Context, op *journal.Op, state string) error {
	return l.DB.Write(ctx, func(tx *sql.Tx) error { return l.j.DropLink(tx, op.Entity, op.FinalKey, state) })
}

// done links a record once its operation is certain, or ends its link.
func (l *loader) done(tx *sql.Tx, op *journal.Op, rec pipedrive.Record) error {
	if op.Verb == journal.Delete {
		return l.j.DropLink(tx, op.Entity, op.FinalKey, "removed") // a surplus twin has none
	}
	link := journal.Link{Entity: op.Entity, FinalKey: op.FinalKey, PipedriveID: rec.ID, Marker: op.Marker, Origin: "created",
		Symbolic: op.Symbolic, Sent: op.Body, Echoed: rec.Data}
	if op.Verb == journal.Update {
		link.Origin = "matched"
		if err := l.renew(tx, op, &link); err != nil {
			return err
		}
	}
	return l.j.SaveLink(tx, op.ID, link)
}

// renew adds an update to what is known of a linked record: everything we ever
// sent for it, and what the account answered to just that.
func (l *loader) renew(tx *sql.Tx, op *journal.Op, link *journal.Link) error {
	var sent, echoed []byte
	err := tx.QueryRow("SELECT sent, echoed FROM link WHERE target_id = ? AND entity = ? AND final_key = ? AND part = '' AND state = 'live'",
		l.ID, op.Entity, op.FinalKey).Scan(&sent, &echoed)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	if link.Sent, err = merge(sent, op.Body); err != nil {
		return err
	}
	link.Echoed, err = journal.Overlay(echoed, link.Echoed, op.Body)
	return err
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
