package journal

import (
	"encoding/json"
	"fmt"
	"math/big"
	"sort"
	"strings"
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
		if !same(key, got[key], want[key]) {
			out = append(out, Difference{Field: prefix + key, Want: render(want[key]), Got: render(got[key])})
		}
	}
	return out
}

// same compares one value by its type. What an account adds to a value (labels
// of an e-mail, parts of an address) does not make it another value.
func same(key string, got, want any) bool {
	switch w := want.(type) {
	case nil:
		return got == nil
	case json.Number:
		g, ok := got.(json.Number)
		return ok && sameNumber(g, w)
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

// sameList compares as multisets: option ids have no order, and e-mails and
// phones are told apart by value and by which one is primary.
func sameList(key string, got, want []any) bool {
	if len(got) != len(want) {
		return false
	}
	return strings.Join(listKeys(got), "\x00") == strings.Join(listKeys(want), "\x00")
}

func listKeys(list []any) []string {
	keys := make([]string, len(list))
	for i, v := range list {
		if m, ok := v.(map[string]any); ok {
			keys[i] = fmt.Sprint(m["value"], "|", m["primary"])
		} else {
			keys[i] = render(v)
		}
	}
	sort.Strings(keys)
	return keys
}

// IsDeleted tells whether a record read by id is marked as deleted.
func IsDeleted(record []byte) bool {
	m, err := Decode(record)
	return err == nil && m["is_deleted"] == true
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
