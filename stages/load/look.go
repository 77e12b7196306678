package load

import (
	"context"
	"net/url"

	"nextpipe/stages/internal/journal"
	"nextpipe/stages/internal/pipedrive"
)

// look finds operations in doubt: creates by their marker on the newest list
// pages, updates by reading the record.
func (l *loader) look(ctx context.Context, ops []*journal.Op) (map[int64]pipedrive.Record, error) {
	found := map[int64]pipedrive.Record{}
	var creates []*journal.Op
	for _, op := range ops {
		if op.Verb == journal.Create {
			creates = append(creates, op)
			continue
		}
		rec, ok, err := l.j.LookByID(ctx, op)
		if err != nil {
			return nil, err
		}
		if ok {
			found[op.ID] = rec
		}
	}
	return found, l.lookByMarker(ctx, creates, found)
}

// lookByMarker walks the newest list pages for creates of one entity.
func (l *loader) lookByMarker(ctx context.Context, creates []*journal.Op, found map[int64]pipedrive.Record) error {
	byMarker, floor := map[string]*journal.Op{}, ""
	for _, op := range creates {
		if markerOf(op.Body, l.markerCode(op.Entity)) != op.Marker {
			// The field was deleted or made anew since: a record that was made could not be told by it.
			if err := l.j.Quarantine(ctx, op, `the field "NextCRM ID" it was sent with is no longer the account's`); err != nil {
				return err
			}
			continue
		}
		byMarker[op.Marker] = op
		if floor == "" || higher(floor, op.HiID) == floor {
			floor = op.HiID
		}
	}
	if len(byMarker) == 0 {
		return nil
	}
	return l.newest(ctx, creates[0].Entity, floor, func(rec pipedrive.Record, marker string) {
		if op, ok := byMarker[marker]; ok {
			// Pages run from new to old: the oldest of several twins is linked, the census sees to the others.
			found[op.ID] = rec
		}
	})
}

// newest walks the list from the newest record down to the id floor, which is
// not included. The floor of an operation is what was known before its sending
// and is never raised by a look: ids are given out before records become
// visible, so a lower id may appear after a higher one.
func (l *loader) newest(ctx context.Context, entity, floor string, visit func(rec pipedrive.Record, marker string)) error {
	code := l.markerCode(entity)
	q := url.Values{"sort_by": {"id"}, "sort_direction": {"desc"}}
	for rec, err := range l.Client.All(ctx, entity, q) {
		if err != nil {
			return err
		}
		if higher(floor, rec.ID) == floor {
			break
		}
		visit(rec, markerOf(rec.Data, code))
	}
	return nil
}

func (l *loader) markerCode(entity string) string {
	return l.binder.symbols["field:"+entity+".nextcrm_id"]
}

func markerOf(data []byte, code string) string {
	if m := journal.Marker(data, code); m != nil {
		return *m
	}
	return ""
}
