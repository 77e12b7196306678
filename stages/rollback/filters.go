package rollback

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"nextpipe/stages/internal/pipedrive"
)

// condition is one of a filter's, by the code of its field instead of its number.
type condition struct {
	object, code string
	values       []string
}

// noteFilters adds what the filters of others use of what we made: fields,
// options, labels, stages, pipelines and types of activities. Filters of ours
// are gone by now.
func (u *undoer) noteFilters(ctx context.Context, used map[string]string) error {
	things, err := u.provisioned(ctx)
	if err != nil || len(things) == 0 {
		return err
	}
	numbers := map[string]map[string]string{}
	for rec, err := range u.staying(ctx, "filter") {
		if err != nil {
			return fmt.Errorf("read filters: %w", err)
		}
		conditions, err := u.conditions(ctx, rec.ID, numbers)
		if err != nil {
			return fmt.Errorf("filter %s: %w", rec.ID, err)
		}
		for _, c := range conditions {
			c.note(used, things, "filter "+rec.ID)
		}
	}
	return nil
}

// conditions reads one filter: lists do not show what it asks for.
func (u *undoer) conditions(ctx context.Context, id string, numbers map[string]map[string]string) ([]condition, error) {
	rec, err := u.Client.Get(ctx, "filter", id)
	var refused *pipedrive.Error
	if errors.As(err, &refused) && refused.NotFound() {
		return nil, nil // deleted since the list was read
	}
	if err != nil {
		return nil, err
	}
	var asked []map[string]json.RawMessage
	if err := leaves(rec.Data, &asked); err != nil {
		return nil, err
	}
	out := make([]condition, len(asked))
	for i, props := range asked {
		out[i] = condition{object: idIn(props["object"]), values: words(props["value"])}
		if out[i].code, err = u.codeOf(ctx, out[i].object, idIn(props["field_id"]), numbers); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// leaves collects the conditions of a filter, however deep its groups are.
func leaves(data []byte, out *[]map[string]json.RawMessage) error {
	var group struct {
		Conditions json.RawMessage `json:"conditions"`
	}
	if err := json.Unmarshal(data, &group); err != nil {
		return err
	}
	// A filter's own property holds a group, a group's the list of what is in it.
	if len(group.Conditions) > 0 && group.Conditions[0] == '{' {
		return leaves(group.Conditions, out)
	}
	var inside []json.RawMessage
	if err := json.Unmarshal(group.Conditions, &inside); err != nil {
		return err
	}
	for _, raw := range inside {
		var props map[string]json.RawMessage
		if err := json.Unmarshal(raw, &props); err != nil {
			return err
		}
		if _, isGroup := props["conditions"]; !isGroup {
			*out = append(*out, props)
		} else if err := leaves(raw, out); err != nil {
			return err
		}
	}
	return nil
}

// words takes a condition's value apart: several ids may stand in one text.
func words(raw json.RawMessage) []string {
	return strings.FieldsFunc(string(raw), func(r rune) bool { return r != '-' && r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// codeOf turns the number by which filters know a field into its code, "" when
// there is none of this number. Leads have the fields of deals.
func (u *undoer) codeOf(ctx context.Context, object, number string, numbers map[string]map[string]string) (string, error) {
	if object == "lead" {
		object = "deal"
	}
	list := object + "_field_number"
	if pipedrive.Cost(list, pipedrive.List) == 0 {
		return "", nil // nothing of what we make is of this kind
	}
	if numbers[object] == nil {
		numbers[object] = map[string]string{}
		for rec, err := range u.Client.All(ctx, list, nil) {
			if err != nil {
				return "", fmt.Errorf("read numbers of %s fields: %w", object, err)
			}
			var f struct {
				Key string `json:"key"`
			}
			if err := json.Unmarshal(rec.Data, &f); err != nil {
				return "", fmt.Errorf("field %s: %w", rec.ID, err)
			}
			numbers[object][rec.ID] = f.Key
		}
	}
	return numbers[object][number], nil
}

// note marks what a condition uses.
func (c condition) note(used map[string]string, things []made, who string) {
	if c.object == "activity" && c.code == "type" {
		for _, key := range c.values {
			used["type:"+key] = who
		}
	}
	for _, t := range things {
		if c.uses(t) {
			used[t.key()] = who
		}
	}
}

func (c condition) uses(t made) bool {
	named := slices.Contains(c.values, t.id)
	switch t.kind {
	case "field":
		return c.code == t.id
	case "stage":
		return named && c.code == "stage_id"
	case "pipeline":
		return named && (c.code == "pipeline" || c.code == "pipeline_id")
	case "label":
		// Their field is called label or label_ids; those of leads hang on no field.
		return named && (t.parent == "" || strings.TrimSuffix(c.code, "_ids") == strings.TrimSuffix(t.parent, "_ids"))
	case "option":
		return named && c.code == t.parent
	}
	return false
}
