// Package relink ties this warehouse to records that another copy of it made.
//
//	reads   Pipedrive: every record, by list pages; final_item final_field dest_field bind link load_op
//	does    adopts what carries a marker of this source, and files and filters that say what ours would
//	writes  (through the journal) link
//
// It sends nothing but reads. What it adopts is ours for every later run, but
// not for a rollback: the journal here does not say who made it.
package relink

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"nextpipe/stages/internal/bind"
	"nextpipe/stages/internal/entity"
	"nextpipe/stages/internal/journal"
	"nextpipe/stages/internal/pipedrive"
	"nextpipe/stages/internal/stage"
	"nextpipe/stages/internal/target"
)

// adopter works on one account.
type adopter struct {
	*target.Session
	j      *journal.Journal
	binder *bind.Binder
	// adopted are "kind key" of what has its record by now.
	adopted map[string]bool
}

// Run adopts kind by kind, parents first: what hangs inside others is looked
// for in those that are known by then.
func Run(ctx context.Context, s *target.Session) (stage.Result, error) {
	var res stage.Result
	a := &adopter{Session: s, j: s.Journal("load"), adopted: map[string]bool{}}
	for _, e := range entity.All {
		// Links of the kinds before are references here.
		binder, err := bind.New(ctx, s)
		if err != nil {
			return res, fmt.Errorf("relink: %w", err)
		}
		a.binder = binder
		n, err := a.kind(ctx, e)
		if err != nil {
			return res, fmt.Errorf("relink %s: %w", e.Plural(), err)
		}
		if n > 0 {
			res.Add(e.Plural()+" adopted", n)
		}
		res.Rows += n
	}
	return res, s.Meter.Flush(ctx)
}

// kind adopts the records of one kind. Sets need no adopting: the account
// refuses to add somebody twice, and load links who is there.
func (a *adopter) kind(ctx context.Context, e entity.Entity) (int64, error) {
	open, err := a.open(ctx, e.Name)
	if err != nil || len(open) == 0 || e.Under != "" && !e.IsMarked() {
		return 0, err
	}
	wanted, err := a.recogniser(ctx, e, open)
	if err != nil {
		return 0, err
	}
	if e.Under == "" {
		return a.adoptFrom(ctx, e, nil, wanted)
	}
	return a.adoptFrom(ctx, e, a.parents(e, open), wanted)
}

// item is a final record that has no record in the account yet, bound.
type item struct {
	key, marker   string
	payload, body []byte
}

// open lists the final records of a kind without a link.
func (a *adopter) open(ctx context.Context, kind string) (map[string]item, error) {
	rows, err := a.DB.Read().QueryContext(ctx, entity.ForOne(`SELECT f.final_key, f.marker, f.payload FROM final_item AS f
		WHERE f.entity = ?2 AND NOT EXISTS (SELECT 1 FROM link AS l
			WHERE l.target_id = ?1 AND l.entity = ?2 AND l.final_key = f.final_key AND l.state <> 'removed')`, kind), a.ID, kind)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []item
	for rows.Next() {
		var i item
		if err := rows.Scan(&i.key, &i.marker, &i.payload); err != nil {
			return nil, err
		}
		all = append(all, i)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, err
	}
	out := map[string]item{}
	for _, i := range all {
		// What cannot be bound hangs on something that is not here; it stays open.
		if i.body, _, err = a.binder.Bind(ctx, i.payload); err != nil {
			return nil, fmt.Errorf("bind %s: %w", i.key, err)
		}
		out[i.marker] = i
	}
	return out, nil
}

// recogniser tells which open final records a record of the account may be.
func (a *adopter) recogniser(ctx context.Context, e entity.Entity, open map[string]item) (func(pipedrive.Record) []item, error) {
	if e.IsMarked() {
		code, err := a.markerField(ctx, e)
		if err != nil {
			return nil, err
		}
		return func(rec pipedrive.Record) []item {
			if m := e.Marker(rec.Data, code); m != nil {
				if i, ok := open[*m]; ok {
					return []item{i}
				}
			}
			return nil
		}, nil
	}
	parts := map[string][]byte{}
	for marker, i := range open {
		part, err := e.Part(i.payload)
		if err != nil {
			return nil, err
		}
		bound, missing, err := a.binder.Bind(ctx, part)
		if err != nil {
			return nil, err
		}
		if missing == "" {
			parts[marker] = bound
		}
	}
	return func(rec pipedrive.Record) (out []item) {
		for marker, part := range parts {
			if same, err := journal.Holds(rec.Data, part); err == nil && same {
				out = append(out, open[marker])
			}
		}
		return out
	}, nil
}

// markerField is the code of the field "NextCRM ID": as bound, or, in a
// warehouse that has provisioned nothing yet, by its name.
func (a *adopter) markerField(ctx context.Context, e entity.Entity) (code string, err error) {
	if code = a.binder.Field(e.Name + ".nextcrm_id"); code != "" || !e.HasField() {
		return code, nil
	}
	err = a.DB.Read().QueryRowContext(ctx, `SELECT d.field_code FROM dest_field AS d JOIN final_field AS f ON f.entity = d.entity AND f.name = d.name
		WHERE d.target_id = ? AND d.entity = ? AND d.is_custom = 1 AND f.field_key = 'nextcrm_id' ORDER BY d.field_code LIMIT 1`, a.ID, e.Name).Scan(&code)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil // then no record can have it
	}
	return code, err
}

// parents are the records that open final records would hang on.
func (a *adopter) parents(e entity.Entity, open map[string]item) []string {
	seen := map[string]bool{}
	var out []string
	for _, i := range open {
		if id := journal.TextAt(i.body, e.Under); id != "" && !seen[id] {
			seen[id] = true
			out = append(out, id)
		}
	}
	return out
}

func (a *adopter) adoptFrom(ctx context.Context, e entity.Entity, inside []string, wanted func(pipedrive.Record) []item) (n int64, err error) {
	visit := func(page []pipedrive.Record) error {
		for _, rec := range page {
			adopted, err := a.adoptAs(ctx, e, rec, wanted(rec))
			if err != nil {
				return err
			}
			n += adopted
		}
		a.Report("relink", e.Name, n, 0)
		return nil
	}
	if inside == nil {
		err = a.Walk(ctx, e, visit)
		return n, err
	}
	err = a.WalkInside(ctx, e, inside, visit)
	return n, err
}

// adoptAs links a record to the first of several final records that it can be:
// of files that say the same the one with its bytes.
func (a *adopter) adoptAs(ctx context.Context, e entity.Entity, rec pipedrive.Record, may []item) (int64, error) {
	for _, i := range may {
		if a.adopted[e.Name+" "+i.key] {
			continue
		}
		same, err := a.SameBytes(ctx, rec, i.payload)
		if err != nil {
			return 0, err
		}
		if same {
			a.adopted[e.Name+" "+i.key] = true
			return a.adopt(ctx, e, i, rec)
		}
	}
	return 0, nil
}

// adopt links one record. Where it already says everything it agrees to the
// final payload; else the next plan finds out what is blank in it.
func (a *adopter) adopt(ctx context.Context, e entity.Entity, i item, rec pipedrive.Record) (int64, error) {
	link := journal.Link{Entity: e.Name, FinalKey: i.key, PipedriveID: rec.ID, Marker: i.marker, Origin: "adopted",
		Symbolic: []byte("{}"), Sent: []byte("{}"), Echoed: rec.Data}
	if i.body != nil {
		holds, err := journal.Holds(rec.Data, i.body)
		if err != nil {
			return 0, err
		}
		if holds {
			link.Symbolic, link.Sent = i.payload, i.body
		}
	}
	err := a.DB.Write(ctx, func(tx *sql.Tx) error { return a.j.SaveLink(tx, 0, link) })
	if errors.Is(err, journal.ErrTaken) {
		return 0, nil // it is the record of another one here
	}
	return 1, err
}
