package segment

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var berlin = time.FixedZone("CET", 3600)

func TestARuleFindsWhomTheOldSystemFound(t *testing.T) {
	people := []Contact{
		{"ana", map[string][]string{"first_name": {"Ana"}, "tags": {"VIP", "Partner"}, "custom:budget": {"1250.50"}, "created_at": {"2024-12-31T23:30:00Z"}, "postal_code": {"01067"}}},
		{"bob", map[string][]string{"first_name": {"BOB"}, "tags": {"vip"}, "custom:budget": {"99"}, "created_at": {"2024-11-01T10:00:00Z"}, "postal_code": {"1067"}}},
		{"eve", map[string][]string{"first_name": {""}}},
	}
	now := time.Date(2025, 1, 1, 9, 0, 0, 0, berlin)
	for _, tt := range []struct {
		rule Rule
		want []string
	}{
		{rule("first_name", Equal, "bob"), []string{"bob"}},
		{rule("first_name", NotEqual, "bob"), []string{"ana", "eve"}},
		{rule("first_name", Empty), []string{"eve"}},
		{rule("first_name", NotEmpty), []string{"ana", "bob"}},
		{rule("first_name", Contains, "o", "n"), []string{"ana", "bob"}},
		{rule("first_name", StartsWith, "b"), []string{"bob"}},
		{rule("first_name", NotEndsWith, "b"), []string{"ana", "eve"}},
		{rule("first_name", Greater, "A"), nil},
		{rule("tags", AnyOf, "3"), []string{"ana", "bob"}},
		{rule("tags", AllOf, "3", "9"), []string{"ana"}},
		{rule("tags", NotAllOf, "3", "9"), []string{"bob", "eve"}},
		{rule("tags", NoneOf, "9"), []string{"bob", "eve"}},
		{rule("custom:budget", Greater, "1250.5"), nil},
		{rule("custom:budget", AtLeast, "1250.5"), []string{"ana"}},
		{rule("custom:budget", Less, "1250.5"), []string{"bob"}},
		{rule("custom:budget", Between, "99", "1000"), []string{"bob"}},
		{rule("custom:budget", Greater, "1e999999999"), nil},
		{rule("postal_code", Equal, "1067"), []string{"bob"}},
		{rule("created_at", OnDay, "2025-01-01"), []string{"ana"}},
		{rule("created_at", Before, "2025-01-01 00:00:00"), []string{"bob"}},
		{rule("created_at", AtMost, "2025-01-01"), []string{"ana", "bob"}},
		{rule("created_at", After, "2024-12-31"), []string{"ana"}},
		{rule("created_at", WithinDays, "30"), []string{"ana"}},
		{rule("created_at", OlderThanDays, "30"), []string{"bob"}},
	} {
		got := Members(Segment{Any: [][]Rule{{tt.rule}}}, known, slices.Values(people), now)
		if diff := cmp.Diff(Membership{Members: tt.want}, got); diff != "" {
			t.Errorf("%s: %s", known.Describe(tt.rule), diff)
		}
	}
}

func TestWhatNobodyCanAnswerLeavesOnlyThoseUndecidedWhomItConcerns(t *testing.T) {
	opened := Rule{Source: "activities.email_opened", Topic: "email_activity"}
	people := []Contact{{"vip", map[string][]string{"tags": {"VIP"}, "city": {"Bonn"}}}, {"other", nil}}
	s := Segment{Any: [][]Rule{{rule("tags", AnyOf, "3")}, {opened, rule("city", Empty)}}}
	got := Members(s, known, slices.Values(people), newYear)
	want := Membership{Members: []string{"vip"}, Undecided: []string{"other"}, Unknown: []string{"email_activity"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	s = Segment{Any: [][]Rule{{rule("tags", AnyOf, "3", "99")}}, Except: [][]Rule{{rule("city", Equal, "bonn")}}}
	got = Members(s, known, slices.Values(people), newYear)
	want = Membership{Undecided: []string{"other"}, Unknown: []string{"unknown_id:tags:99"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Whoever a translated filter finds must be whom the rule found: every fitted
// filter is evaluated over all combinations of values and compared.
func TestFittingNeverChangesWhoIsFound(t *testing.T) {
	var people []Contact
	for bits := range 16 {
		values := map[string][]string{}
		for i, name := range []string{"first_name", "last_name", "source", "prefix"} {
			values[name] = []string{string(rune('x' + bits>>i&1))}
		}
		people = append(people, Contact{string(rune('a' + bits)), values})
	}
	rules := []Rule{rule("first_name", Equal, "y"), rule("last_name", Equal, "y"), rule("source", Equal, "y"), rule("prefix", NotEqual, "y")}
	fitted := 0
	for mask := 1; mask < 1<<12; mask++ {
		var groups [][]Rule
		for g := range 3 {
			var group []Rule
			for i, r := range rules {
				if mask>>(g*4+i)&1 == 1 {
					group = append(group, r)
				}
			}
			if len(group) > 0 {
				groups = append(groups, group)
			}
		}
		s := Segment{Any: groups}
		filter := Translate(s, known, newYear).Filter
		if filter == nil {
			continue
		}
		fitted++
		want := Members(s, known, slices.Values(people), newYear).Members
		if got := found(*filter, people); !slices.Equal(got, want) {
			t.Fatalf("%s: filter finds %q, rules find %q", s.Describe(known), got, want)
		}
	}
	if fitted < 500 {
		t.Errorf("only %d of 4095 combinations fit", fitted)
	}
}

// found evaluates a filter the way Pipedrive does.
func found(f Filter, people []Contact) (keys []string) {
	for _, p := range people {
		meets := func(c Condition) bool {
			return (p.Values[strings.TrimLeft(strings.TrimPrefix(c.Field, "filter_field:person."), "@")][0] == c.Value) == (c.Operator == "=")
		}
		misses := func(c Condition) bool { return !meets(c) }
		if !slices.ContainsFunc(f.And, misses) && (len(f.Or) == 0 || slices.ContainsFunc(f.Or, meets)) {
			keys = append(keys, p.Key)
		}
	}
	return keys
}
