package load

import (
	"context"
	"net/url"

	"nextpipe/stages/internal/journal"
	"nextpipe/stages/internal/pipedrive"
)

// look finds operations in doubt: creates by their marker on the newest list
// pages, updates by reading the record.
func (l *loader) look(ctx context.Context, ops []*journal.Op) (map[int64]pipedrive.Record, string, error) {
	found := map[int64]pipedrive.Record{}
	creates := map[string]*journal.Op{}
	floor := ""
	for _, op := range ops {
		if op.Verb == journal.Create {
			creates[op.Marker] = op
			if floor == "" || higher(floor, op.HiID) == floor {
				floor = op.HiID
			}
			continue
		}
		rec, ok, err := l.j.LookByID(ctx, op)
		if err != nil {
			return nil, "", err
		}
		if ok {
			found[op.ID] = rec
		}
	}
	if len(creates) == 0 {
		return found, "", nil
	}
	top, err := l.newest(ctx, ops[0].Entity, floor, func(rec pipedrive.Record, marker string) {
		if op, ok := creates[marker]; ok {
			// Pages run from new to old: the oldest of several twins is linked, the census sees to the others.
			found[op.ID] = rec
		}
	})
	return found, top, err
}

// newest walks the list from the newest record down to the id floor, which is
// not included, and returns the highest id it met.
func (l *loader) newest(ctx context.Context, entity, floor string, visit func(rec pipedrive.Record, marker string)) (top string, err error) {
	code := l.binder.symbols["field:"+entity+".nextcrm_id"]
	q := url.Values{"sort_by": {"id"}, "sort_direction": {"desc"}}
	for rec, err := range l.Client.All(ctx, entity, q) {
		if err != nil {
			return "", err
		}
		if top == "" {
			top = rec.ID
		}
		if higher(floor, rec.ID) == floor {
			break
		}
		visit(rec, markerOf(rec.Data, code))
	}
	return higher(floor, top), nil
}

func markerOf(data []byte, code string) string {
	if m := journal.Marker(data, code); m != nil {
		return *m
	}
	return ""
}

// census looks for surplus twins of ours and removes them if nobody touched
// them. A twin can only exist where a create was sent more than once: it was
// judged "not there" and carried out later all the same.
func (l *loader) census(ctx context.Context, entity string) error {
	repeated, err := l.repeated(ctx, entity)
	if err != nil || len(repeated) == 0 {
		return err
	}
	floor, twins := "", map[string]pipedrive.Record{}
	for _, r := range repeated {
		if floor == "" || higher(floor, r.hiID) == floor {
			floor = r.hiID
		}
	}
	if _, err := l.newest(ctx, entity, floor, func(rec pipedrive.Record, marker string) {
		if r, ok := repeated[marker]; ok && r.linkedID != rec.ID {
			twins[rec.ID] = rec
		}
	}); err != nil {
		return err
	}
	for _, twin := range twins {
		if err := l.removeTwin(ctx, entity, twin); err != nil {
			return err
		}
	}
	return nil
}

type repeatedOp struct{ hiID, linkedID string }

// repeated lists creates of this account that were sent more than once.
func (l *loader) repeated(ctx context.Context, entity string) (map[string]repeatedOp, error) {
	rows, err := l.DB.Read().QueryContext(ctx, `SELECT o.marker, min(CAST(o.hi_id AS INTEGER)), coalesce(k.pipedrive_id, '') FROM load_op AS o
		LEFT JOIN link AS k ON k.target_id = o.target_id AND k.entity = o.entity AND k.final_key = o.final_key AND k.state = 'live'
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
		if err := rows.Scan(&marker, &r.hiID, &r.linkedID); err != nil {
			return nil, err
		}
		out[marker] = r
	}
	return out, rows.Err()
}

// removeTwin deletes a surplus record of ours, unless it no longer holds what
// we sent: then somebody works with it, and verify reports it as surplus.
func (l *loader) removeTwin(ctx context.Context, entity string, twin pipedrive.Record) error {
	untouched, err := l.holdsOurs(ctx, entity, twin)
	if err != nil || !untouched {
		return err
	}
	op := &journal.Op{Entity: entity, FinalKey: "twin:" + twin.ID, Verb: journal.Delete, PipedriveID: twin.ID, Before: &twin}
	if err := l.j.Send(ctx, op); err != nil {
		return err
	}
	return l.j.SettleAll(ctx, entity)
}

// holdsOurs compares a twin with what was sent for its marker.
func (l *loader) holdsOurs(ctx context.Context, entity string, twin pipedrive.Record) (bool, error) {
	marker := markerOf(twin.Data, l.binder.symbols["field:"+entity+".nextcrm_id"])
	var body []byte
	if err := l.DB.Read().QueryRowContext(ctx, `SELECT body FROM load_op WHERE target_id = ? AND entity = ? AND marker = ? AND verb = 'create'
		ORDER BY op_id DESC LIMIT 1`, l.ID, entity, marker).Scan(&body); err != nil {
		return false, err
	}
	return journal.Holds(twin.Data, body)
}
