package build_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	nextcrmsample "nextpipe/fixtures/nextcrm"
	"nextpipe/fixtures/nextcrm/pgtest"
	"nextpipe/stages/internal/warehouse"
)

// oneLead is a lead whose person became contact 1 and whose account is account 1.
const oneLead = `
	INSERT INTO clean_contact (contact_key, row_id, source_id, name, name_origin, email, consent, custom, row_hash) VALUES
		('lead:7', 2, '7', 'Eva Malá', 'name', 'eva@acme.example', 'subscribed', '{}', 'h');
	INSERT INTO clean_lead (lead_key, row_id, source_id, title, contact_key, account_key, company, status, source, type, campaign, referred_by, description, value, currency,
		owner_email, created_at, updated_at, custom, row_hash) VALUES
		('lead:7', 1, '7', 'Eva Malá – Acme', 'lead:7', 'account:1', 'ACME old', 'New', 'web', 'Demo', 'Spring fair', 'Jan "the" <b>', 'line 1' || char(10) || 'line 2', '1200.50', 'CZK',
		'ana@example.com', '2024-01-02T03:04:05Z', '2024-02-02T03:04:05Z', '{"region":"north","empty":null}', 'h')`

func TestALeadSendsWhatItHasAndANoteHoldsTheRest(t *testing.T) {
	db := smallWarehouse(t, oneLead)
	want := `{"title":"Eva Malá – Acme","person_id":{"@ref":"person:lead:7"},"organization_id":{"@ref":"organization:account:1"},"owner_id":{"@ref":"user:ana@example.com"},` +
		`"label_ids":[{"@ref":"label:lead:New"}],"value":{"amount":1200.50,"currency":"CZK"},"origin_id":"ab12cd/lead:7",` +
		`"@field:deal.lead_source":{"@ref":"option:deal.lead_source:web"},"@field:deal.lead_type":{"@ref":"option:deal.lead_type:Demo"},` +
		`"@field:deal.lead_campaign":"Spring fair","@field:deal.lead_referred_by":"Jan \"the\" <b>"}`
	if diff := cmp.Diff(want, one(t, db, "SELECT payload FROM final_lead")); diff != "" {
		t.Errorf("lead (-want +got):\n%s", diff)
	}
	want = `{"content":"<p><b>Lead in NextCRM</b><br>Company: ACME old<br>Created in NextCRM: 2024-01-02T03:04:05Z<br>Updated in NextCRM: 2024-02-02T03:04:05Z` +
		`<br>region: north<br>Description: line 1<br>line 2</p><p>[NextCRM ab12cd/note:lead:7]</p>","lead_id":{"@ref":"lead:lead:7"},` +
		`"user_id":{"@ref":"user:ana@example.com"},"add_time":"2024-01-02 03:04:05"}`
	if diff := cmp.Diff(want, one(t, db, "SELECT payload FROM final_note WHERE lead_key = 'lead:7'")); diff != "" {
		t.Errorf("note (-want +got):\n%s", diff)
	}
	if got := one(t, db, "SELECT group_concat(label) FROM final_label WHERE entity = 'lead'"); got != "New" {
		t.Errorf("labels %s", got)
	}
	if got := one(t, db, "SELECT count(*) FROM final_deal WHERE payload LIKE '%lead_%'"); got != "0" {
		t.Errorf("%s deals hold fields of leads", got)
	}
}

// decided is a decision of the map.
func decided(table, key, column, value string) string {
	return fmt.Sprintf("INSERT INTO decide_map (map_table, map_key, column_name, value, by_name) VALUES ('%s', '%s', '%s', %s, 'test')", table, key, column, value)
}

func TestTheMapDecidesWhatBecomesOfALeadsColumns(t *testing.T) {
	for _, tc := range []struct{ name, decision, in, out string }{
		{"another label", decided("map_option", "deal.lead:status=New", "label", "'Fresh'"), `"label:lead:Fresh"`, "Lead status"},
		{"no label at all", decided("map_option", "deal.lead:status=New", "label", "NULL"), "", "label_ids"},
		{"the status in the note", decided("map_field", "deal.lead:status", "action", "'details'"), "Lead status: New", "label_ids"},
		{"the source in the note", decided("map_field", "deal.lead:source", "action", "'details'"), "Lead source: web", "lead_source"},
		{"the source left out", decided("map_field", "deal.lead:source", "action", "'skip'"), "", "web"},
		{"the source as a text", decided("map_field", "deal.lead:source", "target_type", "'varchar'"), `"@field:deal.lead_source":"web"`, "option:deal.lead_source"},
		{"a type a lead cannot send", decided("map_field", "deal.lead:source", "target_type", "'set'"), "Lead source: web", "lead_source"},
		{"the visibility of leads", decided("map_setting", "visible_to_lead", "value", "'1'"), `"visible_to":"1"`, `"visible_to":"3"`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			db := smallWarehouse(t, oneLead, tc.decision)
			all := one(t, db, "SELECT group_concat(payload, ' ') FROM (SELECT payload FROM final_lead UNION ALL SELECT payload FROM final_note WHERE lead_key IS NOT NULL)")
			if !strings.Contains(all, tc.in) || strings.Contains(all, tc.out) {
				t.Errorf("want %q and not %q in %s", tc.in, tc.out, all)
			}
		})
	}
}

func TestALongDescriptionIsInSeveralNotesWhole(t *testing.T) {
	db := smallWarehouse(t, oneLead, "UPDATE clean_lead SET description = replace(printf('%.*c', 300000, 'x'), 'x', 'qz ')")
	if got := one(t, db, "SELECT count(*) > 1 FROM final_note WHERE lead_key = 'lead:7'"); got != "1" {
		t.Error("a note of 900,000 bytes is too large for Pipedrive")
	}
	if got := one(t, db, "SELECT sum(length(payload) - length(replace(payload, 'qz', 'q'))) FROM final_note WHERE lead_key = 'lead:7'"); got != "300000" {
		t.Errorf("%s of 300000 words are in the notes", got)
	}
	if got := one(t, db, "SELECT max(length(CAST(payload ->> 'content' AS BLOB))) <= 100000 AND count(DISTINCT final_key) = count(*) FROM final_note"); got != "1" {
		t.Error("a note is too large, or two have one key")
	}
}

func TestALeadOfACompanyAloneHangsOnTheOrganization(t *testing.T) {
	db := smallWarehouse(t, oneLead, "UPDATE clean_lead SET contact_key = NULL, value = NULL, currency = NULL, owner_email = NULL", "DELETE FROM clean_contact WHERE contact_key = 'lead:7'")
	if got := one(t, db, "SELECT payload ->> '$.organization_id.@ref' || (payload ->> '$.owner_id.@ref') || (payload -> 'person_id' IS NULL) FROM final_lead"); got != "organization:account:1user:@fallback1" {
		t.Errorf("got %s", got)
	}
}

func TestNobodyIsSubscribedWhoDidNotSayYes(t *testing.T) {
	native := decided("map_setting", "marketing_status", "value", "'native'")
	for consent, want := range map[string]string{"'subscribed'": "subscribed", "'unsubscribed'": "unsubscribed", "'bounced'": "unsubscribed", "'complained'": "unsubscribed",
		"'pending'": "no_consent", "'transactional'": "no_consent", "NULL": ""} {
		db := smallWarehouse(t, native, oneLead, "UPDATE clean_contact SET consent = "+consent)
		if got := one(t, db, "SELECT payload ->> 'marketing_status' FROM final_person WHERE final_key = 'lead:7'"); got != want {
			t.Errorf("consent %s: sent %q, want %q", consent, got, want)
		}
	}
	db := smallWarehouse(t, oneLead, native, "UPDATE clean_contact SET email = NULL WHERE contact_key = 'lead:7'")
	if got := one(t, db, "SELECT count(*) FROM final_person WHERE final_key = 'lead:7' AND payload ->> 'marketing_status' IS NOT NULL"); got != "0" {
		t.Error("a marketing status needs a valid address")
	}
	db = smallWarehouse(t, oneLead)
	if got := one(t, db, `SELECT payload ->> '$.custom_fields."@field:person.consent".@ref' || (payload ->> 'marketing_status' IS NULL) FROM final_person WHERE final_key = 'lead:7'`); got != "option:person.consent:subscribed1" {
		t.Errorf("without the add-on: %s", got)
	}
}

// fatesOf counts what became of leads and targets in the samples, by what the
// comments of their files say: two leads and a target are deleted, a target
// and a found person became contacts, a list is deleted.
var fatesOf = map[string]string{
	"0init": `{"lead final":24}`,
	"latest": `{"lead excluded":2,"lead final":22,"lead_source merged":3,"lead_status merged":3,"lead_type merged":2,"target excluded":1,"target final":18,"target merged":1,` +
		`"target_contact final":2,"target_contact merged":1,"target_list excluded":1,"target_list final":2,"target_list_member merged":19}`,
}

func TestEveryLeadAndTargetOfTheSampleHasAFate(t *testing.T) {
	server, err := pgtest.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Stop() })
	want, err := nextcrmsample.ExpectedDatabase()
	if err != nil {
		t.Fatal(err)
	}
	for _, shape := range []string{"0init", "latest", "fork"} {
		t.Run(shape, func(t *testing.T) {
			db := databaseWarehouse(t, server, shape)
			for _, object := range []string{"lead", "lead_source", "lead_status", "lead_type", "target", "target_contact", "target_list", "target_list_member"} {
				staged := want.Counts["rows_"+object].In[shape]
				if got := one(t, db, "SELECT count(*) FROM xw_item WHERE object = ? AND row_id IN (SELECT row_id FROM stg_"+object+")", object); got != fmt.Sprint(staged) {
					t.Errorf("%s: %s of %d rows have a fate", object, got, staged)
				}
			}
			if got := one(t, db, `SELECT count(*) FROM xw_item AS x WHERE (object LIKE 'lead%' OR object LIKE 'target%') AND final_key IS NOT NULL
				AND NOT EXISTS (SELECT 1 FROM final_item AS f WHERE f.entity = x.entity AND f.final_key = x.final_key)`); got != "0" {
				t.Errorf("%s fates lead to no final record", got)
			}
			if got := one(t, db, "SELECT count(*) FROM final_lead WHERE person_key IS NULL AND organization_key IS NULL"); got != "0" {
				t.Errorf("%s leads hang on nothing", got)
			}
			compareFates(t, db, fatesOf[map[string]string{"fork": "latest"}[shape]+strings.TrimPrefix(shape, "fork")])
		})
	}
}

func compareFates(t *testing.T, db *warehouse.DB, want string) {
	t.Helper()
	var wanted, got map[string]int
	for into, text := range map[*map[string]int]string{&wanted: want, &got: one(t, db, `SELECT json_group_object(what, n) FROM (
		SELECT object || ' ' || fate AS what, count(*) AS n FROM xw_item WHERE object LIKE 'lead%' OR object LIKE 'target%' GROUP BY 1)`)} {
		if err := json.Unmarshal([]byte(text), into); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(wanted, got); diff != "" {
		t.Errorf("fates (-want +got):\n%s", diff)
	}
}
