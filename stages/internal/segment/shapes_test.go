package segment

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var known = Catalog{
	Tags:     map[string]Choice{"3": {Title: "VIP"}, "5": {Title: "Trial", Home: "field"}, "7": {Title: "Cold", Home: "skip"}, "9": {Title: "Partner"}},
	Lists:    map[string]Choice{"1": {Title: "Newsletter"}, "4": {Title: "Suppressed"}},
	Owners:   map[string]Choice{"2": {Title: "ana@example.com"}},
	FieldIDs: map[string]string{"12": "plan_tier"},
	Fields: map[string]Field{
		"custom:plan_tier": {"Plan Tier", "person", "plan_tier", "enum", ""},
		"custom:budget":    {"Budget", "person", "budget", "monetary", ""},
		"custom:interests": {"Interests", "person", "interests", "set", ""},
		"custom:remarks":   {"Remarks", "person", "", "", ""},
	},
}

func TestEveryShapeReadsAsTheSameRules(t *testing.T) {
	for name, tt := range map[string]struct {
		raw, title, rule string
		shape            Shape
	}{
		"FluentCRM, wrapped, value as text": {
			`{"id":"7","object_type":"custom_segment","value":"{\"title\":\"A\",\"filters\":{\"0\":[{\"source\":[\"subscriber\",\"city\"],\"operator\":\"startsWith\",\"value\":\"Ber\"}],\"1\":{\"0\":{\"source\":[\"custom_fields\",\"budget\"],\"operator\":\">=\",\"value\":10}}}}"}`,
			"A", "City starts with Ber or Budget is at least 10", FluentCRM},
		"FluentCRM passes over broken rules": {
			`{"title":"B","filters":[[{"source":["subscriber"],"operator":"=","value":"x"},{"source":["subscriber","created_at"],"operator":"before","value":""},{"source":["segment","tags"],"operator":"in","value":["3","9"]}]]}`,
			"B", "Tags is any of VIP, Partner", FluentCRM},
		"FluentCRM legacy": {
			`{"title":"C","conditions":[{"field":"created_at","operator":">=","value":"14"},{"field":"tags","operator":"whereNotIn","value":[3]}],"condition_match":"match_all","email_activities":{"status":"yes","last_email_activity_match":"open"}}`,
			"C", "Person created is within the last 14 days and Tags is none of VIP and email_activities open", FluentCRMLegacy},
		"FluentCRM legacy, any": {
			`{"title":"C2","conditions":[{"field":"first_name","operator":"=","value":"Ana"},{"field":"country","operator":"!=","value":"DE"}],"condition_match":"match_any"}`,
			"C2", "First name is Ana or Country is not DE", FluentCRMLegacy},
		"Groundhogg": {
			`{"ID":4,"name":"D","query":{"filters":[[{"type":"tags","compare":"includes","compare2":"all","tags":[3,9]},{"type":"date_created","date_range":"30_days"}],[{"type":"custom_meta","meta":"budget","compare":"less_than","value":5}]],"exclude_filters":[[{"type":"optin_status","compare":"in","value":["3"]}]]}}`,
			"D", "(Tags has all of VIP, Partner and Person created is within the last 30 days) or Budget is less than 5, except where Marketing consent is any of unsubscribed", Groundhogg},
		"Groundhogg's ranges and exclusions": {
			`{"name":"G","filters":[[{"type":"birthday","date_range":"between","after":"1990-01-01","before":"1999-12-31"},{"type":"date_created","date_range":"before","before":"2024-01-01"},{"type":"date_created","date_range":"after","after":"2023-01-01"},{"type":"date_created","date_range":"x_days","days":"10"},{"type":"date_created","date_range":"this_month"},{"type":"tags","compare":"excludes","compare2":"all","tags":[3]},{"type":"tags","compare":"excludes","compare2":"any","tags":[9]},{"type":"email","compare":"does_not_end_with","value":".de"}]]}`,
			"G", "Birthday is between 1990-01-01 and 1999-12-31 and Person created is before 2024-01-01 and Person created is after 2023-01-01 and Person created is within the last 10 days and Person created is in the period this_month and Tags lacks at least one of VIP and Tags is none of Partner and E-mail does not end with .de", Groundhogg},
		"FluentCRM's other providers": {
			`{"title":"P","filters":[[{"source":["activities","email_sequence_activity"],"operator":"in","value":[1]},{"source":["activities","odd"],"operator":"=","value":1},{"source":["event_tracking","login"],"operator":">","value":2},{"source":["woo","total_order_value"],"operator":">","value":2},{"source":["learndash","course"],"operator":"in","value":[4]},{"source":["subscriber","search"],"operator":"contains","value":"x"}]]}`,
			"P", "activities.email_sequence_activity is any of 1 and activities.odd is 1 and event_tracking.login is more than 2 and woo.total_order_value is more than 2 and learndash.course is any of 4 and subscriber.search contains x", FluentCRM},
		"FluentCRM legacy, ages": {
			`{"title":"L","conditions":[{"field":"last_activity","operator":"<=","value":"30"}],"condition_match":"match_all"}`,
			"L", "Last activity in NextCRM is longer ago than 30 days", FluentCRMLegacy},
		"Jetpack CRM": {
			`{"id":1,"name":"E","matchtype":"one","conditions":[{"type":"status","operator":"equal","value":"Lead"},{"type":"tagged","operator":"tag","value":"3"},{"type":"nottagged","operator":"tag","value":"9"},{"type":"dateadded","operator":"daterange","value":"1704067200","value2":"1706659200"},{"type":"plan_tier","operator":"istrue","value":""}]}`,
			"E", "Contact type is Lead or Tags is any of VIP or Tags is none of Partner or Person created is between 2024-01-01 and 2024-01-31 or Plan Tier is Yes", JetpackCRM},
		"MailPoet": {
			`{"id":2,"name":"F","filters_connect":"or","filters":[{"segmentType":"userRole","action":"subscriberTag","operator":"none","tags":[3]},{"filter_data":{"segmentType":"userRole","action":"mailpoetCustomField","custom_field_id":12,"custom_field_type":"select","operator":"equals","value":"Gold"}},{"segmentType":"userRole","action":"subscribedDate","operator":"notInTheLast","value":"7"},{"segmentType":"woocommerce","action":"purchasedProduct"},{"segmentType":"userRole","action":"subscriberSegment","segments":[1]}]}`,
			"F", "Tags is none of VIP or Plan Tier is Gold or Person created is longer ago than 7 days or woocommerce.purchasedProduct or Lists is any of Newsletter", MailPoet},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := Read([]byte(tt.raw))
			if err != nil {
				t.Fatal(err)
			}
			got := []string{s.Title, string(s.Shape), s.Describe(known), string(s.Raw)}
			if diff := cmp.Diff([]string{tt.title, string(tt.shape), tt.rule, tt.raw}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestIgnoredRulesAreKeptForTheRecord(t *testing.T) {
	s, err := Read([]byte(`{"title":"B","filters":[[{"source":["subscriber"],"operator":"=","value":"x"}],[{"source":["subscriber","city"],"operator":"=","value":"Bonn"}]]}`))
	if err != nil || len(s.Ignored) != 1 || s.Rules() != 1 {
		t.Errorf("got %d rules, ignored %q, %v", s.Rules(), s.Ignored, err)
	}
}

func TestAnUnknownShapeKeepsItsNameAndText(t *testing.T) {
	for _, raw := range []string{`{"id":9,"title":"X","rules":"all"}`, `"text"`, `not json`, ``} {
		s, err := Read([]byte(raw))
		if !errors.Is(err, ErrShape) || string(s.Raw) != raw {
			t.Errorf("Read(%s) = %+v, %v", raw, s, err)
		}
	}
}
