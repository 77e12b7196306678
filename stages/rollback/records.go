package rollback

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"nextpipe/stages/internal/entity"
	"nextpipe/stages/internal/journal"
	"nextpipe/stages/internal/pipedrive"
)

// attempts bounds how often one removal is sent, when each time it certainly
// did not happen.
const attempts = 3

// phase takes back one kind. The account is read page by page and each page
// dealt with at once, so that as little time as possible lies between looking
// at a record and deleting it. What the list did not show, or what was not
// carried out, is then read one by one.
func (u *undoer) phase(ctx context.Context, e entity.Entity) error {
	ours, err := u.live(ctx, e.Name)
	if err != nil || len(ours) == 0 {
		return err
	}
	if err := u.noteStaying(ctx, e, ours); err != nil {
		return fmt.Errorf("look for what hangs on them: %w", err)
	}
	var met int64
	err = u.meet(ctx, e, ours, func(page []pipedrive.Record) error {
		n, err := u.takeBack(ctx, e, page)
		met += n
		u.Report("rollback", e.Name, met, 0)
		return err
	})
	if err != nil {
		return err
	}
	if u.dryRun {
		u.res.Add(e.Plural()+" to take back", met-int64(u.keptOf(e.Name)))
		return nil
	}
	return u.insist(ctx, e)
}

// insist sends again what was not carried out.
func (u *undoer) insist(ctx context.Context, e entity.Entity) error {
	for range attempts {
		if err := u.j.SettleAll(ctx, e.Name); err != nil {
			return err
		}
		again, err := u.remaining(ctx, e.Name, nil)
		if err != nil || len(again) == 0 {
			return errors.Join(err, u.count(ctx, e))
		}
		if _, err := u.takeBack(ctx, e, again); err != nil {
			return err
		}
	}
	return errors.Join(u.j.SettleAll(ctx, e.Name), u.count(ctx, e))
}

// linked is one record of ours in the account; its id is "" when it is not ours.
type linked struct {
	finalKey, id, origin string
	sent, echoed         []byte
	journalled           bool  // the journal says that we created it
	made                 bool  // and that this belongs to the part
	first                int64 // first update of the part that was not taken back; 0 for none
}

func (u *undoer) link(ctx context.Context, kind, id string) (linked, error) {
	var l linked
	err := u.DB.Read().QueryRowContext(ctx, `SELECT k.final_key, k.pipedrive_id, k.origin, k.sent, k.echoed,
			EXISTS (SELECT 1 FROM load_op AS o WHERE o.target_id = k.target_id AND o.entity = k.entity AND o.final_key = k.final_key
				AND o.purpose = 'load' AND o.verb = 'create' AND o.state = 'done' AND o.pipedrive_id = k.pipedrive_id),
			`+wasMade+`, coalesce(`+firstChange+`, 0)
		FROM link AS k WHERE k.target_id = ?1 AND k.entity = ?2 AND k.pipedrive_id = ?5 AND k.state = 'live'`,
		u.ID, kind, u.part.Run, u.part.since(), id).
		Scan(&l.finalKey, &l.id, &l.origin, &l.sent, &l.echoed, &l.journalled, &l.made, &l.first)
	if errors.Is(err, sql.ErrNoRows) {
		return linked{}, nil
	}
	return l, err
}

// takeBack deals with those of the given records that are ours, and returns
// how many these are.
func (u *undoer) takeBack(ctx context.Context, e entity.Entity, recs []pipedrive.Record) (ours int64, err error) {
	var ops []*journal.Op
	for _, rec := range recs {
		l, err := u.link(ctx, e.Name, rec.ID)
		if err != nil {
			return ours, err
		}
		var op *journal.Op
		switch {
		case l.id == "":
			err = u.noteSeen(ctx, e, rec)
		case u.covers(e.Name, l) && !u.kept[e.Name+" "+rec.ID]:
			ours++
			op, err = u.operation(ctx, e, l, rec)
		}
		if err != nil {
			return ours, fmt.Errorf("%s %s: %w", e.Name, rec.ID, err)
		}
		if op != nil {
			ops = append(ops, op)
		}
		if len(ops) == journal.BatchSize {
			if err := u.send(ctx, ops); err != nil {
				return ours, err
			}
			ops = nil
		}
	}
	if len(ops) == 0 {
		return ours, nil
	}
	return ours, u.send(ctx, ops)
}

func (u *undoer) send(ctx context.Context, ops []*journal.Op) error {
	if !u.dryRun {
		return u.j.SendAll(ctx, ops, journal.Workers)
	}
	for _, op := range ops {
		verb := pipedrive.Update
		if op.Verb == journal.Delete {
			verb = pipedrive.Delete
		}
		u.tokens += int64(pipedrive.Cost(op.Entity, verb))
	}
	u.res.Rows += int64(len(ops))
	return nil
}

// operation decides what happens to one record of ours; nil when nothing has
// to be sent.
func (u *undoer) operation(ctx context.Context, e entity.Entity, l linked, rec pipedrive.Record) (*journal.Op, error) {
	why, err := u.reasonToKeep(ctx, e, l, rec)
	if err != nil {
		return nil, err
	}
	if why != "" {
		return nil, errors.Join(u.keep(ctx, e.Name, l.finalKey, l.id, why), u.noteSeen(ctx, e, rec))
	}
	op := &journal.Op{Entity: e.Name, FinalKey: l.finalKey, Verb: journal.Delete, PipedriveID: l.id, Before: &rec}
	if u.deletes(e.Name, l) {
		return op, nil
	}
	op.Verb = journal.Update
	if u.part.limitsWhen() {
		return u.stepBackTo(ctx, op, l.first)
	}
	if l.origin == "adopted" {
		if err := u.list(ctx, e.Name, l.finalKey, l.id, "another copy of the warehouse made it: the journal does not say that we did"); err != nil {
			return nil, err
		}
	}
	if op.Body, _, err = u.oldValues(ctx, e.Name, l.id, 0); err != nil || op.Body != nil {
		return op, err
	}
	// It held everything already, so nothing was ever sent.
	return nil, u.drop(ctx, e.Name, l.finalKey, "removed")
}

// reasonToKeep tells why a record of ours must stay as it is; "" when it need not.
func (u *undoer) reasonToKeep(ctx context.Context, e entity.Entity, l linked, rec pipedrive.Record) (string, error) {
	if l.origin == "created" && !l.journalled {
		return "the journal does not say that we created it", nil
	}
	if archived, err := isArchived(rec.Data); err != nil || archived {
		return "somebody archived it in Pipedrive", err
	}
	if u.part.limitsWhen() && !u.deletes(e.Name, l) {
		return u.reasonNotToStepBack(ctx, e, l, rec)
	}
	field, err := u.touched(ctx, e, l, rec)
	if err != nil {
		return "", err
	}
	if field != "" {
		return "somebody changed " + field + " in Pipedrive", nil
	}
	if l.origin != "created" {
		return "", nil
	}
	if by, ok := u.refers[e.Name+" "+l.id]; ok {
		return "a record that stays refers to it: " + by, nil
	}
	return u.hung(ctx, e, l.id)
}

// touched names a property that somebody else changed: of what we created any,
// of what was there before us, or only says how others are connected, those
// that we sent.
func (u *undoer) touched(ctx context.Context, e entity.Entity, l linked, rec pipedrive.Record) (string, error) {
	if l.origin != "created" || !e.IsMarked() {
		diffs, err := journal.Compare(rec.Data, l.sent)
		if err != nil || len(diffs) == 0 {
			return "", err
		}
		return diffs[0].Field, nil
	}
	moved, err := u.movedByLines(ctx, e, l.id)
	if err != nil {
		return "", err
	}
	return journal.Touched(rec.Data, l.echoed, append(moved, e.Moving...)...)
}

// movedByLines are the properties of a deal that its lines move, and taking them
// back does.
func (u *undoer) movedByLines(ctx context.Context, e entity.Entity, id string) ([]string, error) {
	if e.Name != "deal" {
		return nil, nil
	}
	if u.lined == nil {
		if err := u.readLined(ctx); err != nil {
			return nil, fmt.Errorf("read which deals have lines: %w", err)
		}
	}
	if u.lined[id] {
		return []string{"value"}, nil
	}
	return nil, nil
}

// readLined reads once which deals have or had lines or discounts of ours: asked
// deal by deal, all lines would be looked through each time.
func (u *undoer) readLined(ctx context.Context) error {
	rows, err := u.DB.Read().QueryContext(ctx, `SELECT DISTINCT sent ->> '$.deal_id' FROM link
		WHERE target_id = ? AND entity IN ('deal_product', 'deal_discount') AND sent ->> '$.deal_id' IS NOT NULL`, u.ID)
	if err != nil {
		return err
	}
	defer rows.Close()
	u.lined = map[string]bool{}
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return err
		}
		u.lined[id] = true
	}
	return rows.Err()
}

func (u *undoer) drop(ctx context.Context, entity, finalKey, state string) error {
	if u.dryRun {
		return nil
	}
	return u.DB.Write(ctx, func(tx *sql.Tx) error { return u.j.DropLink(tx, entity, finalKey, state) })
}

// remaining reads one by one what of the part is still linked and not kept on
// purpose, or the given ones; what somebody else has deleted is no longer ours.
func (u *undoer) remaining(ctx context.Context, entity string, some []counted) ([]pipedrive.Record, error) {
	if some == nil {
		var err error
		if some, err = u.live(ctx, entity); err != nil {
			return nil, err
		}
	}
	var out []pipedrive.Record
	for _, r := range some {
		rec, err := u.Client.Get(ctx, entity, r.id)
		var refused *pipedrive.Error
		switch {
		case errors.As(err, &refused) && refused.NotFound(), err == nil && journal.IsDeleted(rec.Data):
			err = u.drop(ctx, entity, r.finalKey, "gone")
		case err == nil:
			out = append(out, rec)
		}
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// listRefused lists what the account did not let us take back.
func (u *undoer) listRefused(ctx context.Context, kind string, r counted) error {
	var said string
	err := u.DB.Read().QueryRowContext(ctx, `SELECT coalesce(max(message), 'no clear answer') FROM (SELECT message FROM load_op
		WHERE target_id = ? AND entity = ? AND final_key = ? AND purpose = 'rollback' ORDER BY op_id DESC LIMIT 1)`, u.ID, kind, r.finalKey).Scan(&said)
	if err != nil {
		return fmt.Errorf("read what became of %s: %w", r.finalKey, err)
	}
	return u.list(ctx, kind, r.finalKey, r.id, "it could not be taken back: "+said)
}

// keptOf is how many records of an entity stay on purpose.
func (u *undoer) keptOf(entity string) (n int) {
	for what := range u.kept {
		if strings.HasPrefix(what, entity+" ") {
			n++
		}
	}
	return n
}

// counted is a record of ours that the part covers.
type counted struct {
	finalKey, id string
	made         bool // it was created by what is taken back, so it is to go
}

// live lists what of the part is linked and not kept.
func (u *undoer) live(ctx context.Context, entity string) ([]counted, error) {
	if !u.part.names(entity) {
		return nil, nil
	}
	rows, err := u.DB.Read().QueryContext(ctx, `SELECT final_key, pipedrive_id, origin = 'created' AND made FROM (
			SELECT k.*, ?3 = 0 AND ?4 = '' OR `+wasMade+` AS made, `+firstChange+` AS first
			FROM link AS k WHERE k.target_id = ?1 AND k.entity = ?2 AND k.state = 'live')
		WHERE made OR first IS NOT NULL ORDER BY final_key`, u.ID, entity, u.part.Run, u.part.since())
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []counted
	for rows.Next() {
		var r counted
		if err := rows.Scan(&r.finalKey, &r.id, &r.made); err != nil {
			return nil, err
		}
		if !u.kept[entity+" "+r.id] {
			out = append(out, r)
		}
	}
	return out, rows.Err()
}

// count tells how many records were taken back; what is still linked and not
// kept by intention is left over, and listed with what came of trying.
func (u *undoer) count(ctx context.Context, e entity.Entity) error {
	still, err := u.live(ctx, e.Name)
	if err != nil {
		return err
	}
	for _, r := range still {
		if err := u.listRefused(ctx, e.Name, r); err != nil {
			return err
		}
	}
	var n int64
	err = u.DB.Read().QueryRowContext(ctx, `SELECT count(*) FROM load_op WHERE target_id = ? AND run_id = ? AND entity = ?
		AND purpose = 'rollback' AND state = 'done'`, u.ID, u.RunID, e.Name).Scan(&n)
	u.res.Left += int64(len(still))
	u.res.Rows += n
	u.res.Add(e.Plural()+" taken back", n)
	return err
}
