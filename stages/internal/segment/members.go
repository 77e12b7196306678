package segment

import (
	"cmp"
	"iter"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"nextpipe/stages/internal/normal"
)

// Contact is one record as the rules see it.
type Contact struct {
	Key string
	// Values are the cleaned values by source field, as in Rule.Field: several
	// for tags, lists and fields with several choices. Tags and lists are
	// titles, stamps RFC 3339 in UTC, days YYYY-MM-DD, numbers plain decimals.
	Values map[string][]string
}

// Membership is who belongs to a segment on one day.
type Membership struct {
	// Members are the keys of those who certainly belong, in the order given.
	Members []string
	// Undecided are those whose belonging hangs on Unknown rules.
	Undecided []string
	// Unknown are the reason codes of rules that no contact can answer, such
	// as opened mails; sorted.
	Unknown []string
}

// answer is what a rule says of a contact: no, perhaps or yes. AND is the least
// of several answers, OR the greatest.
type answer int

const (
	no answer = iota
	perhaps
	yes
)

// Members finds who belongs to a segment. now is the day from which ages count;
// its location is the site's, in which stamps have their day.
func Members(s Segment, c Catalog, contacts iter.Seq[Contact], now time.Time) Membership {
	roll := NewRoll(s, c, now)
	m := Membership{Unknown: roll.Unknown}
	for contact := range contacts {
		switch belongs, undecided := roll.Ask(contact); {
		case belongs:
			m.Members = append(m.Members, contact.Key)
		case undecided:
			m.Undecided = append(m.Undecided, contact.Key)
		}
	}
	return m
}

// Roll asks contact by contact whether it belongs to a segment.
type Roll struct {
	// Unknown is as in Membership.
	Unknown     []string
	any, except [][]test
	now         time.Time
}

// NewRoll readies a segment's rules; now is as in Members.
func NewRoll(s Segment, c Catalog, now time.Time) Roll {
	r := Roll{now: now}
	r.any, r.except = r.prepare(s.Any, c), r.prepare(s.Except, c)
	r.Unknown = sorted(r.Unknown)
	return r
}

// Ask says whether a contact belongs, or that the rules which nobody can answer
// would have to be known for that.
func (r Roll) Ask(c Contact) (belongs, undecided bool) {
	a := min(oneHolds(r.any, c, r.now.Location()), yes-oneHolds(r.except, c, r.now.Location()))
	return a == yes, a == perhaps
}

func (r *Roll) prepare(groups [][]Rule, c Catalog) [][]test {
	tests := make([][]test, len(groups))
	for i, group := range groups {
		for _, rule := range group {
			t, unknown := newTest(rule, c, r.now)
			tests[i] = append(tests[i], t)
			r.Unknown = append(r.Unknown, unknown...)
		}
	}
	return tests
}

// test is a rule made ready: with names for its values, and with a day for an age.
type test struct {
	field    string
	values   []wanted
	unknown  bool
	operator Operator
}

// wanted is a value that a rule asks for, in each form in which it can be compared.
type wanted struct {
	folded string
	number *big.Rat // nil: it is none
	day    string   // "": it is none
}

func want(value string, zone *time.Location) wanted {
	w := wanted{folded: normal.Fold(value)}
	if plainNumber.MatchString(w.folded) {
		w.number, _ = new(big.Rat).SetString(w.folded)
	}
	w.day, _ = localDay(w.folded, zone)
	return w
}

// newTest readies a rule and gives the reason why nobody can answer it, if so.
func newTest(r Rule, c Catalog, now time.Time) (t test, unknown []string) {
	choices, strangers := c.choices(r)
	t = test{field: c.Resolve(r.Field), operator: r.Operator}
	for _, choice := range choices {
		t.values = append(t.values, want(choice.Title, now.Location()))
	}
	t.countDays(r.Values, now)
	switch {
	case r.Topic != "":
		unknown = []string{r.Topic}
	case !c.knows(r.Field):
		unknown = []string{"unknown_field:" + c.Resolve(r.Field)}
	case r.Operator == "":
		unknown = []string{"unknown_operator:" + r.Written}
	case r.Operator == Relative:
		unknown = []string{"relative_date:" + r.Written}
	case r.Operator == Regex:
		unknown = []string{"regex"}
	}
	for _, id := range strangers {
		unknown = append(unknown, "unknown_id:"+r.Field+":"+id)
	}
	t.unknown = len(unknown) > 0
	return t, unknown
}

func oneHolds(groups [][]test, c Contact, zone *time.Location) answer {
	best := no
	for _, group := range groups {
		best = max(best, allHold(group, c, zone))
	}
	return best
}

func allHold(group []test, c Contact, zone *time.Location) answer {
	worst := yes
	for _, t := range group {
		switch {
		case t.unknown:
			worst = min(worst, perhaps)
		case !t.holds(c.Values[t.field], zone):
			return no
		}
	}
	return worst
}

// negative operators hold exactly where their positive ones do not: who has no
// value has none of the values asked for.
var negative = map[Operator]Operator{
	NotEqual: Equal, NoneOf: AnyOf, NotOnDay: OnDay, NotAllOf: AllOf, NotEmpty: Empty,
	NotContains: Contains, NotStartsWith: StartsWith, NotEndsWith: EndsWith,
}

// countDays makes a day of an age. What is no number of days is no day either,
// so that nobody meets it.
func (t *test) countDays(values []string, now time.Time) {
	as, isAge := map[Operator]Operator{WithinDays: AtLeast, OlderThanDays: Less}[t.operator]
	if !isAge {
		return
	}
	t.operator, t.values = as, nil
	if len(values) == 0 {
		return
	}
	if days, err := strconv.Atoi(values[0]); err == nil {
		t.values = []wanted{want(now.AddDate(0, 0, -days).Format(time.DateOnly), now.Location())}
	}
}

// holds asks a rule of a field's values.
func (t test) holds(have []string, zone *time.Location) bool {
	if positive, ok := negative[t.operator]; ok {
		t.operator = positive
		return !t.holds(have, zone)
	}
	equal := func(w wanted) bool {
		return slices.ContainsFunc(have, func(v string) bool { return v != "" && order(v, w, zone) == 0 })
	}
	switch t.operator {
	case Equal, AnyOf, OnDay:
		return slices.ContainsFunc(t.values, equal)
	case AllOf:
		return !slices.ContainsFunc(t.values, func(w wanted) bool { return !equal(w) })
	case Empty:
		return !slices.ContainsFunc(have, func(v string) bool { return v != "" })
	}
	return slices.ContainsFunc(have, func(v string) bool { return v != "" && (t.part(v) || t.ordered(v, zone)) })
}

// partly are the operators about a part of a text.
var partly = map[Operator]func(s, part string) bool{
	Contains: strings.Contains, StartsWith: strings.HasPrefix, EndsWith: strings.HasSuffix,
}

// part asks the rules about a part of a text.
func (t test) part(have string) bool {
	in := partly[t.operator]
	if in == nil {
		return false
	}
	folded := normal.Fold(have)
	return slices.ContainsFunc(t.values, func(w wanted) bool { return in(folded, w.folded) })
}

// orders are the orders of a value and the one asked for that a rule accepts.
var orders = map[Operator][]int{
	Greater: {1}, After: {1}, Less: {-1}, Before: {-1}, AtLeast: {0, 1}, AtMost: {-1, 0},
}

// ordered asks the rules that need an order of values.
func (t test) ordered(have string, zone *time.Location) bool {
	is := func(o Operator, w wanted) bool { return slices.Contains(orders[o], order(have, w, zone)) }
	switch {
	case len(t.values) == 0:
		return false
	case t.operator == Between:
		return len(t.values) == 2 && is(AtLeast, t.values[0]) && is(AtMost, t.values[1])
	}
	return orders[t.operator] != nil && is(t.operator, t.values[0])
}

// incomparable is the order of two values that have none.
const incomparable = 2

// order compares two values as numbers when both are, else as days when both
// are, else as texts for equality only.
func order(have string, w wanted, zone *time.Location) int {
	if w.number != nil && plainNumber.MatchString(have) {
		number, _ := new(big.Rat).SetString(have)
		return number.Cmp(w.number)
	}
	if w.day != "" {
		if day, ok := localDay(have, zone); ok {
			return cmp.Compare(day, w.day)
		}
	}
	if normal.Fold(have) == w.folded {
		return 0
	}
	return incomparable
}

// plainNumber leaves out what only looks like a number: 01067 is a postal code,
// and an exponent could stand for more digits than there is memory.
var plainNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]{0,40})(\.[0-9]{1,40})?$`)

// localDay is the day on which a stamp lies at the site, or the day that a date
// names.
func localDay(value string, zone *time.Location) (string, bool) {
	if len(value) < len(time.DateOnly) || value[4] != '-' {
		return "", false // most texts are none: parsing them would take most of the time
	}
	if len(value) > len(time.DateOnly) {
		if at, err := time.Parse(time.RFC3339, strings.ToUpper(value)); err == nil {
			return at.In(zone).Format(time.DateOnly), true
		}
	}
	day := dayOf(value)
	_, err := time.Parse(time.DateOnly, day)
	return day, err == nil
}
