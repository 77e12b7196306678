package load

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"slices"

	"nextpipe/stages/internal/entity"
	"nextpipe/stages/internal/journal"
	"nextpipe/stages/internal/pipedrive"
)

// look finds operations in doubt: creates among the newest records or in the
// list of what they belong to, updates by reading the record.
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
	if len(creates) == 0 {
		return found, nil
	}
	e, ok := entity.Of(creates[0].Entity)
	if !ok {
		return nil, fmt.Errorf("%s is no kind of record", creates[0].Entity)
	}
	if e.IsMarked() {
		return found, l.lookByMarker(ctx, e, creates, found)
	}
	return found, l.lookByIdentity(ctx, e, creates, found)
}

// lookByMarker finds creates of one entity by what the records carry.
func (l *loader) lookByMarker(ctx context.Context, e entity.Entity, creates []*journal.Op, found map[int64]pipedrive.Record) error {
	byMarker := map[string]*journal.Op{}
	var where place
	for _, op := range creates {
		if l.markerOf(e, op.Body) != op.Marker {
			// The field was deleted or made anew since: a record that was made could not be told by it.
			if err := l.j.Quarantine(ctx, op, `the field "NextCRM ID" it was sent with is no longer the account's`); err != nil {
				return err
			}
			continue
		}
		byMarker[op.Marker] = op
		where.add(e, op.Body, op.HiID)
	}
	if len(byMarker) == 0 {
		return nil
	}
	visit := func(rec pipedrive.Record) error {
		if op, ok := byMarker[l.markerOf(e, rec.Data)]; ok {
			// Pages run from new to old: the oldest of several twins is linked, the census sees to the others.
			found[op.ID] = rec
		}
		return nil
	}
	if err := l.candidates(ctx, e, where, visit); err != nil || areFound(byMarker, found) {
		return err
	}
	return l.archived(ctx, e, where, visit)
}

func areFound(ops map[string]*journal.Op, found map[int64]pipedrive.Record) bool {
	for _, op := range ops {
		if _, ok := found[op.ID]; !ok {
			return false
		}
	}
	return true
}

// lookByIdentity finds creates of what cannot carry a marker: a record that
// says the same, is newer than the sending and is nobody else's.
func (l *loader) lookByIdentity(ctx context.Context, e entity.Entity, creates []*journal.Op, found map[int64]pipedrive.Record) error {
	var where place
	parts := make([][]byte, len(creates))
	for i, op := range creates {
		part, err := e.Part(op.Body)
		if err != nil {
			return fmt.Errorf("%s %s: %w", op.Entity, op.FinalKey, err)
		}
		parts[i] = part
		where.add(e, op.Body, op.HiID)
	}
	return l.candidates(ctx, e, where, func(rec pipedrive.Record) error {
		taken, err := l.isLinked(ctx, e.Name, rec.ID)
		if err != nil || taken {
			return err
		}
		for i, op := range creates {
			if _, done := found[op.ID]; done || e.Under == "" && higher(op.HiID, rec.ID) == op.HiID {
				continue
			}
			same, err := l.says(ctx, rec, parts[i], op.Body)
			if err != nil {
				return err
			}
			if !same {
				continue
			}
			found[op.ID] = rec
			ours, err := l.isOurs(ctx, e, op.Body)
			if e.Under != "" && !ours {
				op.Verb = journal.Update // it may have been there before us: a rollback must leave it
			}
			return err
		}
		return nil
	})
}

// says tells that a record says what identifies a body, down to a file's bytes.
func (l *loader) says(ctx context.Context, rec pipedrive.Record, part, body []byte) (bool, error) {
	same, err := journal.Holds(rec.Data, part)
	if err != nil || !same {
		return false, err
	}
	return l.SameBytes(ctx, rec, body)
}

func (l *loader) isLinked(ctx context.Context, entity, id string) (taken bool, err error) {
	err = l.DB.Read().QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM link WHERE target_id = ? AND entity = ? AND pipedrive_id = ? AND state = 'live')",
		l.ID, entity, id).Scan(&taken)
	return taken, err
}

// place is where records of some creates would be found: in the lists of these
// records, or among those newer than the floor.
type place struct {
	around []string
	floor  string
}

func (p *place) add(e entity.Entity, body []byte, hiID string) {
	if e.Under != "" {
		if id := journal.TextAt(body, e.Under); id != "" && !slices.Contains(p.around, id) {
			p.around = append(p.around, id)
		}
		return
	}
	if p.floor == "" || higher(p.floor, hiID) == p.floor {
		p.floor = hiID
	}
}

// candidates visits the records of a place. Where the list can be sorted it is
// walked from the newest record down to the floor, which is not included. The
// floor of an operation is what was known before its sending and is never
// raised by a look: ids are given out before records become visible, so a lower
// id may appear after a higher one.
func (l *loader) candidates(ctx context.Context, e entity.Entity, where place, visit func(pipedrive.Record) error) error {
	if e.Under != "" {
		return l.inside(ctx, e, where.around, visit)
	}
	return l.list(ctx, e.Name, where.floor, visit)
}

// archived visits what people have put away of a kind, also since it was sent.
// That list costs more than the usual one, so it is read for what is not there.
func (l *loader) archived(ctx context.Context, e entity.Entity, where place, visit func(pipedrive.Record) error) error {
	for _, list := range pipedrive.ListsOf(e.Name)[1:] {
		if err := l.list(ctx, list, where.floor, visit); err != nil {
			return err
		}
	}
	return nil
}

func (l *loader) list(ctx context.Context, name, floor string, visit func(pipedrive.Record) error) error {
	sorted := pipedrive.NewestFirst(name)
	for rec, err := range l.Client.All(ctx, name, sorted) {
		if err != nil {
			return err
		}
		if sorted != nil && higher(floor, rec.ID) == floor {
			return nil
		}
		if err := visit(rec); err != nil {
			return err
		}
	}
	return nil
}

func (l *loader) inside(ctx context.Context, e entity.Entity, around []string, visit func(pipedrive.Record) error) error {
	return l.WalkInside(ctx, e, around, func(page []pipedrive.Record) error {
		for _, rec := range page {
			if err := visit(rec); err != nil {
				return err
			}
		}
		return nil
	})
}

// knowHighest finds out what the newest record of a kind is before the first
// of ours is sent, for kinds of which the account's own are not read, and keeps
// it. It tells whether that was known from an earlier run.
func (l *loader) knowHighest(ctx context.Context, e entity.Entity) (known bool, err error) {
	if e.Snapshot || e.Under != "" {
		return true, nil
	}
	var stored string
	err = l.DB.Read().QueryRowContext(ctx, "SELECT hi_id FROM load_floor WHERE target_id = ? AND entity = ?", l.ID, e.Name).Scan(&stored)
	if err == nil {
		l.hiID[e.Name] = higher(l.hiID[e.Name], stored)
		return true, nil
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return false, err
	}
	if err := l.readHighest(ctx, e); err != nil {
		return false, fmt.Errorf("read the newest %s: %w", e.Name, err)
	}
	return false, l.DB.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec("INSERT INTO load_floor VALUES (?, ?, ?, ?)", l.ID, e.Name, l.hiID[e.Name], l.DB.Now())
		return err
	})
}

func (l *loader) readHighest(ctx context.Context, e entity.Entity) error {
	if e.Origin != "" {
		return nil // its ids have no order
	}
	q := pipedrive.NewestFirst(e.Name)
	if q == nil {
		q = url.Values{}
	} else {
		q.Set("limit", "1")
	}
	page, _, err := l.Client.Page(ctx, e.Name, q, "")
	for _, rec := range page {
		l.hiID[e.Name] = higher(l.hiID[e.Name], rec.ID)
	}
	return err
}

// already settles refusals of what a set had before us: the account takes
// nobody twice. What was there is linked as found, so a rollback leaves it.
func (l *loader) already(ctx context.Context, ops []*journal.Op) error {
	for _, op := range ops {
		e, _ := entity.Of(op.Entity)
		if op.State != "refused" || e.Under == "" || e.IsMarked() {
			continue
		}
		part, err := e.Part(op.Body)
		if err != nil {
			return err
		}
		err = l.inside(ctx, e, []string{journal.TextAt(op.Body, e.Under)}, func(rec pipedrive.Record) error {
			same, err := journal.Holds(rec.Data, part)
			if err != nil || !same || op.State == "done" {
				return err
			}
			op.Verb = journal.Update
			return l.j.Finish(ctx, op, rec)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// isOurs tells that we created the record that something hangs on.
func (l *loader) isOurs(ctx context.Context, e entity.Entity, body []byte) (ours bool, err error) {
	err = l.DB.Read().QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM link
		WHERE target_id = ? AND entity = ? AND pipedrive_id = ? AND state = 'live' AND origin = 'created')`,
		l.ID, e.Refers[e.Under], journal.TextAt(body, e.Under)).Scan(&ours)
	return ours, err
}

func (l *loader) markerCode(entity string) string {
	return l.binder.Field(entity + ".nextcrm_id")
}

// markerOf is our marker in a record or body, "" when it has none.
func (l *loader) markerOf(e entity.Entity, data []byte) string {
	if m := e.Marker(data, l.markerCode(e.Name)); m != nil {
		return *m
	}
	return ""
}
