package segment

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"
)

// rulebook is one rule on its way to conditions: with its field and the names
// of its values.
type rulebook struct {
	catalog Catalog
	rule    Rule
	field   Field
	values  []Choice
	now     time.Time
	out     RuleResult
}

// block gives the rule up for a reason.
func (b *rulebook) block(reason string, args ...any) {
	b.out.Conditions = nil
	b.out.Reasons = append(b.out.Reasons, fmt.Sprintf(reason, args...))
}

// translateRule finds the conditions of one rule, or why there are none.
func translateRule(r Rule, c Catalog, now time.Time) RuleResult {
	b := rulebook{catalog: c, rule: r, now: now, out: RuleResult{Rule: r, Text: c.Describe(r)}}
	var known bool
	var unknown []string
	b.field, known = c.field(r.Field)
	b.values, unknown = c.choices(r)
	switch {
	case r.Topic != "":
		b.block("%s", r.Topic)
	case !known:
		b.block("unknown_field:%s", c.Resolve(r.Field))
	case b.field.Key == "":
		b.block("not_filterable:%s", r.Field)
	case r.Operator == "":
		b.block("unknown_operator:%s", r.Written)
	case len(unknown) > 0:
		for _, id := range unknown {
			b.block("unknown_id:%s:%s", r.Field, id)
		}
	default:
		b.build()
	}
	b.out.Counterpart = b.counterpart()
	return b.out
}

// build writes the conditions, and refuses what the API does not take at all or
// not for this type of field.
func (b *rulebook) build() {
	r, isSet := b.rule, b.field.Type == "set"
	valueless := r.Operator == Empty || r.Operator == NotEmpty
	switch {
	case r.Operator == Regex:
		b.block("regex")
	case r.Operator == Relative:
		b.block("relative_date:%s", r.Written)
	case r.Operator == NotContains && !isSet, r.Operator == EndsWith, r.Operator == NotEndsWith:
		b.block("deprecated_operator:%s", r.Operator)
	case !valueless && len(r.Values) == 0:
		b.block("no_value:%s", r.Source)
	case r.Operator == WithinDays || r.Operator == OlderThanDays:
		b.relative()
	default:
		b.compare(isSet)
	}
	for _, c := range b.out.Conditions {
		if !slices.Contains(legal[b.field.Type], c.Operator) {
			b.block("operator_not_for_type:%s:%s", r.Operator, b.field.Type)
			break
		}
	}
}

// joins say of an operator with several values whether each is to be there, and
// whether one is enough.
var joins = map[Operator]struct{ there, or bool }{
	AnyOf: {true, true}, AllOf: {true, false}, NoneOf: {false, false}, NotAllOf: {false, true},
}

// compare translates by the way in which a rule's values join.
func (b *rulebook) compare(isSet bool) {
	has := map[bool]string{true: "=", false: "!="}
	if isSet {
		has = map[bool]string{true: "contains", false: "not_contains"}
	}
	o := b.rule.Operator
	join, listed := joins[o]
	switch {
	case listed:
		b.each(has[join.there], join.or)
	case o == Empty || o == NotEmpty:
		b.filled(o == NotEmpty)
	case o == Between:
		b.span()
	case o == OnDay, o == NotOnDay:
		b.day(o == OnDay)
	case isSet && (o == Contains || o == NotContains):
		b.each(has[o == Contains], o == Contains)
	default:
		b.each(plain[o], o != NotEqual && o != NotStartsWith)
	}
}

// filled asks whether there is a value. Tags may be in two places: who has none
// has neither.
func (b *rulebook) filled(there bool) {
	operator := map[bool]string{true: "IS NOT NULL", false: "IS NULL"}[there]
	b.out.Conditions = []Condition{b.condition(operator, "")}
	if b.rule.Field != "tags" {
		return
	}
	b.out.Or = there
	for _, id := range slices.Sorted(maps.Keys(b.catalog.Tags)) {
		tag := b.catalog.Tags[id]
		switch {
		case tag.IsUnused:
		case tag.Home == "skip":
			b.block("not_migrated:%s", tag.Title)
			return
		case tag.Home == "field":
			b.field.Key = cmp.Or(tag.Field, tagField)
			if c := b.condition(operator, ""); !slices.Contains(b.out.Conditions, c) {
				b.out.Conditions = append(b.out.Conditions, c)
			}
		}
	}
}

// plain are the operators that read the same for every type that takes them.
var plain = map[Operator]string{
	Equal: "=", NotEqual: "!=", Contains: "LIKE '%$%'", StartsWith: "LIKE '$%'", NotStartsWith: "NOT LIKE '$%'",
	Greater: ">", Less: "<", AtLeast: ">=", AtMost: "<=", Before: "<", After: ">",
}

// each writes one condition per value.
func (b *rulebook) each(operator string, or bool) {
	b.out.Or = or
	for _, value := range b.values {
		c := b.condition(operator, value.Title)
		switch b.field.Type {
		case "enum", "set", "user":
			if value.Home == "skip" {
				b.block("not_migrated:%s", value.Title)
				return
			}
			if b.catalog.lacks(b.rule.Field, value) {
				b.block("unknown_option:%s", value.Title)
				return
			}
			c.Ref = true
			c.Field, c.Value = b.symbols(value)
		}
		b.out.Conditions = append(b.out.Conditions, c)
	}
}

// symbols are those of the field in which a choice stands and of the choice.
func (b *rulebook) symbols(value Choice) (field, symbol string) {
	f := b.field
	switch {
	case f.Type == "user":
		return f.symbol(), "user_text:" + value.name()
	case b.rule.Field == "tags" && value.Home == "field":
		f.Key = cmp.Or(value.Field, tagField)
	case b.rule.Field == "tags":
		return f.symbol(), "label_text:" + f.Entity + ":" + value.name()
	}
	return f.symbol(), "option_text:" + f.Entity + "." + f.Key + ":" + value.name()
}

// span is both ends of a range.
func (b *rulebook) span() {
	v := b.rule.Values
	if len(v) != 2 || v[0] == "" || v[1] == "" {
		b.block("no_value:%s", b.rule.Source)
		return
	}
	b.out.Conditions = []Condition{b.condition(">=", v[0]), b.condition("<=", v[1])}
}

// day compares with one day; on a point in time that is the span from the
// beginning of the day to that of the next.
func (b *rulebook) day(same bool) {
	day, err := time.Parse(time.DateOnly, dayOf(b.rule.Values[0]))
	from, next := day.Format(time.DateOnly), day.AddDate(0, 0, 1).Format(time.DateOnly)
	switch {
	case err != nil:
		b.block("no_value:%s", b.rule.Source)
	case b.field.Type == "stamp" && same:
		b.out.Conditions = []Condition{b.condition(">=", from), b.condition("<", next)}
	case b.field.Type == "stamp":
		b.out.Or = true
		b.out.Conditions = []Condition{b.condition("<", from), b.condition(">=", next)}
	case same:
		b.out.Conditions = []Condition{b.condition("=", from)}
	default:
		b.out.Conditions = []Condition{b.condition("!=", from)}
	}
}

// relative translates an age in days into Pipedrive's own words where it has
// any; a fixed date does not move on with the calendar.
func (b *rulebook) relative() {
	days, err := strconv.Atoi(b.rule.Values[0])
	if err != nil || days < 0 || days > 36500 {
		b.block("no_value:%s", b.rule.Source)
		return
	}
	operator := ">="
	if b.rule.Operator == OlderThanDays {
		operator = "<"
	}
	word, exact := dayWord(days)
	if word == "" {
		word = b.now.AddDate(0, 0, -days).Format(time.DateOnly)
	}
	if !exact {
		b.out.Reasons = append(b.out.Reasons, fmt.Sprintf("relative_days:%d", days))
	}
	b.out.Conditions = []Condition{b.condition(operator, word)}
}

// dayWord is Pipedrive's word for a day that lies so far back. Its months are
// near, not exact; "" means that there is no word.
func dayWord(days int) (word string, exact bool) {
	switch days {
	case 0:
		return "today", true
	case 1:
		return "yesterday", true
	case 7:
		return "1_week_ago", true
	case 14, 21:
		return fmt.Sprintf("%d_weeks_ago", days/7), true
	case 30, 60, 90, 120, 150, 180:
		return fmt.Sprintf("%d_months_ago", days/30), false
	}
	return "", false
}

// dayOf is the date at the front of a date and time.
func dayOf(value string) string { return value[:min(len(value), len(time.DateOnly))] }

func (f Field) symbol() string { return "filter_field:" + f.Entity + "." + f.Key }

func (b *rulebook) condition(operator, value string) Condition {
	f := b.field
	if f.Type == "date" || f.Type == "stamp" {
		if _, err := time.Parse(time.DateOnly, dayOf(value)); err == nil {
			value = dayOf(value) // filters take days, not times
		}
	}
	return Condition{Object: f.Entity, Field: f.symbol(), Operator: operator, Value: value, Extra: f.Part}
}
