package doctor

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"nextpipe/fixtures/sandbox"
)

// ned is a user who is no admin and lacks some permissions.
func ned(deny ...string) []sandbox.User {
	return []sandbox.User{{Name: "Ada", Email: "admin@sandbox.example", Admin: true},
		{Name: "Ned", Email: "ned@sandbox.example", Token: "ned", Deny: deny}}
}

func setting(key, value string) string {
	return fmt.Sprintf("INSERT INTO map_setting VALUES ('%s', '%s', 'test', NULL, 'test');", key, value)
}

const (
	aProduct  = "INSERT INTO final_product VALUES ('product:1', 1, 'abc123/product:1', 'P', NULL, '{}');"
	aLead     = "INSERT INTO final_lead VALUES ('lead:1', 1, 'abc123/lead:1', 'L', 'contact:1', NULL, NULL, '{}');"
	aFollower = "INSERT INTO final_follower VALUES ('follower:1', 1, 'abc123/follower:1', 'person', 'contact:1', 'fan@example.com', '{}');"
	aFilter   = "INSERT INTO final_filter VALUES ('filter:1', 1, 'abc123/filter:1', 'F', '{}');"
	aProject  = "INSERT INTO final_project VALUES ('board:1', 1, 'abc123/board:1', 'B', '{}');"
)

// many inserts n rows; VALUES stand for number i.
func many(n int, into, values string) string {
	return fmt.Sprintf("INSERT INTO %s WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < %d) SELECT %s FROM n;", into, n, values)
}

// marked puts a person of this source into the account, as another copy of the warehouse would.
func marked(t *testing.T, a *sandbox.Account) {
	code := addField(t, a, "persons", "NextCRM ID", "varchar")
	create(t, a, "persons", map[string]any{"name": "Ours", "custom_fields": map[string]any{code: "abc123/contact:1"}})
}

type illness struct {
	name string
	patient
	want []string // findings, as lines
}

func illnesses() []illness {
	return slices.Concat(ofRights(), ofPlans(), ofFields(), ofPeople(), ofFeatures(), ofRecords())
}

func ofRights() []illness {
	all := []string{"can_add_custom_fields", "can_see_other_users", "can_edit_custom_fields", "can_modify_labels", "can_add_products", "can_add_prospects_as_leads",
		"can_edit_deals_closed_date", "can_change_visibility_of_items", "can_follow_other_users", "can_share_filters", "can_delete_deals"}
	return []illness{
		{"nothing built", patient{finals: "DELETE FROM final_option; DELETE FROM final_field;", opts: sandbox.Options{Users: ned("can_modify_labels", "can_add_custom_fields")}, token: "ned"},
			[]string{"info not_compared finals", "warning cannot_modify_labels can_modify_labels", "error cannot_add_fields can_add_custom_fields"}},
		{"an ordinary user", patient{opts: sandbox.Options{Users: ned()}, token: "ned"},
			[]string{"error sees_not_everything ned@sandbox.example", "error not_account_admin ned@sandbox.example"}},
		{"a user without permissions", patient{opts: sandbox.Options{Users: ned(all...)}, token: "ned", finals: aProduct + aLead + aFollower + aFilter + setting("visible_to", "3"),
			hands: func(t *testing.T, a *sandbox.Account) { addField(t, a, "persons", "Tier", "enum", "Free") }},
			[]string{"error cannot_add_fields can_add_custom_fields", "error cannot_see_users can_see_other_users", "error cannot_edit_fields can_edit_custom_fields",
				"error cannot_modify_labels can_modify_labels", "error cannot_add_products can_add_products", "error cannot_add_leads can_add_prospects_as_leads",
				"error cannot_set_closed_date can_edit_deals_closed_date", "error cannot_set_visibility can_change_visibility_of_items",
				"error cannot_follow_others can_follow_other_users", "warning cannot_share_filters can_share_filters", "warning cannot_take_back can_delete_deals"}},
		{"a second token whose user may do less", patient{opts: sandbox.Options{Users: append(ned(), sandbox.User{Name: "Nora", Email: "nora@sandbox.example", Token: "nora", Deny: []string{"can_add_products"}})}, token: "ned,nora"},
			[]string{"info token_shares_work nora@sandbox.example", "error token_lacks_right nora@sandbox.example can_add_products"}},
		{"permissions that nobody may read", patient{answers: map[string]func(*httptest.ResponseRecorder){"/permissions": refuse}},
			[]string{"warning permissions_unread admin@sandbox.example"}},
		{"permissions that are not told", patient{answers: map[string]func(*httptest.ResponseRecorder){"/permissions": answer(200, `{"success":true,"data":{"can_use_api":false}}`)}},
			[]string{"error cannot_use_api can_use_api", "info permission_unknown can_see_other_users"}},
	}
}

func ofPlans() []illness {
	burst := func(rec *httptest.ResponseRecorder) { rec.Header().Set("X-Ratelimit-Limit", "33") }
	return []illness{
		{"a burst limit of no plan", patient{answers: map[string]func(*httptest.ResponseRecorder){"": burst}}, []string{"warning plan_unknown burst"}},
		{"another plan than the map says", patient{finals: setting("plan", "lite")}, []string{"warning plan_differs plan"}},
		{"the plan under its older name", patient{finals: setting("plan", "power")}, []string{"info plan_signs plan", "! plan_differs"}},
		{"tokens that are not told", patient{opts: sandbox.Options{DropBudgetHeaders: 1}}, []string{"info plan_signs plan", "! seats_differ"}},
		{"bought tokens", patient{opts: sandbox.Options{DailyTokens: 200_000}}, []string{"info seats_differ seats"}},
		{"a budget of fields beyond the plan", patient{finals: setting("custom_field_budget", "600")}, []string{"warning field_budget_differs custom_field_budget"}},
		{"an account full of fields", patient{opts: sandbox.Options{Plan: "lite", NoBurstLimit: true}, hands: func(t *testing.T, a *sandbox.Account) {
			for i := range 25 {
				addField(t, a, "deals", fmt.Sprint("Field ", i), "varchar")
			}
		}}, []string{"error fields_over_plan custom fields"}},
		{"fields that are there already", patient{opts: sandbox.Options{Plan: "lite", NoBurstLimit: true}, hands: func(t *testing.T, a *sandbox.Account) {
			for i := range 24 {
				addField(t, a, "deals", fmt.Sprint("Field ", i), "varchar")
			}
			addField(t, a, "persons", "tier ", "enum", "Free")
		}}, []string{"! fields_over_plan"}},
		{"more deals and campaigns than the plan takes", patient{opts: sandbox.Options{Plan: "lite", Users: ned()[:1]},
			finals: many(2_990, "final_deal", "'more:' || i, i, 'm' || i, 'D', NULL, NULL, 'open', 's', NULL, NULL, NULL, '{}'") +
				many(10, "final_deal", "'campaign:' || i, i, 'c' || i, 'D', NULL, NULL, 'open', 's', NULL, NULL, NULL, '{}'")},
			[]string{"error deals_over_cap deals and leads"}},
		{"more deals than some plans take", patient{opts: sandbox.Options{Plan: "lite", Users: ned()[:1]},
			finals: many(2_400, "final_deal", "'more:' || i, i, 'm' || i, 'D', NULL, NULL, 'open', 's', NULL, NULL, NULL, '{}'")},
			[]string{"warning deals_over_cap deals and leads"}},
		{"visibility of groups", patient{opts: sandbox.Options{Plan: "growth"}, finals: setting("visible_to", "7")}, []string{"error visibility_not_in_plan visible_to"}},
	}
}

func ofFields() []illness {
	rename := func(rec *httptest.ResponseRecorder) {
		answer(200, strings.ReplaceAll(rec.Body.String(), `"field_code":"label"`, `"field_code":"tags"`))(rec)
	}
	return []illness{
		{"labels under the other code", patient{opts: sandbox.Options{LabelCode: "label"}}, []string{"info label_fields labels"}},
		{"no field for labels", patient{answers: map[string]func(*httptest.ResponseRecorder){"/dealFields": rename}}, []string{"error label_field_missing deal"}},
		{"twins", patient{hands: func(t *testing.T, a *sandbox.Account) {
			for _, name := range []string{"Region", "region ", "NextCRM ID", "NextCRM ID"} {
				addField(t, a, "persons", name, "varchar")
			}
		}}, []string{"warning duplicate_field person.Region", "error duplicate_field person.NextCRM ID"}},
		{"a name with another type", patient{hands: func(t *testing.T, a *sandbox.Account) { addField(t, a, "persons", "Tier", "varchar") }},
			[]string{"warning field_type_differs person.Tier"}},
		{"options and labels without end", patient{finals: many(9_999, "final_option", "'person', 'tier', 'T' || i, i + 10") + many(10_001, "final_label", "'person', 'L' || i, i + 10")},
			[]string{"error too_many_options person.Tier", "error too_many_options labels of person"}},
		{"a priority of our own", patient{finals: `INSERT INTO final_activity VALUES ('activity:1', 1, 'm', 'A', 'call', NULL, NULL, 0, NULL, NULL, NULL, NULL, '{"priority":{"@ref":"priority:urgent"}}'),
			('activity:2', 2, 'n', 'B', 'call', NULL, NULL, 0, NULL, NULL, NULL, NULL, '{"priority":{"@ref":"priority:high"}}');`},
			[]string{"info priorities_seen priorities", "warning priority_missing urgent", "! priority_missing high"}},
	}
}

func ofPeople() []illness {
	decided := "INSERT INTO map_user VALUES ('old@example.com', 'Old', 1, 'typo@example.com', 3, 'test', 1, 'Ana');"
	return []illness{
		{"owners without a seat", patient{finals: "UPDATE final_deal SET owner_email = 'ira@sandbox.example';"},
			[]string{"warning owner_without_user nobody@example.com", "warning owner_without_user ira@sandbox.example", "! owner_without_user sam@sandbox.example"}},
		{"a follower without a seat", patient{finals: aFollower}, []string{"warning follower_without_user fan@example.com", "! owner_without_user fan@example.com"}},
		{"a wrong decision", patient{opts: sandbox.Options{Role: "production"}, finals: decided}, []string{"error decided_owner_unknown typo@example.com"}},
		{"a wrong decision, in a rehearsal", patient{finals: decided}, []string{"! decided_owner_unknown"}},
		{"a wrong fallback owner", patient{finals: setting("owner_fallback", "typo@example.com")}, []string{"error fallback_owner_unknown typo@example.com"}},
		{"a fallback owner in capitals", patient{finals: setting("owner_fallback", "Sam@Sandbox.Example")}, []string{"! fallback_owner_unknown"}},
	}
}

func ofFeatures() []illness {
	without := func(path string) map[string]func(*httptest.ResponseRecorder) {
		return map[string]func(*httptest.ResponseRecorder){path: refuse}
	}
	jobTitle := `UPDATE final_person SET payload = json_set(payload, '$.job_title', 'CEO');`
	person := func(t *testing.T, a *sandbox.Account) { create(t, a, "persons", map[string]any{"name": "Somebody"}) }
	return []illness{
		{"no products", patient{answers: without("/productFields"), finals: aProduct}, []string{"error products_off product"}},
		{"no products, none needed", patient{answers: without("/products")}, []string{"info products_off product"}},
		{"no leads", patient{answers: without("/leadLabels"), finals: aLead}, []string{"error leads_off lead"}},
		{"no projects", patient{finals: aProject}, []string{"error projects_off project"}},
		{"no projects, none needed", patient{}, []string{"info projects_off project"}},
		{"no campaigns", patient{finals: setting("marketing_status", "native")}, []string{"error campaigns_off marketing_status"}},
		{"no campaigns, none needed", patient{}, []string{"info campaigns_off marketing_status"}},
		{"no contact sync", patient{finals: jobTitle, hands: person}, []string{"error contact_sync_off persons"}},
		{"contact sync", patient{finals: jobTitle, hands: person, opts: sandbox.Options{ContactSync: true}}, []string{"! contact_sync_off"}},
		{"nobody to tell contact sync by", patient{finals: jobTitle}, []string{"warning contact_sync_unknown persons"}},
		{"a webhook", patient{hands: func(t *testing.T, a *sandbox.Account) {
			addHook(t, a, "Books", "person")
			addHook(t, a, "Users", "user")
		}},
			[]string{"warning webhook_fires Books create.person", "! webhook_fires Users"}},
		{"a webhook that is switched off", patient{answers: map[string]func(*httptest.ResponseRecorder){"/webhooks": answer(200,
			`{"success":true,"data":[{"id":1,"name":"Old","subscription_url":"https://x.example","event_action":"*","event_object":"*","is_active":0}]}`)}},
			[]string{"! webhook_fires"}},
		{"webhooks that nobody may read", patient{answers: without("/webhooks")}, []string{"warning webhooks_unread webhooks"}},
		{"what no look finds", patient{}, []string{"info automations_unseen automations", "info limits_unseen limits", "info no_probe probe"}},
		{"a probe of many outcomes", patient{finals: `INSERT INTO doctor_probe (target_id, run_id, entity, marker, hi_id, state, pipedrive_id, sent, seen, message, at) VALUES
			(1, 1, 'organization', 'a', '0', 'removed', '5', '{"add_time":"2015-03-04T05:06:07Z"}', '{"add_time":"2026-03-04T05:06:07Z"}', NULL, 'x'),
			(1, 1, 'person', 'b', '0', 'removed', '6', '{"add_time":"2015-03-04T05:06:07Z"}', '{"add_time":"2015-03-04 05:06:07"}', NULL, 'x'),
			(1, 1, 'deal', 'c', '0', 'refused', NULL, '{"add_time":"2015-03-04T05:06:07Z","won_time":"2016-04-05T06:07:08Z"}', NULL, 'Not you', 'x'),
			(1, 1, 'deal', 'd', '0', 'refused', NULL, '{"won_time":"2016-04-05T06:07:08Z"}', NULL, 'Not you', 'x'),
			(1, 1, 'deal', 'e', '0', 'made', '7', '{}', '{}', NULL, 'x'),
			(1, 1, 'note', 'f', '0', 'refused', NULL, '{}', NULL, 'No notes here', 'x'), (1, 1, 'lead', 'g', '0', 'intent', NULL, '{}', NULL, NULL, 'x');`},
			[]string{"warning probe_replaced organization.add_time", "info probe_kept person.add_time", "info probe_refused deal.add_time", "warning probe_refused deal.won_time",
				"error probe_left deal 7", "error probe_left g", "warning probe_failed note", "! no_probe"}},
		{"a cap that was met", patient{finals: `INSERT INTO load_op (target_id, run_id, entity, final_key, verb, purpose, state, attempt, message, intent_at, ended_at)
			VALUES (1, 1, 'filter', 'filter:1', 'create', 'load', 'refused', 1, 'Couldn''t add filter. You''ve reached the filter per company limit.', 'x', 'x');`},
			[]string{"warning cap_met filter"}},
	}
}

func ofRecords() []illness {
	old := "INSERT INTO dest_record VALUES (1, 'deal', '77', 'abc123/deal:1', 'D', '{}', 'x'), (1, 'deal', '78', 'ffffff/deal:1', 'D', '{}', 'x');"
	linked := `INSERT INTO link (target_id, entity, final_key, pipedrive_id, state, origin, symbolic, sent, echoed, linked_at, updated_at)
		VALUES (1, 'deal', 'deal:1', '77', 'live', 'adopted', '{}', '{}', '{}', 'x', 'x');`
	return []illness{
		{"currencies of long ago", patient{finals: `UPDATE final_deal SET payload = json_set(payload, '$.currency', 'EEK');
			UPDATE final_organization SET payload = json_set(payload, '$.custom_fields."@field:organization.budget".currency', 'XTS');`},
			[]string{"error currency_inactive EEK", "error currency_unknown XTS", "! currency_unknown EUR"}},
		{"a film", patient{finals: "INSERT INTO final_file VALUES ('document:1', 1, 'm', 'film.mp4', 62914560, 'x', 'x', NULL, NULL, NULL, '{}');"},
			[]string{"warning file_large files"}},
		{"a record of another copy among the newest", patient{hands: marked}, []string{"error other_copy person"}},
		{"a record of another copy that scope has seen", patient{finals: old}, []string{"error other_copy deal"}},
		{"a record that was adopted", patient{finals: old + linked}, []string{"! other_copy"}},
		{"a warehouse without a source", patient{hands: marked, finals: "DELETE FROM setup;"}, []string{"info other_copy_unchecked source", "! other_copy person"}},
	}
}

func TestDoctor_FindsWhatStandsInTheWay(t *testing.T) {
	met := map[string]bool{}
	for _, i := range illnesses() {
		t.Run(i.name, func(t *testing.T) {
			found, _, err := examine(t, i.patient)
			got := lines(found)
			for _, f := range found {
				met[f.Code] = true
			}
			for _, want := range i.want {
				absent, isAbsent := strings.CutPrefix(want, "! ")
				has := slices.ContainsFunc(got, func(line string) bool { return line == want || isAbsent && strings.Contains(line, " "+absent) })
				if has == isAbsent {
					t.Errorf("want %s; found\n%s", want, strings.Join(got, "\n"))
				}
			}
			grave := slices.ContainsFunc(got, func(line string) bool { return strings.HasPrefix(line, Error+" ") })
			if grave != errors.Is(err, ErrNotReady) {
				t.Errorf("errors found: %v, the look ended with %v", grave, err)
			}
		})
	}
	for _, e := range codes {
		if !met[e.code] {
			t.Errorf("no test has met %s", e.code)
		}
		delete(met, e.code)
	}
	for code := range met {
		t.Errorf("%s is not explained", code)
	}
}
