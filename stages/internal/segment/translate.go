package segment

import (
	"slices"
	"strings"
	"time"
)

// Outcome says how well a segment fits into a Pipedrive filter.
type Outcome string

// The outcomes. A partial translation finds nearly the same people; what is
// different is in its reasons.
const (
	Full    Outcome = "full"
	Partial Outcome = "partial"
	None    Outcome = "none"
)

// Translation is a segment as a filter, or the reasons why there is none.
type Translation struct {
	Outcome Outcome
	// Reasons are stable codes, sorted; Explain says what each one means.
	Reasons []string
	// Filter is nil when Outcome is None.
	Filter *Filter
	// Rules says for every rule what became of it, in the segment's order.
	Rules []RuleResult
}

// RuleResult is what became of one rule.
type RuleResult struct {
	Rule Rule
	// Text is the rule in words, with names for ids.
	Text string
	// Or says that one of the conditions is enough.
	Or         bool
	Conditions []Condition
	// Counterpart is the conditions in words; "" for none.
	Counterpart string
	// Reasons are empty when the rule has an exact counterpart. With conditions
	// they say what makes it inexact, without any why there are none.
	Reasons []string
}

// Translate turns a segment into a filter. now is the day on which relative
// dates that Pipedrive has no word for are fixed; its location is the site's.
func Translate(s Segment, c Catalog, now time.Time) Translation {
	t := Translation{Outcome: Full}
	groups := make([][]clause, len(s.Any))
	var blocked, approximate []string
	use := func(r Rule, negate bool) clause {
		if negate {
			r = negated(r)
		}
		result := translateRule(r, c, now)
		t.Rules = append(t.Rules, result)
		if len(result.Conditions) > 0 {
			approximate = append(approximate, result.Reasons...)
		} else {
			blocked = append(blocked, result.Reasons...)
		}
		return result.clause()
	}
	for i, group := range s.Any {
		for _, r := range group {
			groups[i] = append(groups[i], use(r, false))
		}
	}
	groups, left := exclude(groups, s.Except, use)
	filter, misfit := fit(groups)
	t.Reasons = sorted(slices.Concat(blocked, approximate, left, misfit))
	switch {
	case len(blocked)+len(left)+len(misfit) > 0:
		t.Outcome = None
	case len(approximate) > 0:
		t.Outcome, t.Filter = Partial, &filter
	default:
		t.Filter = &filter
	}
	return t
}

// exclude asks of every group that no exclusion holds. An exclusion with one
// rule is its negation; one with several is beyond the two groups of a filter.
func exclude(groups [][]clause, except [][]Rule, use func(Rule, bool) clause) (all [][]clause, left []string) {
	for _, group := range except {
		if len(group) > 1 {
			left = []string{"exclude_filters"}
		}
		for _, r := range group {
			c := use(r, len(group) == 1)
			for i := range groups {
				groups[i] = append(groups[i], c)
			}
		}
	}
	return groups, left
}

// opposite are the operators whose negation is one rule again.
var opposite = func() map[Operator]Operator {
	pairs := [][2]Operator{{Equal, NotEqual}, {Contains, NotContains}, {StartsWith, NotStartsWith}, {EndsWith, NotEndsWith},
		{Empty, NotEmpty}, {AnyOf, NoneOf}, {AllOf, NotAllOf}, {OnDay, NotOnDay}, {WithinDays, OlderThanDays}, {Before, AtLeast}, {After, AtMost}}
	m := map[Operator]Operator{}
	for _, p := range pairs {
		m[p[0]], m[p[1]] = p[1], p[0]
	}
	return m
}()

// negated turns a rule round. One whose opposite is not one rule, such as a
// range, cannot be excluded.
func negated(r Rule) Rule {
	o, ok := opposite[r.Operator]
	if !ok && r.Topic == "" {
		r.Topic, r.Field = "exclude_filters", ""
	}
	r.Operator, r.Written = o, "not "+r.Written
	return r
}

func sorted(reasons []string) []string {
	slices.Sort(reasons)
	return slices.Compact(reasons)
}

// clause is what a filter has to say for one rule: conditions that all hold or
// one of which holds. One that cannot be said has a name instead, so that the
// shape of the whole can still be judged.
type clause struct {
	or         bool
	conditions []Condition
}

func (r RuleResult) clause() clause {
	if len(r.Conditions) == 0 {
		return clause{conditions: []Condition{{Field: r.Rule.Source, Operator: r.Rule.Written, Value: strings.Join(r.Rule.Values, ",")}}}
	}
	return clause{or: r.Or && len(r.Conditions) > 1, conditions: r.Conditions}
}
