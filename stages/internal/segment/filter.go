package segment

import (
	"encoding/json"
)

// MaxConditions is how many conditions Pipedrive takes in one filter.
const MaxConditions = 16

// Filter is a Pipedrive filter of type people, free of any account: one group
// of conditions that all must hold, and one of which one must hold if there
// are any.
type Filter struct{ And, Or []Condition }

// Condition compares one field with one value.
type Condition struct {
	// Object is "person" or "organization".
	Object string
	// Field is a symbol: "filter_field:person.plan_tier", or with an at sign for
	// a field of Pipedrive's own: "filter_field:person.@add_time".
	Field    string
	Operator string
	// Value is text, "" for none. With Ref it is the symbol of an option, a
	// label or a user instead: "option_text:person.plan_tier:Free". Filters take
	// their ids as texts, unlike records.
	Value string
	Ref   bool
	// Extra is the part of an address that is meant.
	Extra string
}

// MarshalJSON writes a condition of POST /v1/filters with symbols in place of
// ids: a reference is an object {"@ref": "…"} as in every payload, so that no
// text can be taken for one.
func (c Condition) MarshalJSON() ([]byte, error) {
	var value any
	switch {
	case c.Ref:
		value = reference{c.Value}
	case c.Value != "":
		value = c.Value
	}
	var extra any
	if c.Extra != "" {
		extra = c.Extra
	}
	return json.Marshal(struct {
		Object   string    `json:"object"`
		Field    reference `json:"field_id"`
		Operator string    `json:"operator"`
		Value    any       `json:"value"`
		Extra    any       `json:"extra_value"`
	}{c.Object, reference{c.Field}, c.Operator, value, extra})
}

type reference struct {
	Symbol string `json:"@ref"`
}

type glued struct {
	Glue       string `json:"glue"`
	Conditions any    `json:"conditions"`
}

// MarshalJSON writes the two groups in the order that Pipedrive demands.
func (f Filter) MarshalJSON() ([]byte, error) {
	groups := []glued{{"and", listOf(f.And)}, {"or", listOf(f.Or)}}
	return json.Marshal(glued{"and", groups})
}

// listOf makes an empty list of none: the API refuses null.
func listOf(conditions []Condition) []Condition {
	if conditions == nil {
		return []Condition{}
	}
	return conditions
}

var (
	comparing = []string{"=", "!=", ">", "<", ">=", "<=", "IS NULL", "IS NOT NULL"}
	texts     = []string{"=", "!=", "IS NULL", "IS NOT NULL", "LIKE '$%'", "LIKE '%$%'", "NOT LIKE '$%'"}
	choosing  = []string{"=", "!=", "IS NULL", "IS NOT NULL"}
)

// legal are the operators that each field type takes; all others, and the
// deprecated ones, are answered with 400. An address is filtered as text.
var legal = map[string][]string{
	"double": comparing, "monetary": comparing, "date": comparing, "stamp": comparing, "time": comparing,
	"varchar": texts, "text": texts, "varchar_auto": texts, "phone": texts, "address": texts,
	"title": {"=", "LIKE '$%'", "LIKE '%$%'", "NOT LIKE '$%'"},
	"enum":  choosing, "user": choosing, "org": choosing, "people": choosing,
	"set": append([]string{"contains", "not_contains"}, choosing...),
}
