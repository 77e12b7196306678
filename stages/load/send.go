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
	sent             []byte // delete: what we sent for it, bound
	echoed           []byte // delete: what the account answered to it
	reason           string // delete: why
}

// isPending says when an operation of the plan still has to be sent: nothing is
// open for its record, nothing newer than the plan has decided on it, and its
// attempts are not used up. What was blocked in an earlier run is tried again,
// since its parent may be there by now. Attempts are those of this run that were
// looked for: an operation that was held back by an interrupt or a spent budget
// was never tried. What was deleted to be made anew is pending once it is gone.
// What is left in conflict was judged in this run and is judged again in the next.
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
	AND NOT EXISTS (SELECT 1 FROM conflict AS c WHERE c.target_id = ?2 AND c.entity = ?3 AND c.final_key = p.final_key
		AND c.resolved_at IS NULL AND c.run_id = ?5)
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
			f.payload, p.body
		FROM plan_op AS p JOIN final_item AS f ON f.entity = ?3 AND f.final_key = p.final_key
		WHERE `+isPending+` AND p.seq > ?7 ORDER BY p.seq LIMIT ?8`, name), l.planID, l.ID, name, l.after, l.RunID, attempts, seq, journal.BatchSize)
	if err != nil {
		return nil, fmt.Errorf("read pending operations: %w", err)
	}
	defer rows.Close()
	var out []planned
	for rows.Next() {
		var p planned
		if err := rows.Scan(&p.seq, &p.entity, &p.finalKey, &p.action, &p.pipedriveID, &p.marker, &p.payload, &p.change); err != nil {
			return nil, fmt.Errorf("read pending operations: %w", err)
		}
		out = append(out, p)
	}
	return out, rows.Err()
}

// compose makes operations of the creates of a batch and leaves its updates, which
// have to be read first.
func (l *loader) compose(ctx context.Context, batch []planned) (creates []*journal.Op, updates []planned, err error) {
	for _, p := range batch {
		if p.action == "update" {
			updates = append(updates, p)
			continue
		}
		op := l.operation(p, journal.Create)
		if err := l.create(ctx, op, p); err != nil {
			return nil, nil, err
		}
		if op.State == "" {
			creates = append(creates, op)
		}
	}
	return creates, updates, nil
}

func (l *loader) operation(p planned, verb string) *journal.Op {
	op := &journal.Op{Entity: p.entity, FinalKey: p.finalKey, Verb: verb, Marker: p.marker, Symbolic: p.payload, HiID: l.hiID[p.entity]}
	if verb == journal.Update {
		op.PipedriveID = p.pipedriveID
	}
	return op
}

// create binds the body of a create; a reference without an id blocks it.
func (l *loader) create(ctx context.Context, op *journal.Op, p planned) error {
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
	if link.Echoed, err = journal.Overlay(echoed, link.Echoed, op.Body); err != nil {
		return err
	}
	return l.ownShare(link, op.Body)
}

// ownShare leaves people's entries out of what is known of a record's sets.
func (l *loader) ownShare(link *journal.Link, body []byte) error {
	ours, err := l.sets(context.Background(), link.Symbolic)
	if err != nil {
		return err
	}
	share, err := journal.OwnShare(body, ours)
	if err != nil {
		return err
	}
	if link.Sent, err = merge(link.Sent, share); err != nil {
		return err
	}
	link.Echoed, err = merge(link.Echoed, share)
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
