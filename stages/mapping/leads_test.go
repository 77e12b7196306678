package mapping_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"nextpipe/stages/mapping"
)

// twoLeads share a status in two spellings; a fork's deals have a field with the name of a lead's.
const twoLeads = `
	INSERT INTO clean_lead (lead_key, row_id, title, account_key, status, source, campaign, owner_email, row_hash) VALUES
		('lead:1', 1, 'A', 'account:1', 'New', 'web', 'Fair', 'lead.owner@example.com', 'h'), ('lead:2', 2, 'B', 'account:1', 'NEW', NULL, NULL, NULL, 'h');
	INSERT INTO clean_custom_field (object, slug, label, value_type, declared, value_count, distinct_count, max_length, samples) VALUES
		('deal', 'lead_source', 'Lead source', 'text', 1, 1, 1, 2, '[]');
	UPDATE clean_deal SET custom = '{"lead_source":"old"}' WHERE deal_key = 'deal:1'`

func TestLeadsHaveFieldsOfDealsAndTheirStatusesAreLabels(t *testing.T) {
	db := warehouseWith(t, small, twoLeads)
	run(t, db)
	for query, want := range map[string][]string{
		"SELECT map_key || ' ' || action || ' ' || target_field || ' ' || ifnull(target_name, '') || ' ' || value_count FROM map_field WHERE source_field LIKE 'lead:%' ORDER BY position": {
			"deal.lead:status native label_ids  2", "deal.lead:source custom lead_source_2 Lead source (2) 1", "deal.lead:campaign custom lead_campaign Lead campaign 1"},
		"SELECT map_key || ' ' || label FROM map_option WHERE source_field LIKE 'lead:%' ORDER BY map_key": {
			"deal.lead:source=web web", "deal.lead:status=NEW NEW", "deal.lead:status=New NEW"},
		"SELECT records FROM map_user WHERE map_key = 'lead.owner@example.com'": {"1"},
		"SELECT value FROM map_setting WHERE map_key = 'marketing_status'":      {"field"},
		"SELECT map_key FROM map_field WHERE source_field = 'marketing_status'": {},
	} {
		if diff := cmp.Diff(want, list(t, db, query)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}
}

func TestTheMarketingStatusIsSentByDecisionOnly(t *testing.T) {
	db := warehouseWith(t, small, "UPDATE clean_contact SET consent = 'subscribed', email = 'a@a.example'", decideSQL("map_setting", "marketing_status", "value", "'native'"))
	run(t, db)
	want := []string{"consent custom consent", "marketing_status native marketing_status"}
	if diff := cmp.Diff(want, list(t, db, "SELECT source_field || ' ' || action || ' ' || target_field FROM map_field WHERE source_field IN ('consent', 'marketing_status') ORDER BY 1")); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	db = warehouseWith(t, small, decideSQL("map_setting", "marketing_status", "value", "'always'"))
	if _, err := mapping.Run(t.Context(), db); err == nil {
		t.Error("a word that the setting does not have was taken")
	}
}

func TestFieldsOfLeadsCountAgainstTheBudget(t *testing.T) {
	db := warehouseWith(t, small, twoLeads, decideSQL("map_setting", "custom_field_budget", "value", "'7'"))
	run(t, db)
	if got := list(t, db, "SELECT DISTINCT action FROM map_field WHERE source_field IN ('lead:source', 'lead:campaign')"); !cmp.Equal(got, []string{"details"}) {
		t.Errorf("over the budget: %v", got)
	}
}
