package report_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"

	nextcrmsample "nextpipe/fixtures/nextcrm"
	"nextpipe/stages/internal/warehouse"
)

// holds reports what a document lacks, and what it must not have.
func holds(t *testing.T, dir, name string, wants, refuses []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range wants {
		if !strings.Contains(string(text), want) {
			t.Errorf("%s lacks %q", name, want)
		}
	}
	for _, refused := range refuses {
		if strings.Contains(string(text), refused) {
			t.Errorf("%s has %q", name, refused)
		}
	}
}

func execute(t *testing.T, db *warehouse.DB, statement string) {
	t.Helper()
	if err := db.Write(t.Context(), func(tx *sql.Tx) error { _, err := tx.Exec(statement); return err }); err != nil {
		t.Fatal(err)
	}
}

// accounted compares the fates of the topic's rows with how many its author put in.
func accounted(t *testing.T, db *warehouse.DB, want map[string]int) {
	t.Helper()
	for object, n := range want {
		var fates, staged int
		if err := db.Read().QueryRow("SELECT (SELECT count(*) FROM xw_item WHERE object = ?), (SELECT count(*) FROM stg_"+object+")", object).Scan(&fates, &staged); err != nil {
			t.Fatal(err)
		}
		if fates != n || staged != n {
			t.Errorf("%s: %d staged, %d with a fate, want %d", object, staged, fates, n)
		}
	}
}

func TestDocuments_CampaignsOfTheExportCanBeRebuiltAndTheirTextIsNeverMarkup(t *testing.T) {
	db := sampleExport(t)
	accounted(t, db, map[string]int{"campaign": 5, "automation": 6, "sequence": 2})
	dir := documentsOf(t, db)
	everyDocumentedRowIsWhereTheCrosswalkSays(t, db, dir)
	holds(t, dir, "campaigns/1-spring-launch.md", []string{"# Spring Launch", "| Planned for | 2024-03-20 08:00:00 UTC |", "| list Main Newsletter | 66 people |",
		"| people who opened | 512 | 42.9 % |", "| Revenue | 1843.50 EUR |"}, nil)
	holds(t, dir, "campaigns/1-spring-launch.html", []string{"<title>Spring Launch</title>", "Content-Security-Policy"}, []string{"<script", "http://", "src="})
	rows := readRows(t, dir, "campaigns.csv")
	if len(rows) != 5 || rows[3]["title"] != "Winter Teaser" || rows[3]["is_active"] != "1" || rows[3]["document"] != "campaigns/4-winter-teaser.html" {
		t.Errorf("campaigns.csv: %v", rows)
	}
	execute(t, db, "UPDATE clean_campaign SET title = '<script>x</script> | [a](http://b)', body = '```' || char(10) || '<img src=x onerror=y> {{name}}' || char(10) || '```' WHERE source_id = '5'")
	dir = documentsOf(t, db)
	holds(t, dir, "campaigns/5-untitled.html", []string{"&lt;script&gt;", "{{name}}"}, []string{"<script", "<img"})
	holds(t, dir, "campaigns/5-untitled.md", []string{"# &lt;script&gt;x&lt;/script&gt; \\| \\[a\\](http://b)", "\n````\n```\n"}, nil)
}

func TestDocuments_CampaignsRulesAndReportsOfTheDatabaseAreTold(t *testing.T) {
	db := sampleDatabase(t, "fork")
	expected, err := nextcrmsample.ExpectedDatabase()
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]int{}
	for _, object := range []string{"campaign", "campaign_step", "campaign_template", "campaign_list", "campaign_send", "funnel_setting", "report_config", "report_schedule"} {
		rows[object] = expected.Counts["rows_"+object].In["fork"]
	}
	accounted(t, db, rows)
	dir := documentsOf(t, db)
	everyDocumentedRowIsWhereTheCrosswalkSays(t, db, dir)
	name := "campaigns/40000000-0000-4000-8000-000000000001-spring-fair"
	holds(t, dir, name+".md", []string{"| target list Builders | 9 people |",
		"| 1 | at once | all | Step 1 | Invitation | 2024-02-07 07:35:00 UTC | 8 | 3 | 2 | 2 | 4 | 1 | 1 |",
		"| 2 | 3 days after the step before | non-openers | Step 2 | Invitation | not sent", "Dear {{first_name}}", "- Placeholders: {{first\\_name}}", "<p>Dear {{first_name}}</p>",
		"A step for those who have not opened"}, nil)
	holds(t, dir, name+".html", []string{"&lt;p&gt;Dear {{first_name}}&lt;/p&gt;"}, []string{"<p>Dear"})
	holds(t, dir, "campaigns/templates.md", []string{"## Template: Invitation (for fairs), deleted in NextCRM", "Subject: Come and see"}, nil)
	if rows := readRows(t, dir, "campaigns", "sends.csv"); len(rows) != 12 || rows[0]["campaign"] != "Spring fair" || rows[0]["step"] != "1" {
		t.Errorf("sends.csv has %d rows, first %v", len(rows), rows[0])
	}
	for _, gone := range []string{"*gone*", "*newsletter*"} {
		if found, _ := filepath.Glob(filepath.Join(dir, "campaigns", gone)); len(found) > 0 {
			t.Errorf("a deleted campaign has a document: %v", found)
		}
	}
	holds(t, dir, "automations.md", []string{"Kill rule", "60 days", "| Offer accepted | qualified |", "Report: My deals", "0 8 \\* \\* 1", "boss@nextcrm-demo.example",
		"jana.dvorakova@nextcrm-demo.example"}, []string{"e0000000-0000-4000-8000-000000000001"})
	execute(t, db, `UPDATE xw_item SET rule = 'campaigns/without-campaign.md' WHERE object IN ('campaign_step', 'campaign_list') AND row_id = 1`)
	execute(t, db, "UPDATE clean_campaign_step SET campaign_key = NULL WHERE row_id = 1")
	holds(t, documentsOf(t, db), "campaigns/without-campaign.md", []string{"Step 1", "Builders"}, nil)
}

func TestDocuments_TheInventoryOfTheExportIsWrittenWithItsFlows(t *testing.T) {
	dir := documentsOf(t, sampleExport(t))
	holds(t, dir, "automations.md", []string{"Automations and sequences of shop.example", "| automations | 6 |", "| active automations | 50 |", "A tag is added: Lead Magnet",
		"Plan Tier is Growth", "`unknown_step:acme_push_to_erp`", "### Win-back"}, nil)
	holds(t, dir, "automations.html", []string{"<svg", "Add to list: Product Updates"}, []string{"<script"})
	automations, sequences := readRows(t, dir, "automations.csv"), readRows(t, dir, "sequences.csv")
	if len(automations) != 6 || automations[2]["blockers"] != "unknown_step:acme_push_to_erp; webhook_get" || len(sequences) != 7 || sequences[5]["delay_minutes"] != "2160" {
		t.Errorf("automations.csv has %d rows, sequences.csv %d", len(automations), len(sequences))
	}
}

func TestDocuments_AnOldDatabaseHasNoRulesToDescribe(t *testing.T) {
	dir := documentsOf(t, sampleDatabase(t, "0init"))
	if _, err := os.Stat(filepath.Join(dir, "automations.md")); !os.IsNotExist(err) {
		t.Errorf("version 0.0.3 has neither rules nor reports, yet: %v", err)
	}
	holds(t, dir, "campaigns/40000000-0000-4000-8000-000000000001-spring-fair.md", []string{"| State | sending |"}, nil)
}
