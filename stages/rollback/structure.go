package rollback

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"nextpipe/stages/internal/journal"
)

// made is one structural thing that we created.
type made struct{ kind, symbol, id, parent string }

// removalOrder takes what stands inside before what it stands in.
var removalOrder = []string{"option", "label", "field", "stage", "pipeline"}

// structure removes what we provisioned and nobody uses. The account is read
// again: what people entered into our fields meanwhile must be seen.
func (u *undoer) structure(ctx context.Context) error {
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
			if by, inUse := used[kind+":"+t.parent+":"+t.id]; inUse {
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
	rows, err := u.DB.Read().QueryContext(ctx, `SELECT kind, symbol, pipedrive_id, coalesce(parent_id, '') FROM provisioned
		WHERE target_id = ? AND removed_at IS NULL ORDER BY made_at DESC, symbol DESC`, u.ID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []made
	for rows.Next() {
		var t made
		if err := rows.Scan(&t.kind, &t.symbol, &t.id, &t.parent); err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, rows.Err()
}

// usage scans every live record for the fields, options, labels, stages and
// pipelines it uses. Keys are those that structure asks for.
func (u *undoer) usage(ctx context.Context) (map[string]string, error) {
	used := map[string]string{}
	for _, entity := range entities {
		for rec, err := range u.Client.All(ctx, entity, nil) {
			if err != nil {
				return nil, fmt.Errorf("read %ss: %w", entity, err)
			}
			if err := noteUsage(used, entity+" "+rec.ID, rec.Data); err != nil {
				return nil, fmt.Errorf("%s %s: %w", entity, rec.ID, err)
			}
		}
	}
	return used, nil
}

func noteUsage(used map[string]string, who string, data []byte) error {
	var r struct {
		StageID      json.Number                `json:"stage_id"`
		PipelineID   json.Number                `json:"pipeline_id"`
		LabelIDs     []json.Number              `json:"label_ids"`
		CustomFields map[string]json.RawMessage `json:"custom_fields"`
	}
	if err := json.Unmarshal(data, &r); err != nil {
		return err
	}
	used["stage:"+r.PipelineID.String()+":"+r.StageID.String()] = who
	used["pipeline::"+r.PipelineID.String()] = who
	for _, id := range r.LabelIDs {
		used["label:label_ids:"+id.String()] = who
		used["label:label:"+id.String()] = who
	}
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

// remove deletes one thing. A stage or pipeline that an earlier attempt or a
// person has removed already counts as removed.
func (u *undoer) remove(ctx context.Context, t made) error {
	op := &journal.Op{Verb: journal.Delete, FinalKey: t.kind + " " + t.symbol, PipedriveID: t.id}
	switch t.kind {
	case "field":
		entity, _, _ := strings.Cut(t.symbol, ".")
		op.Entity = entity + "_field"
	case "option", "label":
		entity, _, _ := strings.Cut(t.symbol, map[string]string{"option": ".", "label": ":"}[t.kind])
		op.Entity, op.PipedriveID = entity+"_option", t.parent
		body, err := json.Marshal([]string{t.id})
		if err != nil {
			return err
		}
		op.Body = body
	default:
		op.Entity = t.kind
	}
	if err := u.j.Send(ctx, op); err != nil {
		return err
	}
	return u.j.SettleAll(ctx, op.Entity)
}
