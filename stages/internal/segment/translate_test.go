package segment

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var newYear = time.Date(2025, 1, 1, 12, 0, 0, 0, time.UTC)

func rule(field string, o Operator, values ...string) Rule {
	return Rule{Source: field, Field: field, Operator: o, Written: string(o), Values: values}
}

func short(c Condition) string {
	text := strings.TrimPrefix(c.Field, "filter_field:") + " " + c.Operator
	if c.Value != "" {
		text += " " + c.Value
	}
	if c.Extra != "" {
		text += " in " + c.Extra
	}
	return text
}

// said writes a filter as "AND list | OR list".
func said(t Translation) string {
	if t.Filter == nil {
		return string(t.Outcome) + ": " + strings.Join(t.Reasons, " ")
	}
	var groups [2][]string
	for i, group := range [][]Condition{t.Filter.And, t.Filter.Or} {
		for _, c := range group {
			groups[i] = append(groups[i], short(c))
		}
	}
	return strings.TrimSpace(strings.Join(groups[0], "; ") + " | " + strings.Join(groups[1], "; "))
}

func TestEveryOperatorHasItsCounterpartOrAReason(t *testing.T) {
	for _, tt := range []struct {
		rule Rule
		want string
	}{
		{rule("city", Equal, "Berlin"), "person.address = Berlin in locality |"},
		{rule("city", NotEqual, "Berlin"), "person.address != Berlin in locality |"},
		{rule("first_name", Contains, "an"), "person.@first_name LIKE '%$%' an |"},
		{rule("first_name", StartsWith, "An"), "person.@first_name LIKE '$%' An |"},
		{rule("first_name", NotStartsWith, "An"), "person.@first_name NOT LIKE '$%' An |"},
		{rule("first_name", NotContains, "an"), "none: deprecated_operator:not_contains"},
		{rule("first_name", EndsWith, "a"), "none: deprecated_operator:ends_with"},
		{rule("first_name", NotEndsWith, "a"), "none: deprecated_operator:not_ends_with"},
		{rule("first_name", Regex, "^a"), "none: regex"},
		{rule("first_name", Empty), "person.@first_name IS NULL |"},
		{rule("first_name", Greater, "a"), "none: operator_not_for_type:greater:varchar"},
		{rule("first_name", Equal), "none: no_value:first_name"},
		{rule("first_name", "", "a"), "none: unknown_operator:"},
		{rule("account.name", NotEqual, "Acme"), "none: operator_not_for_type:not_equal:title"},
		{rule("account.industry", AnyOf, "Retail"), "organization.industry = option_text:organization.industry:Retail |"},
		{rule("custom:budget", Greater, "10000"), "person.budget > 10000 |"},
		{rule("custom:budget", Between, "1", "5"), "person.budget >= 1; person.budget <= 5 |"},
		{rule("custom:budget", Between, "1"), "none: no_value:custom:budget"},
		{rule("custom:plan_tier", AnyOf, "Free", "Gold"), "| person.plan_tier = option_text:person.plan_tier:Free; person.plan_tier = option_text:person.plan_tier:Gold"},
		{rule("custom:plan_tier", NoneOf, "Free", "Gold"), "person.plan_tier != option_text:person.plan_tier:Free; person.plan_tier != option_text:person.plan_tier:Gold |"},
		{rule("custom:plan_tier", Contains, "Fr"), "none: operator_not_for_type:contains:enum"},
		{rule("custom:interests", Contains, "CRM"), "person.interests contains option_text:person.interests:CRM |"},
		{rule("custom:interests", NotContains, "CRM"), "person.interests not_contains option_text:person.interests:CRM |"},
		{rule("custom:remarks", Equal, "x"), "none: not_filterable:custom:remarks"},
		{rule("custom:nowhere", Equal, "x"), "none: unknown_field:custom:nowhere"},
		{rule("tags", AnyOf, "3", "5"), "| person.@label_ids contains label_text:person:VIP; person.nextcrm_tags contains option_text:person.nextcrm_tags:Trial"},
		{rule("tags", AllOf, "3", "9"), "person.@label_ids contains label_text:person:VIP; person.@label_ids contains label_text:person:Partner |"},
		{rule("tags", NotAllOf, "3", "9"), "| person.@label_ids not_contains label_text:person:VIP; person.@label_ids not_contains label_text:person:Partner"},
		{rule("tags", AnyOf, "7"), "none: not_migrated:Cold"},
		{rule("tags", AnyOf, "99"), "none: unknown_id:tags:99"},
		{rule("lists", NoneOf, "4"), "person.nextcrm_lists not_contains option_text:person.nextcrm_lists:Suppressed |"},
		{rule("owner_email", Equal, "2"), "person.@owner_id = user_text:ana@example.com |"},
		{rule("birthday", OnDay, "1990-01-02"), "person.birthday = 1990-01-02 |"},
		{rule("created_at", OnDay, "2024-02-29 08:00:00"), "person.@add_time >= 2024-02-29; person.@add_time < 2024-03-01 |"},
		{rule("created_at", NotOnDay, "2024-02-29"), "| person.@add_time < 2024-02-29; person.@add_time >= 2024-03-01"},
		{rule("created_at", OnDay, "soon"), "none: no_value:created_at"},
		{rule("created_at", Before, "2024-02-29 08:00:00"), "person.@add_time < 2024-02-29 |"},
		{rule("created_at", WithinDays, "7"), "person.@add_time >= 1_week_ago |"},
		{rule("created_at", OlderThanDays, "1"), "person.@add_time < yesterday |"},
		{rule("created_at", WithinDays, "many"), "none: no_value:created_at"},
		{rule("created_at", Relative, "x"), "none: relative_date:relative"},
		{Rule{Source: "woo.orders", Topic: "shop_data"}, "none: shop_data"},
	} {
		s := Segment{Any: [][]Rule{{tt.rule}}}
		if got := said(Translate(s, known, newYear)); got != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", known.Describe(tt.rule), got, tt.want)
		}
	}
}

func TestDaysWithoutAWordBecomeAFixedDateAndAreCalledPartial(t *testing.T) {
	for days, want := range map[string]string{"30": "1_months_ago", "180": "6_months_ago", "45": "2024-11-17"} {
		got := Translate(Segment{Any: [][]Rule{{rule("created_at", WithinDays, days)}}}, known, newYear)
		if got.Outcome != Partial || got.Filter.And[0].Value != want || !slices.Equal(got.Reasons, []string{"relative_days:" + days}) {
			t.Errorf("%s days: %s %q %q", days, got.Outcome, said(got), got.Reasons)
		}
	}
}

func TestGroupsFitOrSayWhyNot(t *testing.T) {
	a, b, c := rule("first_name", Equal, "A"), rule("first_name", Equal, "B"), rule("last_name", Equal, "C")
	d, two := rule("source", Equal, "D"), rule("tags", AnyOf, "3", "9")
	var many []Rule
	for i := range 17 {
		many = append(many, rule("source", Equal, fmt.Sprint(i)))
	}
	for _, tt := range []struct {
		name   string
		any    [][]Rule
		except [][]Rule
		want   string
	}{
		{"alternatives go into the OR group", [][]Rule{{a}, {b}}, nil, "| person.@first_name = A; person.@first_name = B"},
		{"what is common goes in front", [][]Rule{{c, a}, {b, c}}, nil, "person.@last_name = C | person.@first_name = A; person.@first_name = B"},
		{"a list is one more alternative", [][]Rule{{a}, {two}}, nil, "| person.@first_name = A; person.@label_ids contains label_text:person:VIP; person.@label_ids contains label_text:person:Partner"},
		{"a list with a common rule", [][]Rule{{c, a}, {c, two}}, nil, "person.@last_name = C | person.@first_name = A; person.@label_ids contains label_text:person:VIP; person.@label_ids contains label_text:person:Partner"},
		{"half of a range is common", [][]Rule{{rule("custom:budget", Between, "1", "5")}, {rule("custom:budget", AtLeast, "1"), a}}, nil, "person.budget >= 1 | person.budget <= 5; person.@first_name = A"},
		{"who asks for more is needless", [][]Rule{{a}, {a, c}, {a}}, nil, "person.@first_name = A |"},
		{"two groups of two", [][]Rule{{a, c}, {b, d}}, nil, "none: or_of_and_groups"},
		{"two lists", [][]Rule{{two, rule("custom:plan_tier", AnyOf, "Free", "Gold")}}, nil, "none: two_or_groups"},
		{"a common list and alternatives", [][]Rule{{two, a}, {two, b}}, nil, "none: two_or_groups"},
		{"too many", [][]Rule{many}, nil, "none: too_many_conditions"},
		{"nothing at all", nil, nil, "none: no_rules"},
		{"an exclusion is a negation", [][]Rule{{a}, {b}}, [][]Rule{{rule("tags", AnyOf, "3")}}, "person.@label_ids not_contains label_text:person:VIP | person.@first_name = A; person.@first_name = B"},
		{"an exclusion of two", [][]Rule{{a}}, [][]Rule{{c, d}}, "none: exclude_filters"},
		{"an exclusion without an opposite", [][]Rule{{a}}, [][]Rule{{rule("custom:budget", Between, "1", "5")}}, "none: exclude_filters"},
	} {
		if got := said(Translate(Segment{Any: tt.any, Except: tt.except}, known, newYear)); got != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", tt.name, got, tt.want)
		}
	}
}

func TestAFilterIsTheBodyThatPipedriveTakes(t *testing.T) {
	s := Segment{Any: [][]Rule{{rule("tags", AnyOf, "3"), rule("city", Equal, `"Bonn" label_text:person:VIP`), rule("first_name", Empty)}}}
	got, err := json.Marshal(Translate(s, known, newYear).Filter)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"glue":"and","conditions":[{"glue":"and","conditions":[` +
		`{"object":"person","field_id":{"@ref":"filter_field:person.@label_ids"},"operator":"contains","value":{"@ref":"label_text:person:VIP"},"extra_value":null},` +
		`{"object":"person","field_id":{"@ref":"filter_field:person.address"},"operator":"=","value":"\"Bonn\" label_text:person:VIP","extra_value":"locality"},` +
		`{"object":"person","field_id":{"@ref":"filter_field:person.@first_name"},"operator":"IS NULL","value":null,"extra_value":null}]},` +
		`{"glue":"or","conditions":[]}]}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
}

func TestEveryReasonIsExplained(t *testing.T) {
	for _, topic := range topics {
		if Explain(topic.reason) == "" {
			t.Errorf("%s is not explained", topic.reason)
		}
	}
	for _, reason := range []string{"unknown_rule:x", "unsupported_source:x", "relative_days:30", "too_many_conditions", "exclude_filters", "or_of_and_groups", "no_rules"} {
		if Explain(reason) == "" {
			t.Errorf("%s is not explained", reason)
		}
	}
}

func TestChoicesAreCalledWhatTheMapCallsThem(t *testing.T) {
	c := known
	c.Tags = map[string]Choice{"3": {Title: "VIP", Label: "Very important"}, "5": {Title: "Trial", Home: "field", Field: "our_tags"},
		"7": {Title: "Cold", Home: "skip", IsUnused: true}}
	c.Owners = map[string]Choice{"2": {Title: "ana@old.example", Label: "ana@new.example"}, "owen@old.example": {Title: "owen@old.example", Home: "skip"}}
	c.Options = map[string]map[string]Choice{"custom:plan_tier": {"gold": {Title: "Gold", Label: "Gold plan"}, "1": {Title: "Yes"}, "yes": {Title: "Yes"}, "old": {Title: "Old", Home: "skip"}}}
	for _, tt := range []struct {
		rule Rule
		want string
	}{
		{rule("tags", AnyOf, "3"), "person.@label_ids contains label_text:person:Very important |"},
		{rule("tags", AnyOf, "5"), "person.our_tags contains option_text:person.our_tags:Trial |"},
		{rule("tags", Empty), "person.@label_ids IS NULL; person.our_tags IS NULL |"},
		{rule("tags", NotEmpty), "| person.@label_ids IS NOT NULL; person.our_tags IS NOT NULL"},
		{rule("custom:plan_tier", Equal, "GOLD"), "person.plan_tier = option_text:person.plan_tier:Gold plan |"},
		{rule("custom:plan_tier", Equal, "1"), "person.plan_tier = option_text:person.plan_tier:Yes |"},
		{rule("custom:plan_tier", Equal, "Platinum"), "none: unknown_option:Platinum"},
		{rule("custom:plan_tier", AnyOf, "Gold", "Old"), "none: not_migrated:Old"},
		{rule("owner_email", Equal, "2"), "person.@owner_id = user_text:ana@new.example |"},
		{rule("owner_email", Equal, "owen@old.example"), "none: not_migrated:owen@old.example"},
		{rule("owner_email", Equal, "nobody@old.example"), "none: not_migrated:nobody@old.example"},
		{rule("country", Equal, "Germany"), "person.address = DE in country |"},
	} {
		if got := said(Translate(Segment{Any: [][]Rule{{tt.rule}}}, c, newYear)); got != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", c.Describe(tt.rule), got, tt.want)
		}
	}
	c.Tags["8"] = Choice{Title: "Old", Home: "skip"}
	if got, want := said(Translate(Segment{Any: [][]Rule{{rule("tags", Empty)}}}, c, newYear)), "none: not_migrated:Old"; got != want {
		t.Errorf("a tag that somebody has and Pipedrive will not: %s", got)
	}
	people := []Contact{{"ana", map[string][]string{"owner_email": {"ana@old.example"}, "custom:plan_tier": {"Gold"}}}, {"bob", map[string][]string{"country": {"DE"}}}}
	for _, tt := range []struct {
		rule Rule
		want []string
	}{{rule("owner_email", Equal, "2"), []string{"ana"}}, {rule("custom:plan_tier", Equal, "gold"), []string{"ana"}}, {rule("country", Equal, "Germany"), []string{"bob"}}} {
		if got := Members(Segment{Any: [][]Rule{{tt.rule}}}, c, slices.Values(people), newYear).Members; !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", c.Describe(tt.rule), got, tt.want)
		}
	}
}

func TestAFieldThatTheExportLacksLeavesEverybodyUndecided(t *testing.T) {
	got := Members(Segment{Any: [][]Rule{{rule("custom:nowhere", Empty)}}}, known, slices.Values([]Contact{{Key: "ana"}}), newYear)
	want := Membership{Undecided: []string{"ana"}, Unknown: []string{"unknown_field:custom:nowhere"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
