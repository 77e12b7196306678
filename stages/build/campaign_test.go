package build_test

import (
	"strings"
	"testing"

	"nextpipe/stages/internal/warehouse"
	"nextpipe/stages/mapping"
)

// campaigns are one of each kind that matters: finished with revenue, without, under way.
const campaigns = `
	INSERT INTO clean_campaign (campaign_key, row_id, source_id, title, title_origin, document, status, state, state_origin, is_active, type, sent_at, happens_on, audience, sent, revenue, currency, description, utm, owner_email, created_at, custom, row_hash) VALUES
		('campaign:1', 1, '1', 'Spring "24"', 'title', '1-spring-24', 'archived', 'archived', 'status', 0, 'newsletter', '2024-03-20T08:00:04Z', '2024-03-20', 1200, 1194, '1843.50', 'EUR', 'a < b', '{}', 'ana@example.com', '2024-03-01T10:00:00Z', '{"colour":"red"}', 'h'),
		('campaign:2', 2, '2', 'Recurring', 'title', '2-recurring', 'sending', 'sending', 'status', 1, 'automatic', NULL, NULL, NULL, NULL, '0', 'EUR', NULL, '{}', 'ghost@example.com', NULL, '{}', 'h'),
		('campaign:3', 3, '3', 'Odd', 'title', '3-odd', 'on hold', 'on hold', 'status', 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '{}', NULL, NULL, '{}', 'h');
	INSERT INTO stg_campaign (row_id, source_table, source_id, row_hash) VALUES (1, 'c', '1', 'h'), (2, 'c', '2', 'h'), (3, 'c', '3', 'h'), (4, 'c', '4', 'h'), (5, 'c', '1', 'old');
	INSERT INTO stg_campaign_step (row_id, source_table, source_id, campaign_id, row_hash) VALUES (1, 'c', 's1', '1', 'h'), (2, 'c', 's2', '4', 'h'), (3, 'c', 's3', '99', 'h');
	INSERT INTO clean_campaign_step (row_id, source_id, campaign_key, position, subject, delay_days, send_to, queued, sent, delivered, bounced, failed, opened, clicked, unsubscribed, custom) VALUES
		(1, 's1', 'campaign:1', 1, 'First', 0, 'all', 0, 5, 0, 1, 0, 2, 1, 0, '{}'), (2, 's2', NULL, 1, NULL, NULL, NULL, 0, 0, 0, 0, 0, 0, 0, 0, '{}'), (3, 's3', NULL, 2, NULL, NULL, NULL, 0, 0, 0, 0, 0, 0, 0, 0, '{}');
	INSERT INTO stg_campaign_send (row_id, source_table, source_id, campaign_id, row_hash) VALUES (1, 'c', 'm1', '1', 'h'), (2, 'c', 'm2', '4', 'h');
	INSERT INTO clean_campaign_audience VALUES ('campaign:1', 'list', 'News', NULL, 7, 1);
	INSERT INTO clean_user (user_key, row_id, source_id, name, email, is_active, row_hash) VALUES ('user:3', 3, '3', 'Ghost', 'ghost@example.com', 0, 'h');`

func setting(key, value string) string {
	return "INSERT INTO decide_map (map_table, map_key, column_name, value, by_name) VALUES ('map_setting', '" + key + "', 'value', '" + value + "', 'test')"
}

// reads compares the lines of queries.
func reads(t *testing.T, db *warehouse.DB, want map[string]string) {
	t.Helper()
	for query, line := range want {
		if got := one(t, db, query); got != line {
			t.Errorf("%s:\n got %s\nwant %s", query, got, line)
		}
	}
}

func TestCampaignsBecomeOpenDealsOfAPipelineWithAStageForEachState(t *testing.T) {
	db := smallWarehouse(t, campaigns)
	reads(t, db, map[string]string{
		"SELECT payload FROM final_deal WHERE final_key = 'campaign:1'": `{"title":"Spring \"24\"","value":1843.50,"currency":"EUR","stage_id":{"@ref":"stage:campaigns/archived"},"status":"open",` +
			`"expected_close_date":"2024-03-20","owner_id":{"@ref":"user:ana@example.com"},"custom_fields":{"@field:deal.nextcrm_id":"ab12cd/campaign:1"}}`,
		"SELECT payload FROM final_deal WHERE final_key = 'campaign:2'": `{"title":"Recurring","stage_id":{"@ref":"stage:campaigns/sending"},"status":"open",` +
			`"owner_id":{"@ref":"user:@fallback"},"custom_fields":{"@field:deal.nextcrm_id":"ab12cd/campaign:2"}}`,
		"SELECT group_concat(name || ' ' || probability, ', ' ORDER BY position) FROM final_stage WHERE pipeline_key = 'campaigns'": "Sending 0, Archived 0, On hold 0",
		"SELECT group_concat(name, ', ' ORDER BY position) FROM final_pipeline WHERE name LIKE 'Camp%'":                             "Campaigns",
		"SELECT count(*) FROM final_item WHERE entity = 'deal' AND final_key LIKE 'campaign:%'":                                     "3",
		"SELECT sum(failures) FROM final_check WHERE severity = 'error'":                                                            "0",
	})
}

func TestANoteOfACampaignHasWhatItsDealHasNoFieldsFor(t *testing.T) {
	db := smallWarehouse(t, campaigns)
	content := one(t, db, "SELECT payload ->> 'content' FROM final_note WHERE final_key = 'note:campaign:1'")
	for _, want := range []string{"<p>a &lt; b</p>", "State: archived", "Addressed to: list News (7)", "Mails sent: 1194", "Revenue: 1843.50 EUR",
		"Step 1: First, at once, to all, not sent: mails 6, bounced 1", "Made by: ana@example.com", "Colour: red", "campaigns/1-spring-24.html"} {
		if !strings.Contains(content, want) {
			t.Errorf("the note lacks %q:\n%s", want, content)
		}
	}
	if !strings.HasSuffix(content, "<p><small>[NextCRM ab12cd/note:campaign:1]</small></p>") {
		t.Errorf("the note does not end with its marker:\n%s", content)
	}
	reads(t, db, map[string]string{
		"SELECT (payload -> 'deal_id') || (payload ->> 'add_time') FROM final_note WHERE final_key = 'note:campaign:1'": `{"@ref":"deal:campaign:1"}2024-03-01 10:00:00`,
	})
}

func TestEveryRowOfCampaignsHasAFate(t *testing.T) {
	db := smallWarehouse(t, campaigns)
	reads(t, db, map[string]string{
		"SELECT group_concat(row_id || ' ' || fate || coalesce(' ' || final_key, '') || coalesce(' ' || rule, ''), ', ' ORDER BY row_id) FROM xw_item WHERE object = 'campaign'": "1 final campaign:1, 2 final campaign:2, 3 final campaign:3, 4 excluded soft_deleted, 5 merged campaign:1 repeated_record",
		"SELECT group_concat(row_id || ' ' || fate || ' ' || rule, ', ' ORDER BY row_id) FROM xw_item WHERE object = 'campaign_step'":                                            "1 documented campaigns/1-spring-24.md, 2 excluded soft_deleted, 3 documented campaigns/without-campaign.md",
		"SELECT group_concat(row_id || ' ' || fate || ' ' || rule, ', ' ORDER BY row_id) FROM xw_item WHERE object = 'campaign_send'":                                            "1 documented campaigns/sends.csv, 2 excluded soft_deleted",
	})
}

func TestTheMapDecidesWhatBecomesOfCampaigns(t *testing.T) {
	db := smallWarehouse(t, campaigns, setting("campaign_pipeline", "Marketing"), setting("campaign_pipeline_by_type", "yes"), setting("campaign_status", "won"))
	reads(t, db, map[string]string{
		"SELECT group_concat(stage_key || ' ' || coalesce(probability, 'none'), ', ' ORDER BY stage_key) FROM final_stage WHERE name IN ('Archived', 'Sending', 'On hold')": "marketing/on hold 0, marketing: automatic/sending 0, marketing: newsletter/archived 100",
		"SELECT (payload ->> 'status') || ' ' || (payload ->> 'won_time') FROM final_deal WHERE final_key = 'campaign:1'":                                                   "won 2024-03-20T08:00:04Z",
		"SELECT group_concat(status, ' ' ORDER BY final_key) FROM final_deal WHERE final_key IN ('campaign:2', 'campaign:3')":                                               "open open",
	})
	documented := smallWarehouse(t, campaigns, setting("campaigns", "documented"))
	reads(t, documented, map[string]string{
		"SELECT count(*) FROM final_item WHERE final_key LIKE '%campaign:%'":                                "0",
		"SELECT count(*) FROM final_pipeline WHERE pipeline_key = 'campaigns'":                              "0",
		"SELECT fate || ' ' || rule FROM xw_item WHERE object = 'campaign' AND row_id = 1":                  "documented campaigns/1-spring-24.md",
		"SELECT group_concat(DISTINCT fate) FROM xw_item WHERE object = 'campaign' AND row_id IN (1, 2, 3)": "documented",
	})
}

func TestAPipelineThatDealsHaveAlreadyIsShared(t *testing.T) {
	db := smallWarehouse(t, campaigns, setting("campaign_pipeline", "RENEWAL"))
	reads(t, db, map[string]string{
		"SELECT group_concat(name) FROM final_pipeline WHERE pipeline_key = 'renewal'":                        "Renewal",
		"SELECT stage_key FROM final_deal WHERE final_key = 'campaign:1'":                                     "renewal/archived",
		"SELECT count(*) FROM final_stage WHERE pipeline_key = 'renewal' AND name IN ('Archived', 'Sending')": "2",
	})
}

func TestASettingOfCampaignsTakesOnlyItsWords(t *testing.T) {
	db := open(t)
	execute(t, db, small)
	execute(t, db, setting("campaigns", "mails"))
	if _, err := mapping.Run(t.Context(), db); err == nil || !strings.Contains(err.Error(), "deals, documented") {
		t.Errorf("got %v, want the words that are possible", err)
	}
}
