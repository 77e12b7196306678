package clean_test

import (
	"io/fs"
	"testing"

	"github.com/google/go-cmp/cmp"

	nextcrmsample "nextpipe/fixtures/nextcrm"
	"nextpipe/fixtures/nextcrm/pgtest"
)

// definitions are what the sample's author counted of campaigns, automations and sequences.
type definitions struct {
	Expected struct {
		Campaigns struct {
			Records, Sent, Clicks, Unsubscribes, Bounces int
			Opens                                        int            `json:"unique_opens"`
			ByStatus                                     map[string]int `json:"by_status"`
		}
		Automations struct {
			Records, Active, Steps int
			Items                  []automationItem
		}
		Sequences struct {
			Records, Emails int
			Items           []sequenceItem
		}
	}
}

type automationItem struct {
	ID, Title         string
	Active, Branching bool
	Trigger           string
	Steps, Actions    int
	ByKind            map[string]int `json:"steps_by_kind"`
	Delay             int            `json:"fixed_delay_minutes"`
	Blockers          []string
}

type sequenceItem struct {
	ID, Title string
	Emails    int
	Last      int `json:"last_delay_minutes"`
}

func sampleDefinitions(t *testing.T) definitions {
	t.Helper()
	raw, err := fs.ReadFile(nextcrmsample.PluginExport(), "manifest.json")
	if err != nil {
		t.Fatal(err)
	}
	return decodeJSON[definitions](t, string(raw))
}

func TestSampleCampaignsAreCountedAsTheManifestSays(t *testing.T) {
	db := sample(t)
	run(t, db)
	want := sampleDefinitions(t).Expected.Campaigns
	checkCounts(t, db, []countCase{
		{"campaigns", want.Records, "SELECT count(*) FROM clean_campaign"},
		{"sent", want.Sent, "SELECT sum(sent) FROM clean_campaign"},
		{"unique opens", want.Opens, "SELECT sum(unique_opens) FROM clean_campaign"},
		{"clicks", want.Clicks, "SELECT sum(clicks) FROM clean_campaign"},
		{"unsubscribes", want.Unsubscribes, "SELECT sum(unsubscribes) FROM clean_campaign"},
		{"bounces", want.Bounces, "SELECT sum(bounces) FROM clean_campaign"},
	})
	for state, n := range want.ByStatus {
		checkCounts(t, db, []countCase{{state, n, "SELECT count(*) FROM clean_campaign WHERE state = '" + state + "'"}})
	}
	expect(t, db, "planted defects are kept and named", "SELECT rule, record_key FROM issue WHERE object = 'campaign' ORDER BY 1",
		"campaign_active | campaign:4", "campaign_figures | campaign:3")
	expect(t, db, "a draft without a subject is kept", "SELECT title, subject, audience FROM clean_campaign WHERE source_id = '5'", "Untitled | NULL | 0")
	expect(t, db, "times become UTC, days stay the site's", "SELECT scheduled_at, sent_at, happens_on FROM clean_campaign WHERE source_id = '4'",
		"2025-12-01T08:00:00Z | NULL | 2025-12-01")
	expect(t, db, "audience", "SELECT kind, name, members FROM clean_campaign_audience WHERE campaign_key = 'campaign:2' ORDER BY 1",
		"list | Events | 55", "tag | Webinar 2024 | 34")
}

func TestSampleAutomationsAndSequencesAreWhatTheManifestCounts(t *testing.T) {
	db := sample(t)
	run(t, db)
	want := sampleDefinitions(t).Expected
	got := want
	got.Automations.Records = number(t, db, "SELECT count(*) FROM clean_automation")
	got.Automations.Active = number(t, db, "SELECT sum(is_active) FROM clean_automation")
	got.Automations.Steps = number(t, db, "SELECT sum(steps) FROM clean_automation")
	got.Automations.Items = decodeJSON[[]automationItem](t, *value(t, db, `SELECT json_group_array(json_object('id', source_id, 'title', title,
		'active', json(iif(is_active, 'true', 'false')), 'branching', json(iif(is_branching, 'true', 'false')), 'trigger', trigger_kind, 'steps', steps,
		'actions', actions, 'steps_by_kind', json(steps_by_kind), 'fixed_delay_minutes', fixed_delay_minutes, 'blockers', json(blockers)) ORDER BY row_id) FROM clean_automation`))
	got.Sequences.Records = number(t, db, "SELECT count(*) FROM clean_sequence")
	got.Sequences.Emails = number(t, db, "SELECT count(*) FROM clean_sequence_email")
	got.Sequences.Items = decodeJSON[[]sequenceItem](t, *value(t, db, `SELECT json_group_array(json_object('id', source_id, 'title', title, 'emails', emails,
		'last_delay_minutes', last_delay_minutes) ORDER BY row_id) FROM clean_sequence`))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-manifest +warehouse):\n%s", diff)
	}
	expect(t, db, "blockers are findings with a rule", "SELECT count(*), sum(meaning IS NULL) FROM issue AS i LEFT JOIN issue_rule AS r USING (rule) WHERE i.rule GLOB 'automation.*'", "14 | 0")
}

func TestCampaignsOfTheDatabaseHaveTheFiguresOfTheirMails(t *testing.T) {
	server, err := pgtest.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Stop() })
	db := sampleDatabase(t, server, "latest")
	run(t, db)
	expect(t, db, "the deleted ones stay out", "SELECT title, state, state_origin, is_active FROM clean_campaign ORDER BY 1",
		"Spring fair | sending | status | 1", "Winter | draft | status | 0")
	expect(t, db, "what left is sent, delivered or bounced", "SELECT audience, sent, unique_opens, clicks, unsubscribes, bounces, figures_from, owner_email FROM clean_campaign WHERE title = 'Spring fair'",
		"9 | 8 | 4 | 1 | 1 | 3 | sends | jana.dvorakova@nextcrm-demo.example")
	expect(t, db, "steps", "SELECT position, subject, delay_days, send_to, sent_at IS NULL, queued, sent, delivered, bounced, failed, opened, clicked, unsubscribed FROM clean_campaign_step ORDER BY 1",
		"1 | Step 1 | 0 | all | 0 | 2 | 2 | 3 | 3 | 2 | 4 | 1 | 1", "2 | Step 2 | 3 | non_openers | 1 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 0")
	expect(t, db, "a deleted template that is written with stays", "SELECT title, uses, is_deleted, is_out FROM clean_campaign_template", "Invitation | 3 | 1 | 0")
	expect(t, db, "audience", "SELECT kind, name, members FROM clean_campaign_audience ORDER BY 2", "target list | Builders | 9", "target list | Recycled | 10")
	exec(t, db, "UPDATE stg_campaign_send SET status = 'sent' WHERE status = 'queued'", "UPDATE stg_campaign_step SET sent_at = '2024-02-10 07:35:00'")
	run(t, db)
	expect(t, db, "all steps sent and nothing queued: finished, though NextCRM says sending", "SELECT state, status, state_origin, is_active FROM clean_campaign WHERE title = 'Spring fair'", "sent | sending | sends | 0")
}

func TestCampaignsOfAForeignHandAreKeptAndDoubtIsNamed(t *testing.T) {
	db := newWarehouse(t, "plugin", "Europe/Berlin")
	stageRows(t, db, "list", row{"id": "1", "title": "News"})
	stageRows(t, db, "campaign",
		row{"id": "1", "title": "A", "status": "on hold", "lists": "News, Nowhere"},
		row{"id": "2", "email_subject": "Only a subject", "scheduled_at": "2025-01-01 00:30:00", "segment": "9"},
		row{"id": "3", "status": "deleted", "title": "Gone"},
		row{"id": "4", "title": "Old", "updated_at": "2024-01-01 00:00:00"}, row{"id": "4", "title": "New", "updated_at": "2024-02-01 00:00:00", "sent_at": "soon", "revenue": "1.2.3", "sent": "1,205", "opens": "many"},
		row{"title": "A", "status": "sent", "body": "<p>Hi {{name}}</p>"}, row{"title": "A", "status": "sent"})
	stageRows(t, db, "campaign_step", row{"id": "s1", "campaign_id": "77"}, row{"id": "s2", "campaign_id": "3"})
	run(t, db)
	expect(t, db, "campaigns", "SELECT campaign_key, title, title_origin, state, state_origin, is_active, document FROM clean_campaign ORDER BY row_id",
		"campaign:1 | A | title | on hold | status | 0 | 1-a", "campaign:2 | Only a subject | subject | scheduled | times | 1 | 2-only-a-subject",
		"campaign:4 | New | title | draft | times | 0 | 4-new", "campaign:row:6 | A | title | sent | status | 0 | row-6-a", "campaign:row:7 | A | title | sent | status | 0 | row-7-a")
	expect(t, db, "grouped figures", "SELECT sent, opens FROM clean_campaign WHERE source_id = '4'", "1205 | NULL")
	expect(t, db, "the day is the site's", "SELECT scheduled_at, happens_on FROM clean_campaign WHERE source_id = '2'", "2024-12-31T23:30:00Z | 2025-01-01")
	expect(t, db, "findings", "SELECT rule, record_key, value FROM issue WHERE object LIKE 'campaign%' ORDER BY 2, 1",
		"campaign_audience_unknown | campaign:1 | Nowhere", "campaign_status_unknown | campaign:1 | on hold", "campaign_active | campaign:2 | scheduled",
		"campaign_audience_unknown | campaign:2 | 9", "campaign_without_title | campaign:2 | Only a subject", "date_unreadable | campaign:4 | soon",
		"number_unreadable | campaign:4 | 1.2.3", "number_unreadable | campaign:4 | many", "campaign_orphan | campaign_step:s1 | 77")
}

func TestAutomationsThatNobodyCanReadAreKeptAndCopiesCountOnce(t *testing.T) {
	db := newWarehouse(t, "plugin", "UTC")
	same := row{"id": "1", "title": "Same", "json": `{"id":1,"title":"Same","status":"draft","sequences":[]}`}
	stageRows(t, db, "automation", same, row{"title": "Strange", "json": `{"nodes":[]}`}, same, row{"id": "1", "title": "Other", "json": `{"id":1,"title":"Other","status":"published","trigger_name":"fluent_crm/contact_created","sequences":[]}`}, row{"json": "not JSON"})
	stageRows(t, db, "sequence", row{"id": "5", "title": "Odd", "json": "[]"})
	run(t, db)
	expect(t, db, "automations", "SELECT automation_key, title, shape, is_active, steps, blockers FROM clean_automation ORDER BY row_id",
		`automation:1 | Same | fluentcrm | 0 | 0 | ["no_trigger"]`, `automation:row:2 | Strange | NULL | 0 | 0 | []`, `automation:1#2 | Other | fluentcrm | 1 | 0 | []`, `automation:row:5 | NULL | NULL | 0 | 0 | []`)
	expect(t, db, "findings", "SELECT rule, record_key FROM issue WHERE rule LIKE 'automation%' ORDER BY 2",
		"automation.no_trigger | automation:1", "automation_active | automation:1#2", "automation_unreadable | automation:row:2", "automation_unreadable | automation:row:5", "automation_unreadable | sequence:5")
}
