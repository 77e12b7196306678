package load

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"

	"nextpipe/stages/internal/journal"
	"nextpipe/stages/internal/pipedrive"
)

// change is one update on its way: what is planned, and the record as it is.
type change struct {
	planned
	op  *journal.Op
	now pipedrive.Record
	err error // of reading it

	conflicts []journal.Conflict // what is left as people have it
}

func (c *change) isEmpty() bool { return string(c.op.Body) == "{}" }

// updates changes records that exist, as many at once as there are workers. They
// are read right before: what somebody changed since the plan is never
// overwritten, and what they held is kept as a before-image.
func (l *loader) updates(ctx context.Context, batch []planned) (all []*journal.Op, err error) {
	for len(batch) > 0 {
		n := min(l.crew(), len(batch))
		ops, err := l.updateSome(ctx, batch[:n])
		all, batch = append(all, ops...), batch[n:]
		if err != nil {
			return all, err
		}
	}
	return all, nil
}

func (l *loader) updateSome(ctx context.Context, batch []planned) ([]*journal.Op, error) {
	changes, err := l.readable(ctx, batch)
	if err != nil {
		return nil, err
	}
	var ops []*journal.Op
	for _, c := range changes {
		if err := l.update(ctx, c); err != nil {
			return nil, err
		}
		if c.op.Body != nil && !c.isEmpty() {
			ops = append(ops, c.op)
		}
	}
	if len(ops) > 0 {
		err = l.j.SendAll(ctx, ops, l.crew())
	}
	for _, c := range changes {
		err = errors.Join(err, l.report(ctx, c.op, c.conflicts))
	}
	return ops, err
}

// readable binds what is to be sent, and reads the records of those that have
// all their references.
func (l *loader) readable(ctx context.Context, batch []planned) ([]*change, error) {
	var out []*change
	for _, p := range batch {
		c := &change{planned: p, op: l.operation(p, journal.Update)}
		bound, missing, err := l.binder.Bind(ctx, p.change)
		if err != nil {
			return nil, fmt.Errorf("bind %s: %w", p.finalKey, err)
		}
		if missing != "" {
			if err := l.j.Block(ctx, c.op, "unbound_reference", missing); err != nil {
				return nil, err
			}
			continue
		}
		c.planned.change = bound
		out = append(out, c)
	}
	var wg sync.WaitGroup
	for _, c := range out {
		wg.Go(func() { c.now, c.err = l.Client.Get(ctx, c.entity, c.pipedriveID) })
	}
	wg.Wait()
	return out, nil
}

// update decides about one change; its op has a body when it is to be sent.
func (l *loader) update(ctx context.Context, c *change) error {
	if c.err != nil {
		return l.unreadable(ctx, c.op, c.err)
	}
	if journal.IsDeleted(c.now.Data) {
		return l.gone(ctx, c.op)
	}
	if late, err := l.carriedOutLate(ctx, c.planned, c.now); late || err != nil {
		return err
	}
	if err := l.mergeInto(ctx, c); err != nil {
		return fmt.Errorf("merge %s: %w", c.finalKey, err)
	}
	if c.isEmpty() {
		return l.agree(ctx, c.op, c.now)
	}
	refused, err := l.refusedBefore(ctx, c)
	if refused {
		c.op.Body = nil
	}
	return err
}

// refusedBefore tells that the account has refused just what is left of a change
// beside its conflicts. The plan cannot know: it sees changes as a whole.
func (l *loader) refusedBefore(ctx context.Context, c *change) (refused bool, err error) {
	if len(c.conflicts) == 0 {
		return false, nil
	}
	err = l.DB.Read().QueryRowContext(ctx, `SELECT coalesce((SELECT state = 'refused' AND body = ?4 FROM load_op
		WHERE target_id = ?1 AND entity = ?2 AND final_key = ?3 AND purpose = 'load' ORDER BY op_id DESC LIMIT 1), 0)`,
		l.ID, c.entity, c.finalKey, string(c.op.Body)).Scan(&refused)
	return refused, err
}

// mergeInto leaves of a change what people have left to NextCRM.
func (l *loader) mergeInto(ctx context.Context, c *change) error {
	was, err := l.linkOf(ctx, c.planned)
	if err != nil {
		return err
	}
	keys := c.change
	if was.origin != "created" {
		if keys, err = onlyBlanks(c.now.Data, keys, was.sent); err != nil {
			return err
		}
	}
	m, err := l.merge(ctx, c.planned, was, c.now.Data, keys)
	if err != nil {
		return err
	}
	if c.op.Symbolic, err = l.agreedOn(c.payload, was.symbolic, m.Conflicts); err != nil {
		return err
	}
	c.op.Body, c.op.Before, c.conflicts = m.Send, &c.now, m.Conflicts
	return l.hold(ctx, c.op, was, m.Held, c.now)
}

// carriedOutLate finishes an update that was judged "not there" and holds after
// all: its before-image, not today's record, is what a rollback restores.
func (l *loader) carriedOutLate(ctx context.Context, p planned, now pipedrive.Record) (bool, error) {
	op := &journal.Op{Entity: p.entity, FinalKey: p.finalKey, Verb: journal.Update, PipedriveID: p.pipedriveID, Marker: p.marker}
	err := l.DB.Read().QueryRowContext(ctx, `SELECT op_id, symbolic, body FROM load_op
		WHERE target_id = ?1 AND entity = ?2 AND final_key = ?3 AND pipedrive_id = ?4 AND verb = 'update' AND purpose = 'load'
			AND state = 'not_sent' AND looks > 0 AND op_id > coalesce((SELECT max(d.op_id) FROM load_op AS d
				WHERE d.target_id = ?1 AND d.entity = ?2 AND d.final_key = ?3 AND d.state = 'done'), 0) ORDER BY op_id DESC LIMIT 1`, l.ID, p.entity, p.finalKey, p.pipedriveID).Scan(&op.ID, &op.Symbolic, &op.Body)
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
