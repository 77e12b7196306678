package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"

	"nextpipe/stages/internal/journal"
	"nextpipe/stages/internal/pipedrive"
	"nextpipe/stages/internal/target"
)

// The probe makes one record of each kind, reads it back and removes it. It
// keeps the rule of the journal in a table of its own, doctor_probe, because
// nothing that counts or takes back the migration may ever meet these records:
// the intent is committed before the first byte is sent, a record is sent once,
// and one whose answer was lost is looked for by its marker, never sent again.

// The times that are tried lie long ago: nobody takes them for the day of the probe.
const (
	longAgo   = "2015-03-04T05:06:07Z"
	longAgoV1 = "2015-03-04 05:06:07"
	later     = "2016-04-05T06:07:08Z"
)

// trial is the record of one kind.
type trial struct {
	entity, name string            // name is the property that carries the marker
	parents      map[string]string // property → kind made before
	more         map[string]any
	// sure are stamps that the migration sends; tried are those that nobody
	// promises and that would be worth having.
	sure, tried map[string]string
}

var trials = []trial{
	{entity: "organization", name: "name", sure: map[string]string{"add_time": longAgo}},
	{entity: "person", name: "name", parents: map[string]string{"org_id": "organization"}, sure: map[string]string{"add_time": longAgo}},
	{entity: "deal", name: "title", parents: map[string]string{"org_id": "organization", "person_id": "person"}, more: map[string]any{"status": "won"},
		sure: map[string]string{"won_time": later}, tried: map[string]string{"add_time": longAgo}},
	{entity: "lead", name: "title", parents: map[string]string{"person_id": "person"}, tried: map[string]string{"add_time": longAgo}},
	{entity: "activity", name: "subject", parents: map[string]string{"deal_id": "deal"}, more: map[string]any{"done": true, "due_date": longAgo[:10]},
		tried: map[string]string{"add_time": longAgo}},
	{entity: "note", name: "content", parents: map[string]string{"deal_id": "deal"}, sure: map[string]string{"add_time": longAgoV1}},
}

// attempts are the stamps to send, fewer each time that the account refuses.
func (t trial) attempts() []map[string]string {
	all, sure := map[string]string{}, map[string]string{}
	maps.Copy(sure, t.sure)
	maps.Copy(all, t.sure)
	maps.Copy(all, t.tried)
	out := []map[string]string{all}
	for _, fewer := range []map[string]string{sure, {}} {
		if len(fewer) < len(out[len(out)-1]) {
			out = append(out, fewer)
		}
	}
	return out
}

// body is what is sent; false when a record that it hangs on was not made.
func (p *prober) body(t trial, marker string, stamps map[string]string) ([]byte, bool, error) {
	props := map[string]any{t.name: marker}
	for property, kind := range t.parents {
		if p.ids[kind] == "" {
			return nil, false, nil
		}
		props[property] = json.Number(p.ids[kind])
	}
	if t.entity == "activity" {
		props["type"] = p.activityType
	}
	maps.Copy(props, t.more)
	for stamp, at := range stamps {
		props[stamp] = at
	}
	data, err := json.Marshal(props)
	return data, true, err
}

// prober makes and removes the records of one account.
type prober struct {
	*target.Session
	j   *journal.Journal  // its clock and patience; it sends nothing
	ids map[string]string // of what was made, by kind
	// activityType is one that the account has; people rename and delete them.
	activityType string
}

// Probe finds out by trying which times an account takes. What an earlier probe
// left is removed first, what this one makes at its end, however that comes.
func Probe(ctx context.Context, s *target.Session) error {
	p := &prober{Session: s, j: s.Journal("probe"), ids: map[string]string{}}
	if err := p.clean(ctx); err != nil {
		return fmt.Errorf("remove what an earlier probe left: %w", err)
	}
	made := p.make(ctx)
	cleaned := p.clean(context.WithoutCancel(ctx))
	if cleaned != nil {
		cleaned = fmt.Errorf("remove the records of the probe (`nextpipe doctor --probe` goes on with it): %w", cleaned)
	}
	return errors.Join(made, cleaned, s.Meter.Flush(ctx))
}

func (p *prober) make(ctx context.Context) error {
	if err := p.chooseActivityType(ctx); err != nil {
		return err
	}
	for _, t := range trials {
		for _, stamps := range t.attempts() {
			r, err := p.try(ctx, t, stamps)
			if err != nil {
				return fmt.Errorf("probe with a %s: %w", t.entity, err)
			}
			if r.state != refused {
				break
			}
		}
	}
	return nil
}

func (p *prober) chooseActivityType(ctx context.Context) error {
	type activityType struct {
		Key    string `json:"key_string"`
		Active bool   `json:"active_flag"`
	}
	types, err := list[activityType](ctx, p.Session, "activity_type")
	for _, t := range types {
		if t.Active {
			p.activityType = t.Key
			break
		}
	}
	return err
}

// try sends one record. That it was refused is an answer, not an error.
func (p *prober) try(ctx context.Context, t trial, stamps map[string]string) (row, error) {
	r := row{entity: t.entity, marker: newMarker(), sent: stamps}
	body, whole, err := p.body(t, r.marker, stamps)
	if err != nil || !whole {
		return r, err
	}
	if r.hiID, err = p.highest(ctx, t.entity); err != nil {
		return r, err
	}
	if err := p.intend(ctx, &r); err != nil {
		return r, err
	}
	rec, err := p.Client.Create(ctx, t.entity, body)
	var no *pipedrive.Error
	switch {
	case err == nil:
		r.id = rec.ID
		err = p.made(ctx, &r)
	case errors.Is(err, pipedrive.ErrUnknownOutcome):
		err = p.settle(ctx, &r)
	case errors.As(err, &no) && (no.Kind == pipedrive.Refused || no.Kind == pipedrive.Forbidden || no.Kind == pipedrive.Capped):
		err = p.end(ctx, &r, refused, no.Message)
	default: // certainly not carried out
		err = errors.Join(err, p.end(ctx, &r, absent, err.Error()))
	}
	p.ids[t.entity] = r.id
	return r, err
}
