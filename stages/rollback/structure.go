package rollback

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"nextpipe/stages/internal/journal"
)

// made is one structural thing that we created.
type made struct {
	kind, symbol, id, parent string
	inPart                   bool
}

// removalOrder takes what stands inside before what it stands in. A board goes
// before its phases, which go along with it: it may not stand without any.
var removalOrder = []string{"option", "label", "field", "activity_type", "stage", "pipeline", "board", "phase"}

// key is how usage names it.
func (t made) key() string { return t.kind + ":" + t.parent + ":" + t.id }

// entity is what the journal calls it: an option's is that of its field with
// another ending, labels of leads stand alone.
func (t made) entity() string {
	of, _, _ := strings.Cut(t.symbol, map[string]string{"field": ".", "option": ".", "label": ":"}[t.kind])
	switch {
	case t.kind == "field":
		return of + "_field"
	case t.kind == "label" && of == "lead":
		return "lead_label"
	case t.kind == "option" || t.kind == "label":
		return of + "_option"
	}
	return t.kind
}

// structure removes what we provisioned and nobody uses. The account is read
// again: what people entered into our fields meanwhile must be seen.
func (u *undoer) structure(ctx context.Context) error {
	if things, err := u.provisioned(ctx); err != nil || len(things) == 0 {
		return err
	}
	used, err := u.usage(ctx)
	if err != nil {
		return err
	}
	for range attempts {
		things, err := u.provisioned(ctx)
		if err != nil {
			return err
		}
		if len(things) == 0 {
			return nil
		}
		if err := u.removeUnused(ctx, things, used); err != nil {
			return err
		}
	}
	return nil
}

func (u *undoer) removeUnused(ctx context.Context, things []made, used map[string]string) error {
	for _, kind := range removalOrder {
		for _, t := range things {
			if t.kind != kind || u.kept[kind+" "+t.id] {
				continue
			}
			if by, inUse := used[t.key()]; inUse {
				if err := u.keep(ctx, kind, t.symbol, t.id, "in use by "+by); err != nil {
					return err
				}
				continue
			}
			if err := u.remove(ctx, t); err != nil {
				return err
			}
		}
	}
	return nil
}

func (u *undoer) provisioned(ctx context.Context) ([]made, error) {
	all, err := u.everyMade(ctx)
	return slices.DeleteFunc(all, func(t made) bool { return !t.inPart }), err
}

// everyMade lists what we made and is still there, in the part or not.
func (u *undoer) everyMade(ctx context.Context) ([]made, error) {
	rows, err := u.DB.Read().QueryContext(ctx, `SELECT kind, symbol, pipedrive_id, coalesce(parent_id, ''), (?2 = 0 OR run_id = ?2) AND (?3 = '' OR made_at >= ?3)
		FROM provisioned WHERE target_id = ?1 AND removed_at IS NULL ORDER BY made_at DESC, symbol DESC`, u.ID, u.part.Run, u.part.since())
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []made
	for rows.Next() {
		var t made
		if err := rows.Scan(&t.kind, &t.symbol, &t.id, &t.parent, &t.inPart); err != nil {
			return nil, err
		}
		t.inPart = t.inPart && u.part.names(t.kind)
		out = append(out, t)
	}
	return out, rows.Err()
}

// noteHeld notes that a pipeline or a field holds stages or options of ours
// which are not in the part and would go along with it.
func (u *undoer) noteHeld(ctx context.Context, used map[string]string) error {
	all, err := u.everyMade(ctx)
	for _, t := range all {
		around := map[string]string{"stage": "pipeline", "option": "field"}[t.kind]
		if around != "" && !t.inPart {
			used[around+"::"+t.parent] = t.kind + " " + t.symbol + ", which is ours and not in this part"
		}
	}
	return err
}

// usage scans every live record for the fields, options, labels, stages and
// pipelines it uses. Keys are those that structure asks for.
func (u *undoer) usage(ctx context.Context) (map[string]string, error) {
	used := map[string]string{}
	for _, kind := range []string{"organization", "person", "product", "deal", "lead", "activity"} {
		for rec, err := range u.staying(ctx, kind) {
			if err != nil {
				return nil, fmt.Errorf("read %ss: %w", kind, err)
			}
			if err := noteUsage(used, kind+" "+rec.ID, rec.Data); err != nil {
				return nil, fmt.Errorf("%s %s: %w", kind, rec.ID, err)
			}
		}
	}
	// What filters say of types comes before types are told by their keys.
	return used, errors.Join(u.noteFilters(ctx, used), u.noteTypes(ctx, used), u.noteCategories(ctx, used), u.noteBoards(ctx, used), u.noteHeld(ctx, used))
}

func noteUsage(used map[string]string, who string, data []byte) error {
	var r struct {
		StageID      json.Number                `json:"stage_id"`
		PipelineID   json.Number                `json:"pipeline_id"`
		LabelIDs     []any                      `json:"label_ids"`
		Category     any                        `json:"category"`
		Type         string                     `json:"type"`
		CustomFields map[string]json.RawMessage `json:"custom_fields"`
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if err := d.Decode(&r); err != nil {
		return err
	}
	if r.CustomFields == nil { // v1 has them among the others
		if err := json.Unmarshal(data, &r.CustomFields); err != nil {
			return err
		}
	}
	used["stage:"+r.PipelineID.String()+":"+r.StageID.String()] = who
	used["pipeline::"+r.PipelineID.String()] = who
	for _, id := range r.LabelIDs {
		used[fmt.Sprint("label:label_ids:", id)] = who
		used[fmt.Sprint("label:label:", id)] = who
		used[fmt.Sprint("label::", id)] = who // of leads, which hang on no field
	}
	used[fmt.Sprint("label:category:", r.Category)] = who
	used["type:"+r.Type] = who
	for code, value := range r.CustomFields {
		text := strings.Trim(string(value), "[] ")
		if text == "null" || text == "" {
			continue
		}
		used["field::"+code] = who
		for _, id := range strings.Split(text, ",") {
			used["option:"+code+":"+strings.TrimSpace(id)] = who
		}
	}
	return nil
}

// noteTypes turns the keys that activities name into ids of activity types.
func (u *undoer) noteTypes(ctx context.Context, used map[string]string) error {
	for rec, err := range u.Client.All(ctx, "activity_type", nil) {
		if err != nil {
			return fmt.Errorf("read activity types: %w", err)
		}
		var t struct {
			Key string `json:"key_string"`
		}
		if err := json.Unmarshal(rec.Data, &t); err != nil {
			return fmt.Errorf("activity type %s: %w", rec.ID, err)
		}
		if who, ok := used["type:"+t.Key]; ok {
			used["activity_type::"+rec.ID] = who
		}
	}
	return nil
}

// noteCategories turns the names that products may answer into ids of options.
func (u *undoer) noteCategories(ctx context.Context, used map[string]string) error {
	things, err := u.provisioned(ctx)
	if err != nil || !slices.ContainsFunc(things, func(t made) bool { return t.parent == "category" }) {
		return err
	}
	rec, err := u.Client.Get(ctx, "product_field", "category")
	if err != nil {
		return fmt.Errorf("read categories: %w", err)
	}
	var f struct {
		Options []struct {
			ID    json.Number `json:"id"`
			Label string      `json:"label"`
		} `json:"options"`
	}
	if err := json.Unmarshal(rec.Data, &f); err != nil {
		return fmt.Errorf("read categories: %w", err)
	}
	for _, o := range f.Options {
		if who, ok := used["label:category:"+o.Label]; ok {
			used["label:category:"+o.ID.String()] = who
		}
	}
	return nil
}

// remove deletes one thing. A stage or pipeline that an earlier attempt or a
// person has removed already counts as removed.
func (u *undoer) remove(ctx context.Context, t made) error {
	op := &journal.Op{Verb: journal.Delete, Entity: t.entity(), FinalKey: t.kind + " " + t.symbol, PipedriveID: t.id}
	if strings.HasSuffix(op.Entity, "_option") {
		body, err := json.Marshal([]string{t.id})
		if err != nil {
			return err
		}
		op.Body, op.PipedriveID = body, t.parent
	}
	if err := u.j.Send(ctx, op); err != nil {
		return err
	}
	return u.j.SettleAll(ctx, op.Entity)
}
