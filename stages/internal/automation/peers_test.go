package automation

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nextpipe/stages/internal/segment"
)

// outline says an automation in lines, one a step, indented by branch.
func outline(a Automation, n Names) string {
	main, loose, starts := a.tree()
	var b strings.Builder
	fmt.Fprintf(&b, "%s %q active=%v\n", a.Shape, a.Title, a.Active)
	for _, t := range a.Triggers {
		fmt.Fprintf(&b, "on %s\n", n.DescribeTrigger(t))
	}
	for _, start := range starts {
		fmt.Fprintf(&b, "start %s\n", start)
	}
	writePath(&b, n, main, "")
	for _, at := range loose {
		fmt.Fprintf(&b, "loose %s\n", n.DescribeStep(at.step))
	}
	return b.String()
}

func writePath(b *strings.Builder, n Names, nodes []node, indent string) {
	for _, at := range nodes {
		fmt.Fprintf(b, "%s%s %s", indent, at.number, n.DescribeStep(at.step))
		if at.goesOn != "" {
			fmt.Fprintf(b, " -> %s", at.goesOn)
		}
		b.WriteString("\n")
		for _, way := range at.branches {
			fmt.Fprintf(b, "%s %s: %s\n", indent, way.name, way.goesOn)
			writePath(b, n, way.nodes, indent+"  ")
		}
	}
}

var peerNames = Names{
	Catalog:     segment.Catalog{Tags: map[string]segment.Choice{"3": {Title: "VIP"}}, Lists: map[string]segment.Choice{"1": {Title: "News"}}},
	Automations: map[string]string{"9": "Other"}, Sequences: map[string]string{"4": "Drip"},
}

func TestEveryPluginsShapeReadsAsOneModel(t *testing.T) {
	for name, tt := range map[string]struct {
		raw, want string
		blockers  []string
	}{
		"MailPoet, steps as text": {
			`{"id":5,"name":"Welcome","status":"active","meta":"{\"mailpoet:run-once\":true}","steps":"{\"root\":{\"id\":\"root\",\"type\":\"root\",\"next_steps\":[{\"id\":\"t\"}]},\"t\":{\"id\":\"t\",\"type\":\"trigger\",\"key\":\"mailpoet:someone-subscribes\",\"args\":{\"segment_ids\":[1]},\"next_steps\":[{\"id\":\"d\"}]},\"d\":{\"id\":\"d\",\"type\":\"action\",\"key\":\"core:delay\",\"args\":{\"delay\":2,\"delay_type\":\"HOURS\"},\"next_steps\":[{\"id\":\"i\"}]},\"i\":{\"id\":\"i\",\"type\":\"action\",\"key\":\"core:if-else\",\"args\":[],\"filters\":{\"operator\":\"and\",\"groups\":[{\"operator\":\"or\",\"filters\":[{\"field_type\":\"string\",\"field_key\":\"mailpoet:subscriber:first-name\",\"condition\":\"is-not-blank\",\"args\":{}},{\"field_key\":\"tags\",\"condition\":\"is_any_of\",\"args\":{\"value\":[3]}}]}]},\"next_steps\":[{\"id\":\"m\"},{\"id\":null}]},\"m\":{\"id\":\"m\",\"type\":\"action\",\"key\":\"mailpoet:send-email\",\"args\":{\"subject\":\"Hi\"},\"next_steps\":[{\"id\":\"d\"}]}}"}`,
			"mailpoet \"Welcome\" active=true\non A contact joins a list: News\n1 Wait 2 hours\n2 If mailpoet:subscriber:first-name is-not-blank or tags is any of 3\n yes: \n  2a.1 Send e-mail: Hi -> continues at step 1\n no: \n",
			[]string{}},
		"MailPoet with a step that leads nowhere and one that nothing leads to": {
			`{"id":6,"name":"Broken","status":"draft","steps":{"root":{"type":"root"},"t":{"type":"trigger","key":"woocommerce:abandoned-cart","next_steps":[{"id":"x"}]},"y":{"type":"action","key":"mailpoet:add-tag","args":{"tag_ids":[3]}}}}`,
			"mailpoet \"Broken\" active=false\non A cart is abandoned\nstart goes to step x, which is not in the export\nloose Add tag: VIP\n",
			[]string{"dangling_parent", "unsupported_trigger:cart_abandoned"}},
		"MailPoet with two triggers and a way out of the export": {
			`{"id":7,"name":"Two","status":"active","steps":{"root":{"type":"root"},"t1":{"type":"trigger","key":"mailpoet:someone-subscribes","next_steps":[{"id":"a"}]},"t2":{"type":"trigger","key":"mailpoet:tag-added","args":{"tag_ids":[3]},"next_steps":[{"id":"b"}]},` +
				`"a":{"type":"action","key":"core:delay","args":{"delay":1,"delay_type":"DAYS"},"next_steps":[{"id":"b"}]},"b":{"type":"action","key":"core:if-else","next_steps":[{"id":"gone"},{"id":"a"}]}}}`,
			"mailpoet \"Two\" active=true\non A contact joins a list\non A tag is added: VIP\nstart continues at step 2\n1 Wait 1 day\n2 If\n yes: goes to step gone, which is not in the export\n no: continues at step 1\n",
			[]string{"dangling_parent"}},
		"Groundhogg": {
			`{"ID":8,"data":{"title":"Hound","status":"active"},"meta":{},"steps":[` +
				`{"ID":12,"data":{"step_type":"if_else","step_group":"logic","step_order":3,"branch":"main"},"meta":{"include_filters":[[{"type":"tags","compare":"includes","tags":[3]}],[{"type":"first_name","compare":"equals","value":"Ana"}]]}},` +
				`{"ID":10,"data":{"step_type":"tag_applied","step_group":"benchmark","step_order":1,"branch":"main"},"meta":{"tags":[3]},"is_starting":true},` +
				`{"ID":11,"data":{"step_type":"delay_timer","step_group":"action","step_order":2,"branch":"main"},"meta":{"delay_amount":"3","delay_type":"days","run_when":"later","run_time":"09:00"}},` +
				`{"ID":13,"data":{"step_type":"send_email","step_group":"action","step_order":4,"branch":"12-yes"},"meta":{"email_id":4},"export":{"subject":"Dear [first]"}},` +
				`{"ID":14,"data":{"step_type":"date_timer","step_group":"action","step_order":5,"branch":"12-no"},"meta":{"run_date":"2025-05-01"}},` +
				`{"ID":15,"data":{"step_type":"http_post","step_group":"action","step_order":6,"branch":"main"},"meta":{"post_url":"https://a.example/x","method":"POST"}},` +
				`{"ID":16,"data":{"step_type":"page_visited","step_group":"benchmark","step_order":7,"branch":"main"},"meta":{"url":"https://a.example/p"}},` +
				`{"ID":17,"data":{"step_type":"apply_note","step_group":"action","step_order":8,"branch":"99-yes"},"meta":{"note_text":"lost"}}]}`,
			"groundhogg \"Hound\" active=true\non A tag is added: VIP\n1 Wait 3 days, then until 09:00\n2 If tags includes 3 or first_name equals Ana\n yes: \n  2a.1 Send e-mail: Dear [first]\n no: \n  2b.1 Wait until 2025-05-01\n3 Call webhook: https://a.example/x\n4 Wait for a goal\nloose Add note: lost\n",
			[]string{"dangling_parent", "unsupported_step:goal", "wait_until_date"}},
		"Jetpack CRM": {
			`{"id":2,"name":"Jet","active":true,"triggers":["jpcrm/contact_created","jpcrm/quote_accepted"],"initial_step":"0","steps":[` +
				`{"slug":"jpcrm/condition/contact_field_changed","attributes":{"field":"status","operator":"is","value":"Lead"},"next_step_true":"1","next_step_false":"2"},` +
				`{"slug":"jpcrm/add_remove_contact_tag","attributes":{"mode":"remove","tags":[3]},"next_step_true":null},` +
				`{"slug":"jpcrm/update_contact_status","attributes":{"new_status":"Customer"},"next_step_true":1}]}`,
			"jetpack-crm \"Jet\" active=true\non A contact is added\non Something happens to a quote\n1 If status is Lead\n yes: \n  1a.1 Remove tag: VIP\n no: \n  1b.1 Change status -> continues at step 1a.1\n",
			[]string{}},
		"FluentCRM, ids as text, parents in a circle": {
			`{"id":"9","type":"funnels","title":"Fluent","trigger_name":"acme/own","status":"published","settings":[],"sequences":[` +
				`{"id":"2","parent_id":"1","action_name":"end_this_funnel","condition_type":"no","sequence":"2","settings":[]},` +
				`{"id":"1","parent_id":"2","action_name":"funnel_condition","condition_type":"yes","sequence":"1","settings":{}},` +
				`{"id":"3","parent_id":"0","action_name":"send_custom_email","sequence":"3","settings":{"send_email_to_type":"custom","campaign":{"email_subject":"Alert"}}},` +
				`{"id":"4","parent_id":"0","action_name":"fluentcrm_wait_times","sequence":"4","settings":{"is_timestamp_wait":"yes","wait_date_time":"2025-01-01"}}]}`,
			"fluentcrm \"Fluent\" active=true\non Unknown: acme/own\n1 Notify: Alert\n2 Wait until 2025-01-01\nloose If\nloose End\n",
			[]string{"dangling_parent", "unknown_trigger:acme/own", "wait_until_date"}},
	} {
		t.Run(name, func(t *testing.T) {
			a, err := Read([]byte(tt.raw))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, outline(a, peerNames)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tt.blockers, a.Blockers()); diff != "" {
				t.Error(diff)
			}
			if string(a.Raw) != tt.raw {
				t.Error("the raw document changed")
			}
		})
	}
}

func TestWhatHasNoKnownShapeKeepsItsNameAndText(t *testing.T) {
	for _, raw := range []string{`{"id":1,"title":"X","flow":[]}`, `[]`, `oops`, ``} {
		if a, err := Read([]byte(raw)); !errors.Is(err, ErrShape) || string(a.Raw) != raw {
			t.Errorf("Read(%s) = %+v, %v", raw, a, err)
		}
		if s, err := ReadSequence([]byte(raw)); !errors.Is(err, ErrShape) || string(s.Raw) != raw {
			t.Errorf("ReadSequence(%s) = %+v, %v", raw, s, err)
		}
	}
}

func TestWaitsReadInEveryUnit(t *testing.T) {
	for _, tt := range []struct {
		amount, unit, text string
		minutes            int64
	}{
		{"1", "days", "1 day", 1440}, {"2", "WEEKS", "2 weeks", 20160}, {"90", "Minutes", "90 minutes", 90}, {"1.5", "hours", "1.5 hours", 90},
		{"2", "months", "2 months", 86400}, {"soon", "days", "soon day", 0}, {"1e300", "days", "1e300 day", 0}, {"-1", "days", "-1 day", 0}, {"3", "moons", "3 moon", 0},
	} {
		if got := fixedWait(tt.amount, tt.unit); got != (Wait{Fixed, tt.minutes, tt.text}) {
			t.Errorf("%s %s is %+v", tt.amount, tt.unit, got)
		}
	}
}

func TestASequenceKeepsItsDistancesAndWindows(t *testing.T) {
	s, err := ReadSequence([]byte(`{"sequence":{"id":3,"title":"S","status":"draft"},"emails":[` +
		`{"id":2,"email_subject":"B","delay":"7200","settings":{"timings":{"delay_unit":"hours","delay":"3","is_anytime":"no","selected_days_only":"yes","allowed_days":["Mon","Fri"],"sending_time":["08:00","10:00"]}}},` +
		`{"id":1,"email_subject":"A","delay":"3600"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	want := []Email{{ID: "1", Subject: "A", DelayMinutes: 60}, {ID: "2", Subject: "B", DelayMinutes: 180, Window: "on Mon, Fri at 08:00 to 10:00"}}
	if diff := cmp.Diff(want, s.Emails); diff != "" {
		t.Error(diff)
	}
}

func TestThePlansLimitsAreCompared(t *testing.T) {
	busy := Automation{ID: "1", Active: true}
	for range 4 {
		busy.add(Step{Kind: "wait", Wait: Wait{Mode: Fixed}})
		busy.add(Step{Kind: "condition"})
	}
	all := make([]Automation, 51)
	for i := range all {
		all[i] = busy
	}
	for plan, want := range map[string][]Finding{
		"growth":   {{"1", "delays:4>3"}, {"", "active_automations:51>50"}},
		"PREMIUM ": nil,
		"Advanced": {{"1", "if_else:4>1"}},
		"Lite":     {{"", "no_automations:Lite"}, {"", "no_sequences:Lite"}},
	} {
		p, ok := FindPlan(plan)
		if !ok {
			t.Fatalf("no plan %s", plan)
		}
		var got []Finding
		for _, f := range CheckPlan(p, all, []Sequence{{}}) {
			if len(got) == 0 || got[len(got)-1] != f {
				got = append(got, f)
			}
			if Explain(f.Code) == "" {
				t.Errorf("%s is not explained", f.Code)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", plan, diff)
		}
	}
	if _, ok := FindPlan("Essential Plus"); ok {
		t.Error("an unknown plan was found")
	}
}

func TestTheOpenSourceEditionsRulesHaveTheCompanysIntervals(t *testing.T) {
	defaults := Funnel{}.Automations()
	own := sampleFunnel().Automations()
	kill := func(all []Automation) string { return Names{}.DescribeTrigger(all[3].Triggers[0]) }
	got := []string{kill(defaults), kill(own), fmt.Sprint(len(defaults), len(own)), fmt.Sprint(defaults[1].Active, own[1].Active, own[2].Active)}
	want := []string{"A deal has stood open for 45 days", "A deal has stood open for 60 days", "6 7", "false true false"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestEveryKindHasWordsAndEveryStepACounterpart(t *testing.T) {
	for _, table := range [][]string{triggerKinds, stepKinds} {
		for _, entry := range table {
			kind, _, ok := strings.Cut(entry, ": ")
			if !ok || kindWords[kind] == "" {
				t.Errorf("%q has no words", entry)
			}
		}
	}
	for _, entry := range stepKinds {
		kind, _, _ := strings.Cut(entry, ": ")
		if e := EquivalentStep(Step{Kind: kind}); strings.HasPrefix(e.Text, "Not known") {
			t.Errorf("%s has no counterpart and no word on it", kind)
		}
	}
}
