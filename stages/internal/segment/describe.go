package segment

import (
	"cmp"
	"strings"
)

var words = map[Operator]string{
	Equal: "is", NotEqual: "is not", Contains: "contains", NotContains: "does not contain",
	StartsWith: "starts with", NotStartsWith: "does not start with", EndsWith: "ends with", NotEndsWith: "does not end with",
	Greater: "is more than", Less: "is less than", AtLeast: "is at least", AtMost: "is at most",
	Empty: "is empty", NotEmpty: "is not empty", AnyOf: "is any of", AllOf: "has all of", NoneOf: "is none of", NotAllOf: "lacks at least one of",
	Before: "is before", After: "is after", OnDay: "is on", NotOnDay: "is not on",
	WithinDays: "is within the last", OlderThanDays: "is longer ago than", Between: "is between", Regex: "matches the pattern", Relative: "is in the period",
}

// Describe says a rule in words, with names for ids.
func (c Catalog) Describe(r Rule) string {
	subject := c.label(r.Field)
	if r.Field == "" {
		subject = r.Source
	}
	verb, ok := words[r.Operator]
	if !ok || r.Operator == Relative {
		verb = strings.TrimSpace(verb + " " + r.Written)
	}
	choices, _ := c.choices(r)
	names := make([]string, len(choices))
	for i, choice := range choices {
		names[i] = choice.Title
	}
	join := ", "
	if r.Operator == Between {
		join = " and "
	}
	sentence := strings.Join([]string{subject, verb, strings.Join(names, join)}, " ")
	if r.Operator == WithinDays || r.Operator == OlderThanDays {
		sentence += " days"
	}
	return strings.TrimSpace(sentence)
}

// DescribeGroups says an OR of ANDs in words.
func (c Catalog) DescribeGroups(groups [][]Rule) string {
	all := make([]string, len(groups))
	for i, group := range groups {
		parts := make([]string, len(group))
		for j, r := range group {
			parts[j] = c.Describe(r)
		}
		all[i] = strings.Join(parts, " and ")
		if len(groups) > 1 && len(group) > 1 {
			all[i] = "(" + all[i] + ")"
		}
	}
	return strings.Join(all, " or ")
}

// filterWords are the operators of filters in words.
var filterWords = map[string]string{
	"=": "is", "!=": "is not", "contains": "contains", "not_contains": "does not contain", "IS NULL": "is empty",
	"IS NOT NULL": "is not empty", "LIKE '%$%'": "contains", "LIKE '$%'": "starts with", "NOT LIKE '$%'": "does not start with",
}

// counterpart says the conditions of a rule in words.
func (b *rulebook) counterpart() string {
	all := make([]string, len(b.out.Conditions))
	for i, c := range b.out.Conditions {
		value := c.Value
		if c.Ref {
			// option_text:person.plan_tier:Free, user_text:ana@example.com
			parts := strings.SplitN(value, ":", 3)
			value = parts[len(parts)-1]
		}
		all[i] = strings.TrimSpace(b.field.Label + " " + cmp.Or(filterWords[c.Operator], c.Operator) + " " + value)
	}
	return strings.Join(all, map[bool]string{true: " or ", false: " and "}[b.out.Or])
}

// Describe says a whole segment in words.
func (s Segment) Describe(c Catalog) string {
	sentence := c.DescribeGroups(s.Any)
	if len(s.Except) > 0 {
		sentence += ", except where " + c.DescribeGroups(s.Except)
	}
	return sentence
}

var explanations = map[string]string{
	"email_activity":        "Pipedrive's filters do not know who opened or clicked a mail.",
	"automation_activity":   "Pipedrive's filters do not know who is in an automation.",
	"sequence_activity":     "Pipedrive's filters do not know who is in a sequence.",
	"user_role":             "WordPress roles are not moved to Pipedrive.",
	"shop_data":             "Orders and shop customers stay in the shop; move a figure into a custom field to filter on it.",
	"event_tracking":        "Tracked events are not moved to Pipedrive.",
	"web_activity":          "Page visits are not moved to Pipedrive.",
	"form_activity":         "Which form somebody used is not moved to Pipedrive.",
	"fuzzy_search":          "A search over all fields is no condition on one field.",
	"regex":                 "Pipedrive's filters have no patterns.",
	"sub_query":             "A filter cannot ask another segment.",
	"relative_now":          "Pipedrive's filters do not compare with the current time.",
	"relative_date":         "Pipedrive has no word for this period.",
	"relative_days":         "Pipedrive counts months or fixed dates, not this number of days: a few people at the edge differ.",
	"deprecated_operator":   "Pipedrive's API refuses this comparison.",
	"operator_not_for_type": "Pipedrive does not offer this comparison for the field's type.",
	"unknown_field":         "No field of this name is known; map it first.",
	"unknown_id":            "The export does not say what this id stands for.",
	"unknown_rule":          "This kind of rule is not known.",
	"unknown_operator":      "This comparison is not known.",
	"unsupported_source":    "The data of this add-on is not moved to Pipedrive.",
	"not_filterable":        "No field of Pipedrive holds this value: the map leaves it out or keeps it in a text that no filter finds.",
	"not_migrated":          "The map leaves this out: give a tag a label or a field, an owner a user of Pipedrive, an option a name.",
	"unknown_option":        "No record has this choice, so Pipedrive will not know it.",
	"no_value":              "The rule has no value that can be read.",
	"no_rules":              "The segment has no rule; a filter without one would find everybody.",
	"or_of_and_groups":      "Several groups of several rules do not fit into one AND group and one OR group.",
	"two_or_groups":         "Two lists of alternatives do not fit: a filter has one OR group.",
	"too_many_conditions":   "A filter takes 16 conditions.",
	"exclude_filters":       "Leaving out who meets several rules at once does not fit into a filter.",
}

// Explain says in one sentence what a reason means; "" for an unknown one.
func Explain(reason string) string {
	code, _, _ := strings.Cut(reason, ":")
	return explanations[code]
}
