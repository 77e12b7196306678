package journal

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"sort"
	"time"
)

// Difference is one field that does not hold what was sent.
type Difference struct {
	Field string // custom fields as custom_fields.<code>
	Want  string // JSON
	Got   string // JSON; "" when the field is not there
}

// Compare lists the fields of sent that record does not hold. Values are
// compared by type: numbers as numbers, instants as instants, sets without
// order, contact arrays by value, address and money by the parts that were sent.
func Compare(record, sent []byte) ([]Difference, error) {
	got, err := Decode(record)
	if err != nil {
		return nil, fmt.Errorf("read record: %w", err)
	}
	want, err := Decode(sent)
	if err != nil {
		return nil, fmt.Errorf("read sent values: %w", err)
	}
	return compareObjects("", got, want), nil
}

// Holds tells whether a record has every value of body.
func Holds(record, body []byte) (bool, error) {
	diffs, err := Compare(record, body)
	return len(diffs) == 0, err
}

func compareObjects(prefix string, got, want map[string]any) []Difference {
	var out []Difference
	for _, key := range sortedKeys(want) {
		if key == "custom_fields" {
			inner, _ := got[key].(map[string]any)
			wanted, _ := want[key].(map[string]any)
			out = append(out, compareObjects("custom_fields.", inner, wanted)...)
			continue
		}
		if blob, ok := want[key].(map[string]any); ok && key == blobKey {
			out = append(out, compareObjects(prefix, got, map[string]any{"file_size": blob["size"]})...)
			continue
		}
		if v := Answered(got, key); !same(key, v, want[key]) {
			out = append(out, Difference{Field: prefix + key, Want: render(want[key]), Got: render(v)})
		}
	}
	return out
}

// Answered is what a record holds under a key that is written. The flags of
// project tasks are written as done, 0 or 1, and answered as is_done.
func Answered(record map[string]any, key string) any {
	flag, ok := record["is_"+key].(bool)
	switch {
	case record[key] != nil || !ok:
		return record[key]
	case flag:
		return json.Number("1")
	}
	return json.Number("0")
}

// Same tells whether a property holds a value, as Compare judges it.
func Same(key string, got, want any) bool { return same(key, got, want) }

// same compares one value by its type. What an account adds to a value (labels
// of an e-mail, parts of an address) does not make it another value.
func same(key string, got, want any) bool {
	switch w := want.(type) {
	case nil:
		return IsBlank(got)
	case json.Number:
		return sameID(key, got, w)
	case string:
		g, ok := got.(string)
		return ok && sameText(g, w)
	case []any:
		g, ok := got.([]any)
		return ok && sameList(key, g, w)
	case map[string]any:
		g, ok := got.(map[string]any)
		return ok && len(compareObjects("", g, w)) == 0
	default:
		return got == want
	}
}

// IsBlank tells whether a value says nothing: the account may answer a cleared
// list as [] and a cleared text as "".
func IsBlank(v any) bool {
	switch t := v.(type) {
	case nil:
		return true
	case string:
		return t == ""
	case []any:
		return len(t) == 0
	case map[string]any:
		return len(t) == 0
	default:
		return false
	}
}

// automatic are properties that the account changes by itself.
var automatic = map[string]bool{"id": true, "add_time": true, "update_time": true, "rotten_time": true, "next_activity_id": true,
	"last_activity_id": true, "weighted_value": true, "weighted_value_currency": true, "acv": true, "arr": true, "mrr": true,
	"smart_bcc_email": true, "stage_change_time": true,
	// What v1 shows of the records around: their names and totals move with them.
	"deal": true, "person": true, "organization": true, "project": true, "task": true, "user": true, "deal_name": true,
	"person_name": true, "org_name": true, "product_name": true, "lead_name": true, "sum": true, "order_nr": true, "url": true,
	"update_user_id": true, "last_update_user_id": true, "was_seen": true, "updated_at": true}

// Touched names the first property in which a record differs from what the
// account answered when we wrote it, other than those it changes by itself and
// those excepted; ""
// when nobody has touched the record. What was blank and was filled counts too.
func Touched(now, answered []byte, except ...string) (string, error) {
	got, err := Decode(now)
	if err != nil {
		return "", fmt.Errorf("read record: %w", err)
	}
	was, err := Decode(answered)
	if err != nil {
		return "", fmt.Errorf("read earlier answer: %w", err)
	}
	for _, key := range except {
		delete(got, key)
		delete(was, key)
	}
	if field := touchedIn(got, was); field != "" {
		return field, nil
	}
	gotCustom, _ := got["custom_fields"].(map[string]any)
	wasCustom, _ := was["custom_fields"].(map[string]any)
	return touchedIn(gotCustom, wasCustom), nil
}

func touchedIn(got, was map[string]any) string {
	both := maps.Clone(was)
	if both == nil {
		both = map[string]any{}
	}
	maps.Copy(both, got)
	for _, key := range sortedKeys(both) {
		if automatic[key] || key == "custom_fields" || IsBlank(got[key]) && IsBlank(was[key]) {
			continue
		}
		if !same(key, got[key], was[key]) {
			return key
		}
	}
	return ""
}

// Overlay is the earlier record with only those properties renewed that body
// sent, custom fields one by one. So an answer to one change does not hide what
// somebody else changed meanwhile: it stays a difference to what we know.
func Overlay(earlier, answered, body []byte) ([]byte, error) {
	was, err := Decode(earlier)
	if err != nil {
		return nil, err
	}
	now, err := Decode(answered)
	if err != nil {
		return nil, err
	}
	sent, err := Decode(body)
	if err != nil {
		return nil, err
	}
	for key, value := range sent {
		if custom, ok := value.(map[string]any); ok && key == "custom_fields" {
			was[key] = overlayCustom(was[key], now[key], custom)
			continue
		}
		for _, k := range append([]string{key}, follows[key]...) {
			was[k] = now[k]
		}
	}
	return json.Marshal(was)
}

// follows are properties that the account derives from the one that was sent.
var follows = map[string][]string{"name": {"first_name", "last_name"}, "stage_id": {"pipeline_id"},
	"done":       {"is_done", "marked_as_done_time"},
	"status":     {"won_time", "lost_time", "close_time", "lost_reason", "local_won_date", "local_lost_date", "local_close_date"},
	"product_id": {"name"},
	"won_time":   {"close_time", "local_won_date", "local_close_date"}, "lost_time": {"close_time", "local_lost_date", "local_close_date"}}

func overlayCustom(was, now any, sent map[string]any) map[string]any {
	old, _ := was.(map[string]any)
	fresh, _ := now.(map[string]any)
	merged := map[string]any{}
	maps.Copy(merged, old)
	for code := range sent {
		merged[code] = fresh[code]
	}
	return merged
}

// codeLength is that of a custom field's code.
const codeLength = 40

func sameNumber(a, b json.Number) bool {
	x, okX := new(big.Rat).SetString(a.String())
	y, okY := new(big.Rat).SetString(b.String())
	return okX && okY && x.Cmp(y) == 0
}

// sameText compares texts, and instants that are written differently.
func sameText(a, b string) bool {
	if a == b {
		return true
	}
	x, errX := time.Parse(time.RFC3339, a)
	y, errY := time.Parse(time.RFC3339, b)
	return errX == nil && errY == nil && x.Equal(y)
}

// sameID compares numbers. v1 answers some ids as an object around the number;
// the category of a product and an option of a lead's field, which stands under
// the field's code, are written as a number and answered as text.
func sameID(key string, got any, want json.Number) bool {
	switch g := got.(type) {
	case json.Number:
		return sameNumber(g, want)
	case string:
		return (key == "category" || len(key) == codeLength) && g == want.String()
	case map[string]any:
		id, ok := g["value"].(json.Number)
		return ok && sameNumber(id, want)
	}
	return false
}

// sameList compares as multisets: option ids have no order, and of objects what
// was sent counts, not what the account adds.
func sameList(key string, got, want []any) bool {
	if len(got) != len(want) {
		return false
	}
	left := slices.Clone(got)
	for _, w := range want {
		i := slices.IndexFunc(left, func(g any) bool { return same(key, g, w) })
		if i < 0 {
			return false
		}
		left = slices.Delete(left, i, i+1)
	}
	return true
}

// IsDeleted tells whether a record read by id is marked as deleted, which v1
// calls not active, and projects a status.
func IsDeleted(record []byte) bool {
	m, err := Decode(record)
	return err == nil && (m["is_deleted"] == true || m["active_flag"] == false || m["status"] == "deleted")
}

func sortedKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

func render(v any) string {
	if v == nil {
		return ""
	}
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}
