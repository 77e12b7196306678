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
	Unknown []string
	segment Segment
	asked   evaluation
}

// NewRoll readies a segment's rules; now is as in Members.
func NewRoll(s Segment, c Catalog, now time.Time) Roll {
	r := Roll{segment: s, asked: evaluation{now: now, tests: map[string]test{}}}
	for _, group := range slices.Concat(s.Any, s.Except) {
		for _, rule := range group {
			r.Unknown = append(r.Unknown, r.asked.prepare(rule, c)...)
		}
	}
	r.Unknown = sorted(r.Unknown)
	return r
}

// Ask says whether a contact belongs, or that the rules which nobody can answer
// would have to be known for that.
func (r Roll) Ask(c Contact) (belongs, undecided bool) {
	a := min(r.asked.any(r.segment.Any, c), yes-r.asked.any(r.segment.Except, c))
	return a == yes, a == perhaps
}

// test is a rule made ready: with folded names for its values.
type test struct {
	field    string
	values   []string
	unknown  bool
	operator Operator
}

type evaluation struct {
	now   time.Time
	tests map[string]test
}

func ruleKey(r Rule) string {
	return strings.Join(append([]string{r.Source, string(r.Operator), r.Written}, r.Values...), "\x00")
}

// prepare readies a rule and gives the reason why nobody can answer it, if so.
func (e evaluation) prepare(r Rule, c Catalog) (unknown []string) {
	choices, strangers := c.choices(r)
	t := test{field: c.Resolve(r.Field), operator: r.Operator}
	for _, choice := range choices {
		t.values = append(t.values, normal.Fold(choice.Title))
	}
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
	e.tests[ruleKey(r)] = t
	return unknown
}

func (e evaluation) any(groups [][]Rule, c Contact) answer {
	best := no
	for _, group := range groups {
		best = max(best, e.all(group, c))
	}
	return best
}

func (e evaluation) all(group []Rule, c Contact) answer {
	worst := yes
	for _, r := range group {
		t := e.tests[ruleKey(r)]
		switch {
		case t.unknown:
			worst = min(worst, perhaps)
		case !t.holds(c.Values[t.field], e.now):
			worst = no
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

// holds asks a rule of a field's values.
func (t test) holds(have []string, now time.Time) bool {
	if positive, ok := negative[t.operator]; ok {
		t.operator = positive
		return !t.holds(have, now)
	}
	have = slices.DeleteFunc(slices.Clone(have), func(v string) bool { return v == "" })
	equal := func(want string) bool {
		return slices.ContainsFunc(have, func(v string) bool { return order(v, want, now) == 0 })
	}
	switch t.operator {
	case Equal, AnyOf, OnDay:
		return slices.ContainsFunc(t.values, equal)
	case AllOf:
		return !slices.ContainsFunc(t.values, func(want string) bool { return !equal(want) })
	case Empty:
		return len(have) == 0
	}
	return slices.ContainsFunc(have, func(v string) bool { return t.part(v) || t.ordered(v, now) })
}

// part asks the rules about a part of a text.
func (t test) part(have string) bool {
	in := map[Operator]func(s, part string) bool{
		Contains: strings.Contains, StartsWith: strings.HasPrefix, EndsWith: strings.HasSuffix,
	}[t.operator]
	folded := normal.Fold(have)
	return in != nil && slices.ContainsFunc(t.values, func(want string) bool { return in(folded, want) })
}

// orders are the orders of a value and the one asked for that a rule accepts.
var orders = map[Operator][]int{
	Greater: {1}, After: {1}, Less: {-1}, Before: {-1}, AtLeast: {0, 1}, AtMost: {-1, 0},
}

// ordered asks the rules that need an order of values.
func (t test) ordered(have string, now time.Time) bool {
	is := func(o Operator, want string) bool { return slices.Contains(orders[o], order(have, want, now)) }
	switch {
	case len(t.values) == 0:
		return false
	case t.operator == Between:
		return len(t.values) == 2 && is(AtLeast, t.values[0]) && is(AtMost, t.values[1])
	case t.operator == WithinDays || t.operator == OlderThanDays:
		days, err := strconv.Atoi(t.values[0])
		o := map[Operator]Operator{WithinDays: AtLeast, OlderThanDays: Less}[t.operator]
		return err == nil && is(o, now.AddDate(0, 0, -days).Format(time.DateOnly))
	}
	return is(t.operator, t.values[0])
}

// incomparable is the order of two values that have none.
const incomparable = 2

// order compares two values as numbers when both are, else as days when both
// are, else as texts for equality only.
func order(have, want string, now time.Time) int {
	if plainNumber.MatchString(have) && plainNumber.MatchString(want) {
		a, _ := new(big.Rat).SetString(have)
		b, _ := new(big.Rat).SetString(want)
		return a.Cmp(b)
	}
	dayA, okA := localDay(have, now.Location())
	dayB, okB := localDay(want, now.Location())
	if okA && okB {
		return cmp.Compare(dayA, dayB)
	}
	if normal.Fold(have) == normal.Fold(want) {
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
	if at, err := time.Parse(time.RFC3339, strings.ToUpper(value)); err == nil {
		return at.In(zone).Format(time.DateOnly), true
	}
	day := dayOf(value)
	_, err := time.Parse(time.DateOnly, day)
	return day, err == nil
}
