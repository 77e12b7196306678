package words

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"nextpipe/stages/internal/entity"
)

// Value says what stands in a field, symbolic or as the account has it; "" when
// it is blank.
func (b *Book) Value(ctx context.Context, kind, field string, v any) string {
	field = strings.TrimPrefix(field, "custom_fields.")
	switch t := v.(type) {
	case nil:
		return ""
	case bool:
		return map[bool]string{true: "yes", false: "no"}[t]
	case string:
		return b.text(kind, field, t)
	case json.Number:
		return b.number(ctx, kind, field, t.String())
	case []any:
		return b.list(ctx, kind, field, t)
	case map[string]any:
		return b.object(ctx, kind, field, t)
	}
	return fmt.Sprint(v)
}

// list says what is in a list; what has no order is sorted.
func (b *Book) list(ctx context.Context, kind, field string, items []any) string {
	parts, isSet := make([]string, len(items)), true
	for i, item := range items {
		parts[i] = b.Value(ctx, kind, field, item)
		entry, isObject := item.(map[string]any)
		isSet = isSet && (!isObject || entry["@ref"] != nil)
	}
	if isSet {
		slices.Sort(parts)
	}
	return strings.Join(parts, ", ")
}

// text is a text; some are keys: of an activity's type, of a lead's labels and options.
func (b *Book) text(kind, field, text string) string {
	for _, key := range []string{"option:" + fieldsOf(kind) + "." + field + ":" + text, "label:" + kind + ":" + text} {
		if name, ok := b.names[key]; ok {
			return name
		}
	}
	if name, ok := b.names["activity_type:"+text]; ok && kind == "activity" && field == "type" {
		return name
	}
	return text
}

// number is an id of something with a name, or just a number.
func (b *Book) number(ctx context.Context, kind, field, id string) string {
	key := ""
	switch field {
	case "owner_id", "user_id", "assignee_ids":
		key = "user:" + id
	case "label_ids", "category":
		key = "label:" + kind + ":" + id
	case "stage_id", "pipeline_id", "board_id", "phase_id", "priority":
		key = strings.TrimSuffix(field, "_id") + ":" + id
	default:
		key = "option:" + fieldsOf(kind) + "." + field + ":" + id
	}
	if name, ok := b.names[key]; ok {
		return name
	}
	if of := refersTo(kind, field); of != "" {
		if name := b.Record(ctx, of, id); name != "" {
			return name
		}
	}
	return id
}

// refersTo is the kind of record that a property names by id; "" for none.
func refersTo(kind, field string) string {
	e, _ := entity.Of(kind)
	if of, ok := e.Refers[field]; ok {
		return of
	}
	return map[string]string{"person_id": "person", "org_id": "organization", "deal_id": "deal", "product_id": "product"}[field]
}

func (b *Book) object(ctx context.Context, kind, field string, m map[string]any) string {
	if ref, ok := m["@ref"].(string); ok {
		return b.reference(ctx, ref)
	}
	for _, amount := range []string{"value", "amount", "price"} {
		if n, ok := m[amount].(json.Number); ok && m["currency"] != nil {
			return n.String() + " " + fmt.Sprint(m["currency"])
		}
	}
	if id, ok := m["person_id"]; ok {
		return b.Value(ctx, kind, "person_id", id)
	}
	if n, ok := m["value"].(json.Number); ok { // v1 answers some ids as an object around the number
		return b.number(ctx, kind, field, n.String())
	}
	if text, ok := m["value"].(string); ok {
		if label, _ := m["label"].(string); label != "" {
			return text + " (" + label + ")"
		}
		return text
	}
	data, err := json.Marshal(m)
	if err != nil {
		return fmt.Sprint(m)
	}
	return string(data)
}

// reference says what a symbol of a payload stands for.
func (b *Book) reference(ctx context.Context, ref string) string {
	kind, symbol, _ := strings.Cut(ref, ":")
	switch kind {
	case "option", "option_text", "label", "label_text": // person.tier:Paid, person:VIP
		_, label, _ := strings.Cut(symbol, ":")
		return label
	case "user":
		return b.owner(symbol)
	}
	if name, ok := b.names[ref]; ok {
		return name
	}
	if title := b.Title(ctx, kind, symbol); title != "" {
		return title
	}
	return symbol
}

// owner is who gets what belongs to an address: nobody is invited, so one that
// is no user's falls back.
func (b *Book) owner(email string) string {
	if _, isUser := b.names["email:"+strings.ToLower(email)]; isUser {
		return email
	}
	if email == "@fallback" {
		return "the fallback owner"
	}
	return email + " (no user: the fallback owner)"
}
