package load

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

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

// twin is one more record of a create that was sent more than once.
type twin struct {
	rec    pipedrive.Record
	marker string // of the create
	body   []byte // as it was sent
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
	twins := map[string]twin{}
	if err := errors.Join(l.seenTwins(ctx, name, twins), l.newTwins(ctx, e, twins)); err != nil {
		return fmt.Errorf("look for twins: %w", err)
	}
	for _, t := range twins {
		if err := l.removeTwin(ctx, e, t); err != nil {
			return err
		}
	}
	return nil
}

// newTwins adds twins of repeated creates to those that are known.
func (l *loader) newTwins(ctx context.Context, e entity.Entity, twins map[string]twin) error {
	repeated, err := l.repeated(ctx, e.Name)
	if err != nil || len(repeated) == 0 {
		return err
	}
	var where place
	for _, r := range repeated {
		where.add(e, r.body, r.hiID)
	}
	return l.candidates(ctx, e, where, func(rec pipedrive.Record) error {
		t, ok, err := l.twinOf(ctx, e, rec, repeated)
		if ok {
			twins[rec.ID] = t
		}
		return err
	})
}

// twinOf tells of which repeated create a record is one more: by its marker, or,
// where there is none, by saying the same, being newer than the first sending,
// and belonging to nothing else.
func (l *loader) twinOf(ctx context.Context, e entity.Entity, rec pipedrive.Record, repeated map[string]repeatedOp) (twin, bool, error) {
	taken, err := l.isLinked(ctx, e.Name, rec.ID)
	if err != nil || taken {
		return twin{}, false, err
	}
	if e.IsMarked() {
		marker := l.markerOf(e, rec.Data)
		r, ok := repeated[marker]
		return twin{rec, marker, r.body}, ok, nil
	}
	for marker, r := range repeated {
		part, err := e.Part(r.body)
		if err != nil {
			return twin{}, false, err
		}
		same, err := journal.Holds(rec.Data, part)
		if err != nil || same && higher(r.hiID, rec.ID) != r.hiID {
			return twin{rec, marker, r.body}, same, err
		}
	}
	return twin{}, false, nil
}

type repeatedOp struct {
	hiID string
	body []byte
}

// repeated lists creates of this plan that were sent more than once and are
// linked, by their marker.
func (l *loader) repeated(ctx context.Context, entity string) (map[string]repeatedOp, error) {
	rows, err := l.DB.Read().QueryContext(ctx, `SELECT o.marker, min(CAST(o.hi_id AS INTEGER)), o.body FROM load_op AS o
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
		if err := rows.Scan(&marker, &r.hiID, &r.body); err != nil {
			return nil, err
		}
		out[marker] = r
	}
	return out, rows.Err()
}

// seenTwins reads again what the last verify saw as surplus, because a create
// of ours was carried out late.
func (l *loader) seenTwins(ctx context.Context, entity string, twins map[string]twin) error {
	rows, err := l.DB.Read().QueryContext(ctx, `SELECT r.pipedrive_id, o.marker, min(o.body) FROM load_op AS o
		JOIN seen_record AS r ON r.target_id = o.target_id AND r.entity = o.entity AND r.marker = o.marker
		JOIN link AS k ON k.target_id = o.target_id AND k.entity = o.entity AND k.final_key = o.final_key AND k.state = 'live'
		WHERE o.target_id = ? AND o.entity = ? AND o.looks > 0 AND o.purpose = 'load' AND o.verb = 'create' AND o.state IN ('not_sent', 'refused')
			AND k.pipedrive_id <> r.pipedrive_id AND NOT EXISTS (SELECT 1 FROM link AS x
				WHERE x.target_id = r.target_id AND x.entity = r.entity AND x.pipedrive_id = r.pipedrive_id AND x.state = 'live')
		GROUP BY r.pipedrive_id`, l.ID, entity)
	if err != nil {
		return err
	}
	defer rows.Close()
	var seen []twin
	for rows.Next() {
		var t twin
		if err := rows.Scan(&t.rec.ID, &t.marker, &t.body); err != nil {
			return err
		}
		seen = append(seen, t)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	for _, t := range seen {
		rec, err := l.Client.Get(ctx, entity, t.rec.ID)
		var refused *pipedrive.Error
		if errors.As(err, &refused) && refused.NotFound() {
			continue
		}
		if err != nil {
			return err
		}
		if t.rec = rec; !journal.IsDeleted(rec.Data) {
			twins[rec.ID] = t
		}
	}
	return nil
}

// removeTwin deletes a surplus record of ours, unless somebody else made it or
// works with it.
func (l *loader) removeTwin(ctx context.Context, e entity.Entity, t twin) error {
	ours, err := l.isOurTwin(ctx, e, t)
	if err != nil || !ours {
		return err
	}
	op := &journal.Op{Entity: e.Name, FinalKey: "twin:" + t.rec.ID, Verb: journal.Delete, PipedriveID: t.rec.ID, Before: &t.rec}
	if err := l.j.Send(ctx, op); err != nil {
		return err
	}
	return l.j.SettleAll(ctx, e.Name)
}

// isOurTwin is sure that a record came of one of our sendings: people copy
// records with everything in them, our marker too, and upload files again.
func (l *loader) isOurTwin(ctx context.Context, e entity.Entity, t twin) (bool, error) {
	late, err := l.isOfThatTime(ctx, e, t)
	if err != nil || !late || !l.madeByUs(e, t.rec) {
		return false, err
	}
	if !e.IsMarked() {
		return l.SameBytes(ctx, t.rec, t.body)
	}
	var echoed []byte
	err = l.DB.Read().QueryRowContext(ctx, "SELECT echoed FROM link WHERE target_id = ? AND entity = ? AND marker = ? AND state = 'live'",
		l.ID, e.Name, l.markerOf(e, t.rec.Data)).Scan(&echoed)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil // somebody gave it another marker meanwhile
	}
	if err != nil {
		return false, err
	}
	field, err := journal.Touched(t.rec.Data, echoed)
	return field == "", err
}

// lateness is how long after the last look a sending may still be carried out;
// the account's clock may differ from ours by as much.
const lateness = time.Hour

// isOfThatTime tells that a record was last changed while its create was being
// sent, or soon after. The time of creation says nothing: we set it ourselves.
func (l *loader) isOfThatTime(ctx context.Context, e entity.Entity, t twin) (bool, error) {
	var first, last string
	err := l.DB.Read().QueryRowContext(ctx, `SELECT min(intent_at), max(coalesce(ended_at, intent_at)) FROM load_op
		WHERE target_id = ? AND entity = ? AND marker = ? AND verb = 'create' AND purpose = 'load'`, l.ID, e.Name, t.marker).Scan(&first, &last)
	if err != nil {
		return false, err
	}
	from, errFrom := time.Parse(time.RFC3339Nano, first)
	to, errTo := time.Parse(time.RFC3339Nano, last)
	if err := errors.Join(errFrom, errTo); err != nil {
		return false, err
	}
	changed, known := changedAt(t.rec.Data)
	return known && changed.After(from.Add(-lateness)) && changed.Before(to.Add(lateness)), nil
}

// changedAt is when a record was last changed, as v2 or v1 writes it.
func changedAt(data []byte) (time.Time, bool) {
	for _, key := range []string{"update_time", "add_time"} {
		text := journal.TextAt(data, key)
		for _, layout := range []string{time.RFC3339, time.DateTime} {
			if at, err := time.Parse(layout, text); err == nil {
				return at, true
			}
		}
	}
	return time.Time{}, false
}

// madeByUs tells that the token's user made a record, where the record says who did.
func (l *loader) madeByUs(e entity.Entity, rec pipedrive.Record) bool {
	key := "creator_user_id"
	if e.Name == "file" {
		key = "user_id"
	}
	by := journal.TextAt(rec.Data, key)
	return by == "" || by == "null" || by == l.Me.UserID
}
