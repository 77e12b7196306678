package load

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"nextpipe/stages/internal/entity"
	"nextpipe/stages/internal/journal"
	"nextpipe/stages/internal/pipedrive"
)

// reopen puts creates back in doubt that were judged "not there" and that the
// last verify saw in the account after all, while nothing else is linked for
// them: the look-up that follows adopts what they made.
func (l *loader) reopen(ctx context.Context, entity string) error {
	return l.DB.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE load_op SET state = 'in_doubt', ended_at = NULL, message = 'carried out after it was looked for in vain'
			WHERE op_id IN (SELECT max(o.op_id) FROM load_op AS o
				JOIN seen_record AS r ON r.target_id = o.target_id AND r.entity = o.entity AND r.marker = o.marker
				WHERE o.target_id = ?1 AND o.entity = ?2 AND o.looks > 0 AND o.verb = 'create' AND o.state IN ('not_sent', 'refused')
					AND NOT EXISTS (SELECT 1 FROM link AS k WHERE k.target_id = ?1 AND k.entity = ?2 AND k.state = 'live'
						AND (k.final_key = o.final_key OR k.pipedrive_id = r.pipedrive_id))
					AND NOT EXISTS (SELECT 1 FROM load_op AS n WHERE n.target_id = ?1 AND n.entity = ?2 AND n.final_key = o.final_key
						AND n.state IN ('intent', 'in_doubt', 'quarantined'))
				GROUP BY o.final_key)`, l.ID, entity)
		return err
	})
}

// census removes surplus twins of ours that nobody touched. A twin exists only
// where a create was sent more than once: it was judged "not there" and carried
// out later all the same. Those of this plan are looked for now; those that
// appeared after an earlier run are known from its verify.
func (l *loader) census(ctx context.Context, name string) error {
	e, _ := entity.Of(name)
	if !e.IsMarked() && e.Under != "" {
		return nil // sets refuse a second one by themselves
	}
	twins, err := l.seenTwins(ctx, name)
	if err != nil {
		return fmt.Errorf("look for twins: %w", err)
	}
	repeated, err := l.repeated(ctx, name)
	if err != nil {
		return fmt.Errorf("look for twins: %w", err)
	}
	if err := l.newTwins(ctx, e, repeated, twins); err != nil {
		return err
	}
	for _, twin := range twins {
		if err := l.removeTwin(ctx, e, twin); err != nil {
			return err
		}
	}
	return nil
}

// newTwins adds twins of repeated creates to those that are known.
func (l *loader) newTwins(ctx context.Context, e entity.Entity, repeated map[string]repeatedOp, twins map[string]pipedrive.Record) error {
	if len(repeated) == 0 {
		return nil
	}
	var where place
	for _, r := range repeated {
		where.add(e, r.body, r.hiID)
	}
	return l.candidates(ctx, e, where, func(rec pipedrive.Record) error {
		isTwin, err := l.isTwin(ctx, e, rec, repeated)
		if isTwin {
			twins[rec.ID] = rec
		}
		return err
	})
}

// isTwin tells that a record is one more of a repeated create: by its marker,
// or, where there is none, by saying the same, being newer than the first
// sending, and belonging to nothing else.
func (l *loader) isTwin(ctx context.Context, e entity.Entity, rec pipedrive.Record, repeated map[string]repeatedOp) (bool, error) {
	if e.IsMarked() {
		r, ok := repeated[l.markerOf(e, rec.Data)]
		return ok && r.linkedID != rec.ID, nil
	}
	taken, err := l.isLinked(ctx, e.Name, rec.ID)
	if err != nil || taken {
		return false, err
	}
	for _, r := range repeated {
		part, err := e.Part(r.body)
		if err != nil {
			return false, err
		}
		same, err := journal.Holds(rec.Data, part)
		if err != nil || same && higher(r.hiID, rec.ID) != r.hiID {
			return same, err
		}
	}
	return false, nil
}

type repeatedOp struct {
	hiID, linkedID string
	body           []byte
}

// repeated lists creates of this plan that were sent more than once and are linked.
func (l *loader) repeated(ctx context.Context, entity string) (map[string]repeatedOp, error) {
	rows, err := l.DB.Read().QueryContext(ctx, `SELECT o.marker, min(CAST(o.hi_id AS INTEGER)), k.pipedrive_id, o.body FROM load_op AS o
		JOIN link AS k ON k.target_id = o.target_id AND k.entity = o.entity AND k.final_key = o.final_key AND k.state = 'live'
		WHERE o.target_id = ? AND o.entity = ? AND o.purpose = 'load' AND o.verb = 'create' AND o.looks > 0 AND o.op_id > ?
		GROUP BY o.final_key HAVING sum(o.state IN ('not_sent', 'quarantined', 'refused')) > 0`, l.ID, entity, l.after)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[string]repeatedOp{}
	for rows.Next() {
		var marker string
		var r repeatedOp
		if err := rows.Scan(&marker, &r.hiID, &r.linkedID, &r.body); err != nil {
			return nil, err
		}
		out[marker] = r
	}
	return out, rows.Err()
}

// seenTwins reads again what the last verify saw as surplus, because a create
// of ours was carried out late.
func (l *loader) seenTwins(ctx context.Context, entity string) (map[string]pipedrive.Record, error) {
	rows, err := l.DB.Read().QueryContext(ctx, `SELECT DISTINCT r.pipedrive_id FROM load_op AS o
		JOIN seen_record AS r ON r.target_id = o.target_id AND r.entity = o.entity AND r.marker = o.marker
		JOIN link AS k ON k.target_id = o.target_id AND k.entity = o.entity AND k.final_key = o.final_key AND k.state = 'live'
		WHERE o.target_id = ? AND o.entity = ? AND o.looks > 0 AND o.purpose = 'load' AND o.verb = 'create' AND o.state IN ('not_sent', 'refused')
			AND k.pipedrive_id <> r.pipedrive_id AND NOT EXISTS (SELECT 1 FROM link AS x
				WHERE x.target_id = r.target_id AND x.entity = r.entity AND x.pipedrive_id = r.pipedrive_id AND x.state = 'live')`, l.ID, entity)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var ids []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, err
	}
	twins := map[string]pipedrive.Record{}
	for _, id := range ids {
		rec, err := l.Client.Get(ctx, entity, id)
		var refused *pipedrive.Error
		if errors.As(err, &refused) && refused.NotFound() {
			continue
		}
		if err != nil {
			return nil, err
		}
		if !journal.IsDeleted(rec.Data) {
			twins[id] = rec
		}
	}
	return twins, nil
}

// removeTwin deletes a surplus record of ours, unless it differs from the one
// that is linked: then somebody works with it, and verify reports it as surplus.
func (l *loader) removeTwin(ctx context.Context, e entity.Entity, twin pipedrive.Record) error {
	touched, err := l.differs(ctx, e, twin)
	if err != nil || touched {
		return err
	}
	op := &journal.Op{Entity: e.Name, FinalKey: "twin:" + twin.ID, Verb: journal.Delete, PipedriveID: twin.ID, Before: &twin}
	if err := l.j.Send(ctx, op); err != nil {
		return err
	}
	return l.j.SettleAll(ctx, e.Name)
}

// differs compares a twin with what the account answered for the linked one.
// Where no marker ties the two, saying the same is all there is to compare.
func (l *loader) differs(ctx context.Context, e entity.Entity, twin pipedrive.Record) (bool, error) {
	if !e.IsMarked() {
		return false, nil
	}
	var echoed []byte
	err := l.DB.Read().QueryRowContext(ctx, "SELECT echoed FROM link WHERE target_id = ? AND entity = ? AND marker = ? AND state = 'live'",
		l.ID, e.Name, l.markerOf(e, twin.Data)).Scan(&echoed)
	if errors.Is(err, sql.ErrNoRows) {
		return true, nil // somebody gave it another marker meanwhile
	}
	if err != nil {
		return false, err
	}
	field, err := journal.Touched(twin.Data, echoed)
	return field != "", err
}
