// Package segment turns the dynamic segments of the plugin edition into
// Pipedrive filters, or says rule by rule why that cannot be.
//
//	reads   segment JSON in the shapes of the plugins of this family; contacts
//	        as simple structs
//	does    reads the rules, translates them into a filter in symbols, finds
//	        the members a segment has today
//	writes  nothing
//
// The rules keep their source's meaning; nothing is translated that would give
// other people than before. A filter holds two groups, one of AND and one of OR,
// and no more than 16 conditions, so some segments do not fit: these are kept as
// a frozen membership (see Members). Where a rule leaves room, it is read like
// this: text compares without case, as the plugin's database does; a day is a
// day of the site's time zone; who has no value is not equal to any value.
package segment

import "encoding/json"

// Shape names the plugin in whose JSON a segment is written.
type Shape string

// The shapes that are understood.
const (
	FluentCRM       Shape = "fluentcrm"
	FluentCRMLegacy Shape = "fluentcrm-legacy"
	Groundhogg      Shape = "groundhogg"
	JetpackCRM      Shape = "jetpack-crm"
	MailPoet        Shape = "mailpoet"
)

// Segment is a rule for who belongs: whoever meets all rules of one group of
// Any, unless all rules of one group of Except are met too.
type Segment struct {
	ID, Title string
	Shape     Shape
	Any       [][]Rule
	Except    [][]Rule
	// Ignored are rules that the plugin itself passes over, such as a date
	// without a value. They never counted.
	Ignored []string
	// Raw is the document as it came.
	Raw json.RawMessage
}

// Rules counts the rules as a person would who looks at the segment.
func (s Segment) Rules() int {
	n := 0
	for _, group := range append(s.Any[:len(s.Any):len(s.Any)], s.Except...) {
		n += len(group)
	}
	return n
}

// Rule is one condition on one property of a contact.
type Rule struct {
	// Source is what the rule speaks of, as written: "subscriber.city".
	Source string
	// Field is the field of the cleaned contact as the map names it: "city",
	// "tags", "custom:plan_tier"; fields of its company begin with "account.".
	// It is "" when the rule speaks of nothing that a contact has.
	Field string
	// Topic is the reason code of a rule without a field: "email_activity".
	Topic    string
	Operator Operator
	// Written is the operator as the source spells it.
	Written string
	// Values are texts; for tags, lists and owners the source's ids.
	Values []string
}

// Operator is what a rule asks of a value.
type Operator string

// The operators to which all shapes come down. Unknown ones keep an empty
// Operator and their spelling in Rule.Written.
const (
	Equal         Operator = "equal"
	NotEqual      Operator = "not_equal"
	Contains      Operator = "contains"
	NotContains   Operator = "not_contains"
	StartsWith    Operator = "starts_with"
	NotStartsWith Operator = "not_starts_with"
	EndsWith      Operator = "ends_with"
	NotEndsWith   Operator = "not_ends_with"
	Greater       Operator = "greater"
	Less          Operator = "less"
	AtLeast       Operator = "at_least"
	AtMost        Operator = "at_most"
	Empty         Operator = "empty"
	NotEmpty      Operator = "not_empty"
	AnyOf         Operator = "any_of"
	AllOf         Operator = "all_of"
	NoneOf        Operator = "none_of"
	NotAllOf      Operator = "not_all_of" // lacks at least one
	Before        Operator = "before"     // a day
	After         Operator = "after"
	OnDay         Operator = "on_day"
	NotOnDay      Operator = "not_on_day"
	WithinDays    Operator = "within_days" // the last N days
	OlderThanDays Operator = "older_than_days"
	Between       Operator = "between" // both ends included
	Regex         Operator = "regex"
	Relative      Operator = "relative" // a date relative to now, such as next month
)
