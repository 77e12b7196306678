package rollback

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"

	"nextpipe/stages/internal/entity"
	"nextpipe/stages/internal/journal"
	"nextpipe/stages/internal/pipedrive"
)

// deals is what a rollback has to know of all deals to find what others put
// into ours and what of ours they put into theirs.
type deals struct {
	ids     []string
	crowded []string          // more people take part than the main one and ours
	main    map[string]string // of the crowded ones, their main person
}

// allDeals reads all deals, once.
func (u *undoer) allDeals(ctx context.Context) (*deals, error) {
	if u.deals != nil {
		return u.deals, nil
	}
	ours, err := u.participants(ctx, "deal_id")
	if err != nil {
		return nil, err
	}
	all := &deals{main: map[string]string{}}
	for rec, err := range u.every(ctx, "deal", url.Values{"include_fields": {"participants_count"}}) {
		if err != nil {
			return nil, err
		}
		var d struct {
			Main   json.RawMessage `json:"person_id"`
			People int64           `json:"participants_count"`
		}
		if err := json.Unmarshal(rec.Data, &d); err != nil {
			return nil, fmt.Errorf("deal %s: %w", rec.ID, err)
		}
		all.ids = append(all.ids, rec.ID)
		known, main := ours[rec.ID], idIn(d.Main)
		if main != "" {
			known++
		}
		if d.People > known {
			all.crowded, all.main[rec.ID] = append(all.crowded, rec.ID), main
		}
	}
	u.deals = all
	return all, nil
}

// participants counts what we made of them and is still there, by the deal or
// the person they name.
func (u *undoer) participants(ctx context.Context, property string) (map[string]int64, error) {
	rows, err := u.DB.Read().QueryContext(ctx, `SELECT sent ->> ?2, count(*) FROM link
		WHERE target_id = ?1 AND entity = 'participant' AND state = 'live' GROUP BY 1`, u.ID, "$."+property)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[string]int64{}
	for rows.Next() {
		var id string
		var n int64
		if err := rows.Scan(&id, &n); err != nil {
			return nil, err
		}
		out[id] = n
	}
	return out, rows.Err()
}

// noteLines reads the lines of all deals, a hundred deals in a request.
func (u *undoer) noteLines(ctx context.Context, line entity.Entity) error {
	all, err := u.allDeals(ctx)
	if err != nil {
		return err
	}
	return u.noteInside(ctx, line, all.ids)
}

func (u *undoer) noteInside(ctx context.Context, e entity.Entity, ids []string) error {
	return u.WalkInside(ctx, e, ids, func(recs []pipedrive.Record) error {
		for _, rec := range recs {
			if err := u.noteReference(ctx, e, rec); err != nil {
				return err
			}
		}
		return nil
	})
}

// noteParticipants looks for people that others added to a deal of ours, and
// for people of ours in deals of theirs. Each deal has a list of its own, so
// counters, which cost nothing on pages, tell which are worth it: those of deals,
// and for deals of others first whether any person of ours says so.
func (u *undoer) noteParticipants(ctx context.Context, e, parent entity.Entity) error {
	all, err := u.allDeals(ctx)
	if err != nil || len(all.crowded) == 0 {
		return err
	}
	if parent.Name == "person" {
		if yes, err := u.takesPartElsewhere(ctx); err != nil || !yes {
			return err
		}
	}
	var ask, later []string
	for _, id := range all.crowded {
		l, err := u.link(ctx, "deal", id)
		if err != nil {
			return err
		}
		if l.id != "" || parent.Name == "person" {
			ask = append(ask, id)
		} else {
			later = append(later, id)
		}
	}
	all.crowded = later
	return u.noteCrowd(ctx, e, ask, all.main)
}

// noteCrowd notes participants, other than main persons: they are on the deal itself.
func (u *undoer) noteCrowd(ctx context.Context, e entity.Entity, ids []string, main map[string]string) error {
	return u.WalkInside(ctx, e, ids, func(recs []pipedrive.Record) error {
		for _, rec := range recs {
			var p map[string]json.RawMessage
			if err := json.Unmarshal(rec.Data, &p); err != nil {
				return fmt.Errorf("participant %s: %w", rec.ID, err)
			}
			if idIn(p["person_id"]) == main[idIn(p["deal_id"])] {
				continue
			}
			if err := u.noteReference(ctx, e, rec); err != nil {
				return err
			}
		}
		return nil
	})
}

// takesPartElsewhere tells whether a person of ours takes part in more deals
// than we put him into.
func (u *undoer) takesPartElsewhere(ctx context.Context) (bool, error) {
	ours, err := u.participants(ctx, "person_id")
	if err != nil {
		return false, err
	}
	for rec, err := range u.every(ctx, "person", url.Values{"include_fields": {"participant_open_deals_count,participant_closed_deals_count"}}) {
		if err != nil {
			return false, err
		}
		var p struct {
			Open   int64 `json:"participant_open_deals_count"`
			Closed int64 `json:"participant_closed_deals_count"`
		}
		if err := json.Unmarshal(rec.Data, &p); err != nil {
			return false, fmt.Errorf("person %s: %w", rec.ID, err)
		}
		if p.Open+p.Closed <= ours[rec.ID] {
			continue
		}
		if l, err := u.link(ctx, "person", rec.ID); err != nil || l.id != "" {
			return l.id != "", err
		}
	}
	return false, nil
}

// noteDiscounts looks, before any line is taken back, for discounts that others
// put on deals with lines of ours. Each deal has a list of its own; which are
// worth it tells a value that is not what we sent. Deals with discounts of ours
// are read anyway.
func (u *undoer) noteDiscounts(ctx context.Context) error {
	ours, err := u.live(ctx, "deal")
	if err != nil || !slices.ContainsFunc(ours, func(r counted) bool { return r.made }) {
		return err
	}
	values, err := u.linedValues(ctx)
	if err != nil || len(values) == 0 {
		return err
	}
	var ask []string
	for rec, err := range u.every(ctx, "deal", nil) {
		if err != nil {
			return err
		}
		value, lined := values[rec.ID]
		if !lined {
			continue
		}
		if same, err := journal.Holds(rec.Data, []byte(`{"value":`+value+`}`)); err != nil {
			return fmt.Errorf("deal %s: %w", rec.ID, err)
		} else if !same {
			ask = append(ask, rec.ID)
		}
	}
	e, _ := entity.Of("deal_discount")
	return u.noteInside(ctx, e, ask)
}

// linedValues are the values that we sent of the deals that have or had lines of
// ours and no discount.
func (u *undoer) linedValues(ctx context.Context) (map[string]string, error) {
	rows, err := u.DB.Read().QueryContext(ctx, `WITH inside(entity, deal_id) AS MATERIALIZED (SELECT entity, sent ->> '$.deal_id' FROM link
			WHERE target_id = ?1 AND entity IN ('deal_product', 'deal_discount'))
		SELECT pipedrive_id, coalesce(sent -> '$.value', 'null') FROM link WHERE target_id = ?1 AND entity = 'deal' AND state = 'live' AND origin = 'created'
			AND CAST(pipedrive_id AS INTEGER) IN (SELECT deal_id FROM inside WHERE entity = 'deal_product')
			AND CAST(pipedrive_id AS INTEGER) NOT IN (SELECT deal_id FROM inside WHERE entity = 'deal_discount' AND deal_id IS NOT NULL)`, u.ID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[string]string{}
	for rows.Next() {
		var id, value string
		if err := rows.Scan(&id, &value); err != nil {
			return nil, err
		}
		out[id] = value
	}
	return out, rows.Err()
}
