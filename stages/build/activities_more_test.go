package build_test

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nextpipe/fixtures/nextcrm/pgtest"
	"nextpipe/stages/internal/entity"
	"nextpipe/stages/internal/normal"
	"nextpipe/stages/internal/warehouse"
	"nextpipe/stages/mapping"
	"nextpipe/stages/report"
)

// happeningObjects are the staging tables that activities and notes come from.
var happeningObjects = []string{"activity", "activity_link", "note", "task", "task_comment", "email", "email_contact", "email_account", "calendar_event", "todo"}

// happeningsAddUp demands exactly one fate a staging row, and a final record for every key.
func happeningsAddUp(t *testing.T, db *warehouse.DB) {
	t.Helper()
	for _, object := range happeningObjects {
		staged, told := one(t, db, "SELECT count(*) FROM stg_"+object), one(t, db, "SELECT count(*) FROM xw_item WHERE object = ?", object)
		if staged != told {
			t.Errorf("%s: %s of %s rows are accounted for", object, told, staged)
		}
	}
	for _, lost := range column(t, db, `SELECT x.object || ' ' || x.row_id || ' ' || x.final_key FROM xw_item AS x
		WHERE x.fate IN ('final', 'merged') AND x.entity IN ('activity', 'note') AND NOT EXISTS (SELECT 1 FROM final_item AS f WHERE f.entity = x.entity AND f.final_key = x.final_key)`) {
		t.Errorf("%s is in no final record", lost)
	}
	for table, name := range map[string]string{"final_activity": "activity", "final_note": "note"} {
		kind, _ := entity.Of(name)
		for _, item := range column(t, db, "SELECT marker || '|' || payload FROM "+table) {
			marker, body, _ := strings.Cut(item, "|")
			if m := kind.Marker([]byte(body), ""); m == nil || *m != marker {
				t.Errorf("%s %s is not known again by its text", name, marker)
			}
		}
	}
}

func TestEveryRowOfBothEditionsHasAFate(t *testing.T) {
	happeningsAddUp(t, sampleWarehouse(t))
	server, err := pgtest.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Stop() })
	for _, shape := range []string{"0init", "fork"} {
		happeningsAddUp(t, databaseWarehouse(t, server, shape))
	}
	db := databaseWarehouse(t, server, "latest")
	happeningsAddUp(t, db)
	for query, want := range map[string]string{
		// The counts of the sample database, as its author proved them.
		"SELECT count(*) FROM xw_item WHERE object = 'activity'":                           "30",
		"SELECT count(*) FROM xw_item WHERE object = 'activity_link'":                      "62",
		"SELECT count(*) FROM xw_item WHERE object = 'task'":                               "25",
		"SELECT count(*) FROM xw_item WHERE object = 'task_comment'":                       "14",
		"SELECT count(*) FROM xw_item WHERE object = 'email'":                              "16",
		"SELECT count(*) FROM xw_item WHERE object = 'email_contact'":                      "6",
		"SELECT count(*) FROM xw_item WHERE object = 'email_account'":                      "3",
		"SELECT count(*) FROM xw_item WHERE object = 'calendar_event'":                     "2",
		"SELECT count(*) FROM xw_item WHERE object = 'todo'":                               "1",
		"SELECT count(*) FROM xw_item WHERE object = 'activity' AND rule = 'soft_deleted'": "2",
		"SELECT count(*) FROM xw_item WHERE object = 'email' AND rule = 'same_mail'":       "4",
		"SELECT count(*) FROM xw_item WHERE object = 'email' AND rule = 'mailbox_mail'":    "5",
		"SELECT count(*) FROM xw_item WHERE object = 'email' AND fate = 'final'":           "6",
		"SELECT group_concat(DISTINCT substr(f.due_on || 'T' || f.due_time, 1, 19) = substr(s.date, 1, 19)) FROM final_activity AS f JOIN stg_activity AS s ON f.final_key = 'activity:' || s.source_id": "1",
		"SELECT group_concat(DISTINCT substr(added_at, 1, 19) = replace(substr(s.date, 1, 19), 'T', ' ')) FROM final_note AS f JOIN stg_activity AS s ON f.final_key = 'activity:' || s.source_id":       "1",
	} {
		if got := one(t, db, query); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
}

// mails are one mail in two mailboxes, one that nobody is linked to, and one of which only the mailbox's own number is known.
func mails() map[string][]row {
	mail := func(id, message, folder, user string) row {
		return row{"id": id, "message_id": message, "folder": folder, "user_id": user, "subject": "Offer", "from_name": "Jan", "from_email": "jan@acme.example",
			"to_recipients": `[{"name":"Ana","email":"ana@example.com"}]`, "sent_at": "2024-05-01T23:30:00Z", "created_at": "2024-05-02T00:00:00Z"}
	}
	sent := mail("m2", "<1@x>", "SENT", "u2")
	sent["body_html"] = "<p>Dear Ana</p>"
	return map[string][]row{
		"email":         {mail("m1", "<1@x>", "INBOX", "u1"), sent, mail("m3", "<2@x>", "INBOX", "u1"), mail("m4", "17-header@local", "INBOX", "u1"), mail("m5", "17-header@local", "INBOX", "u2")},
		"email_contact": {{"email_id": "m1", "contact_id": "c1"}, {"email_id": "m4", "contact_id": "c2"}},
		"email_account": {{"email_id": "m2", "account_id": "a2"}},
	}
}

func TestAMailIsOneActivityHoweverManyMailboxesHaveIt(t *testing.T) {
	db := happenings(t, "open-source", "UTC", mails())
	if diff := cmp.Diff([]string{"email:1@x", "email:m4"}, column(t, db, "SELECT final_key FROM final_activity ORDER BY 1")); diff != "" {
		t.Fatalf("mails (-want +got):\n%s", diff)
	}
	want := `{"subject":"Offer","type":{"@ref":"activity_type:email"},"owner_id":{"@ref":"user:bo@example.com"},"org_id":{"@ref":"organization:account:a2"},` +
		`"participants":[{"person_id":{"@ref":"person:contact:c1"},"primary":true}],"due_date":"2024-05-01","due_time":"23:30:00","done":true,"note":"<p>Dear Ana</p><p><i>From NextCRM</i>` +
		`<br>Created: 2024-05-02 00:00:00 UTC<br>From: Jan &lt;jan@acme.example&gt;<br>To: Ana &lt;ana@example.com&gt;<br>Sent: 2024-05-01 23:30:00 UTC<br>Mailboxes: bo@example.com (sent), ana@example.com (inbox)` +
		`<br>Message-ID: &lt;1@x&gt;</p><p><small>[NextCRM abc123/email:1@x]</small></p>"}`
	if diff := cmp.Diff(want, one(t, db, "SELECT payload FROM final_activity WHERE final_key = 'email:1@x'")); diff != "" {
		t.Errorf("payload (-want +got):\n%s", diff)
	}
	happeningsAddUp(t, db)
	for mode, want := range map[string]string{"all": "4", "none": "0"} {
		decideCell(t, db, "map_setting", "mailbox_mail", "value", mode)
		rebuild(t, db)
		if got := one(t, db, "SELECT count(*) FROM final_activity"); got != want {
			t.Errorf("mailbox_mail %s: %s mails, want %s", mode, got, want)
		}
		happeningsAddUp(t, db)
		execute(t, db, "DELETE FROM decide_map")
	}
}

func TestALongBodyGoesOnInNotesOrFurtherActivities(t *testing.T) {
	long := strings.Repeat("<p>Smlouva č. 7 ✉ &amp; more</p>", 6000)
	db := happenings(t, "open-source", "UTC", map[string][]row{
		"task": {{"id": "t1", "title": "Read", "description": long, "deal_id": "d1", "due_at": "2024-05-01T10:00:00Z"}, {"id": "t2", "title": "Alone", "description": long, "due_at": "2024-05-01T10:00:00Z"}},
	})
	for _, tc := range []struct{ about, query string }{
		{"of a deal", "SELECT payload ->> 'note' FROM final_activity WHERE final_key = 'task:t1' UNION ALL SELECT payload ->> 'content' FROM (SELECT * FROM final_note WHERE final_key LIKE 'task:t1#%' ORDER BY seq)"},
		{"of nothing", "SELECT payload ->> 'note' FROM final_activity WHERE final_key LIKE 'task:t2%' ORDER BY seq"},
	} {
		parts := column(t, db, tc.query)
		var text strings.Builder
		for _, p := range parts {
			if len(p) > 90_000 {
				t.Errorf("%s: a part has %d bytes", tc.about, len(p))
			}
			body, _, _ := strings.Cut(p, "<p><i>")
			text.WriteString(body)
		}
		if len(parts) < 3 || text.String() != normal.BodyHTML(long) {
			t.Errorf("%s: %d bytes of %d in %d parts", tc.about, text.Len(), len(long), len(parts))
		}
	}
	if got := one(t, db, "SELECT group_concat(DISTINCT deal_key) FROM final_note"); got != "deal:d1" {
		t.Errorf("notes hang on %s", got)
	}
	if got := column(t, db, "SELECT subject FROM final_activity WHERE final_key = 'task:t2#2' AND is_done AND due_on = '2024-05-01'"); len(got) != 1 || !strings.HasPrefix(got[0], "Alone (part 2 of ") {
		t.Errorf("the second part is %q", got)
	}
	happeningsAddUp(t, db)
}

func TestADealWithManyNotesKeepsThemAllInFewer(t *testing.T) {
	var notes []row
	for i := range 40 {
		notes = append(notes, row{"id": fmt.Sprint(i), "title": fmt.Sprintf("Title %d.", i), "description": fmt.Sprintf("text %d.", i), "deal_id": "d1", "contact_id": "c1",
			"created_by": []string{"u1", "u2"}[i%2], "created_at": fmt.Sprintf("2024-01-%02d 10:00:00", 1+i%30)})
	}
	db := happenings(t, "plugin", "UTC", map[string][]row{"note": notes})
	if got := one(t, db, "SELECT count(*) FROM final_note"); got != "40" {
		t.Errorf("%s notes below the limit, want 40", got)
	}
	decideCell(t, db, "map_setting", "notes_per_deal", "value", "10")
	rebuild(t, db)
	all := column(t, db, "SELECT payload ->> 'content' FROM final_note WHERE deal_key = 'deal:d1' ORDER BY added_at, final_key")
	if len(all) != 10 {
		t.Errorf("%d notes, want 10", len(all))
	}
	for i := range 40 {
		shared := fmt.Sprintf("(abc123/note:%d)</b></p><p><b>Title %d.</b></p>text %d.<p>", i, i, i)
		single := fmt.Sprintf("<p><b>Title %d.</b></p>text %d.<p>", i, i)
		if !slices.ContainsFunc(all, func(s string) bool { return strings.Contains(s, shared) || strings.HasPrefix(s, single) }) {
			t.Errorf("note %d is lost", i)
		}
	}
	if !strings.Contains(all[9], "<p><b>2024-01-30 10:00:00 UTC, Bo Berg, Jan Novák (abc123/note:29)</b></p>") {
		t.Errorf("a shared note does not say when, by whom, about whom: %s", all[9])
	}
	happeningsAddUp(t, db)
	before := column(t, db, "SELECT final_key || payload FROM final_note WHERE final_key NOT IN (SELECT pack_key FROM final_pack) ORDER BY 1")
	stageRows(t, db, "note", []row{{"id": "new", "title": "One more", "deal_id": "d1", "created_at": "2024-02-01 10:00:00"}})
	rebuild(t, db)
	if diff := cmp.Diff(before, column(t, db, "SELECT final_key || payload FROM final_note WHERE final_key NOT IN (SELECT pack_key FROM final_pack) ORDER BY 1")); diff != "" {
		t.Errorf("a new note changes others than the last (-before +after):\n%s", diff)
	}
}

func TestATaskTellsItsCommentsInOrder(t *testing.T) {
	db := happenings(t, "open-source", "UTC", map[string][]row{
		"task": {{"id": "t1", "title": "Call", "description": "Ask", "priority": "critical", "status": "COMPLETE", "due_at": "2024-05-01T10:00:00Z", "owner_id": "u2", "account_id": "a1", "tags": `["vip","a,b"]`}},
		"task_comment": {{"id": "2", "task_id": "t1", "description": "later", "user_id": "u2", "created_at": "2024-05-02T10:00:00Z"}, {"id": "1", "task_id": "t1", "description": "first <b>word</b>", "user_id": "gone", "created_at": "2024-05-01T10:00:00Z"},
			{"id": "3", "board_task_id": "b1", "description": "of a project", "created_at": "2024-05-01T10:00:00Z"}, {"id": "4", "task_id": "t1", "description": " ", "created_at": "2024-05-01T10:00:00Z"}},
	})
	want := `Ask<p><b>gone, 2024-05-01 10:00:00 UTC</b></p><div>first <b>word</b></div><p><b>Bo Berg, 2024-05-02 10:00:00 UTC</b></p><div>later</div>` +
		`<p><i>From NextCRM</i><br>Status: COMPLETE<br>Priority: critical<br>Tags: vip, a,b</p><p><small>[NextCRM abc123/task:t1]</small></p>`
	if diff := cmp.Diff(want, one(t, db, "SELECT payload ->> 'note' FROM final_activity")); diff != "" {
		t.Errorf("body (-want +got):\n%s", diff)
	}
	if got := one(t, db, "SELECT payload -> 'priority' || (payload -> 'done') || (payload -> 'owner_id') FROM final_activity"); got != `{"@ref":"priority:high"}true{"@ref":"user:bo@example.com"}` {
		t.Errorf("priority, done, owner: %s", got)
	}
	fates := column(t, db, "SELECT source_id || ' ' || fate FROM xw_item WHERE object = 'task_comment' ORDER BY source_id")
	if diff := cmp.Diff([]string{"1 merged", "2 merged", "3 documented", "4 excluded"}, fates); diff != "" {
		t.Errorf("fates (-want +got):\n%s", diff)
	}
}

func TestTheMapDecidesWhatATypeBecomes(t *testing.T) {
	db := happenings(t, "plugin", "UTC", map[string][]row{"activity": {
		{"id": "1", "type": "tweet", "title": "T", "contact_id": "c1", "created_at": "2024-01-01 10:00:00"}, {"id": "2", "type": "feedback", "title": "F", "contact_id": "c1", "created_at": "2024-01-02 10:00:00"},
		{"id": "3", "type": "note", "title": "N", "contact_id": "c1", "created_at": "2024-01-03 10:00:00", "due_date": "2024-01-04"}, {"id": "4", "type": "call", "title": "C", "contact_id": "c1", "created_at": "2024-01-04 10:00:00"}}})
	decideCell(t, db, "map_activity_type", "activity/tweet", "action", "skip")
	decideCell(t, db, "map_activity_type", "activity/feedback", "action", "note")
	decideCell(t, db, "map_activity_type", "activity/note", "action", "activity")
	decideCell(t, db, "map_activity_type", "activity/call", "type_name", "Phone call")
	rebuild(t, db)
	got := column(t, db, "SELECT source_id || ' ' || fate || ' ' || coalesce(entity, rule) FROM xw_item WHERE object = 'activity' ORDER BY source_id")
	if diff := cmp.Diff([]string{"1 excluded type_skipped", "2 final note", "3 final activity", "4 final activity"}, got); diff != "" {
		t.Errorf("fates (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"Note checkbox", "Phone call call"}, column(t, db, "SELECT name || ' ' || icon_key FROM final_activity_type ORDER BY 1")); diff != "" {
		t.Errorf("types (-want +got):\n%s", diff)
	}
	if got := one(t, db, "SELECT group_concat(payload ->> 'content' LIKE '%<br>Type: feedback<%') FROM final_note"); got != "1" {
		t.Errorf("a note does not tell which type it was")
	}
	decideCell(t, db, "map_setting", "call_logs", "value", "yes")
	if _, err := mapping.Run(t.Context(), db); err == nil || !strings.Contains(err.Error(), "call logs are not built") {
		t.Errorf("call logs give %v", err)
	}
}

func TestManyTypesOfTheSourceDoNotFloodTheAccount(t *testing.T) {
	var rows []row
	for i := range 60 {
		rows = append(rows, row{"id": fmt.Sprint(i), "type": fmt.Sprintf("Type %02d", i%30), "title": "T", "contact_id": "c1", "created_at": "2024-01-01 10:00:00"})
	}
	rows = append(rows, row{"id": "new", "type": strings.Repeat("é", 400), "contact_id": "c1", "created_at": "2024-01-01 10:00:00"})
	db := happenings(t, "plugin", "UTC", map[string][]row{"activity": rows})
	if got := one(t, db, "SELECT count(*) || ' ' || max(length(name)) FROM final_activity_type"); got != "21 7" {
		t.Errorf("%s types and characters, want 21 7", got)
	}
	if got := one(t, db, "SELECT count(*) FROM final_activity WHERE type_key = 'task' AND payload ->> 'note' NOT LIKE '%<br>Type: %'"); got != "0" {
		t.Errorf("%s tasks do not tell what they were", got)
	}
}

func TestWhatIsAboutNothingIsDocumentedWithItsWholeText(t *testing.T) {
	db := happenings(t, "plugin", "UTC", map[string][]row{
		"account": {{"id": "a1", "name": "Acme"}, {"id": "a9", "name": "Gone", "deleted_at": "2024-01-01 00:00:00"}},
		"note": {{"id": "1", "title": "=Evil", "description": "lost <b>words</b>", "contact_email": "nobody@example.com", "created_at": "2024-01-01 10:00:00"},
			{"id": "2", "title": "Of a deleted company", "company_id": "a9", "created_at": "2024-01-01 10:00:00"}, {"id": "3", "title": "Of the living", "company": "ACME", "created_at": "2024-01-01 10:00:00"},
			{"id": "3", "title": "Of the living", "company": "ACME", "created_at": "2024-01-01 10:00:00"}, {"id": "4", "contact_id": "c1", "created_at": "2024-01-01 10:00:00"}},
		"activity": {{"id": "1", "type": "task", "title": "To do", "created_at": "2024-01-01 10:00:00"}},
	})
	got := column(t, db, "SELECT object || ' ' || row_id || ' ' || fate || ' ' || coalesce(rule, '') FROM xw_item WHERE object IN ('note', 'activity') ORDER BY object, row_id")
	want := []string{"activity 1 final ", "note 1 documented activities_without_parent", "note 2 documented activities_without_parent", "note 3 final ", "note 4 merged repeated_record", "note 5 excluded empty_note"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("fates (-want +got):\n%s", diff)
	}
	happeningsAddUp(t, db)
	dir := t.TempDir()
	if _, err := report.WriteDocuments(t.Context(), db, dir); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(filepath.Join(dir, "activities_without_parent.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines, err := csv.NewReader(f).ReadAll()
	if err != nil || len(lines) != 3 {
		t.Fatalf("%d lines: %v", len(lines), err)
	}
	told := map[string]string{}
	for i, name := range lines[0] {
		told[name] = lines[1][i]
	}
	if told["title"] != "'=Evil" || told["text"] != "lost <b>words</b>" || told["about"] != "contact nobody@example.com" {
		t.Errorf("documented as %v", told)
	}
}

func TestAnOlderVersionOfARecordIsToldByTheNewest(t *testing.T) {
	version := func(text, updated, status string) row {
		return row{"id": "1", "type": "call", "title": "Call", "description": text, "contact_id": "c1", "created_at": "2024-01-01 10:00:00", "updated_at": updated, "status": status}
	}
	db := happenings(t, "plugin", "UTC", map[string][]row{"activity": {version("old", "2024-01-02 10:00:00", ""), version("new", "2024-01-03 10:00:00", ""), version("new", "2024-01-03 10:00:00", "")}})
	if got := one(t, db, "SELECT payload ->> 'note' FROM final_activity"); !strings.HasPrefix(got, "new<p>") || !strings.Contains(got, "<br>Another version of this record: Call: old") {
		t.Errorf("it says %s", got)
	}
	want := []string{"merged repeated_id_conflict", "final ", "merged repeated_record"}
	if diff := cmp.Diff(want, column(t, db, "SELECT fate || ' ' || coalesce(rule, '') FROM xw_item WHERE object = 'activity' ORDER BY row_id")); diff != "" {
		t.Errorf("fates (-want +got):\n%s", diff)
	}
	execute(t, db, "UPDATE stg_activity SET status = 'delete' WHERE row_id > 1")
	rebuild(t, db)
	if got := column(t, db, "SELECT DISTINCT fate || ' ' || rule FROM xw_item WHERE object = 'activity'"); !slices.Equal(got, []string{"excluded soft_deleted"}) {
		t.Errorf("deleted in its newest version: %v", got)
	}
	decideCell(t, db, "map_setting", "exclude_deleted", "value", "no")
	rebuild(t, db)
	if got := one(t, db, "SELECT payload ->> 'note' FROM final_activity"); !strings.Contains(got, "Status: delete") {
		t.Errorf("a deleted one that is moved does not say so: %s", got)
	}
}

func TestACorrectedValueReachesItsActivity(t *testing.T) {
	db := happenings(t, "plugin", "UTC", map[string][]row{"activity": {{"id": "1", "type": "call", "due_date": "31.02.2024", "contact_id": "c1", "created_at": "2024-01-01 10:00:00"}}})
	if got := one(t, db, "SELECT due_on || due_time || (payload ->> 'note' LIKE '%Due as written: 31.02.2024%') FROM final_activity"); got != "2024-01-0110:00:001" {
		t.Errorf("a day that does not exist: %s", got)
	}
	if got := one(t, db, "SELECT rule || ' ' || value FROM issue WHERE field = 'due_date'"); got != "date_impossible 31.02.2024" {
		t.Errorf("the finding is %q", got)
	}
	execute(t, db, "INSERT INTO fix_value (object, source_id, field, value, by_name) VALUES ('activity', '1', 'due_date', '2024-02-29', 'test')")
	rebuild(t, db)
	if got := column(t, db, "SELECT due_on || coalesce(due_time, '') FROM final_activity"); !slices.Equal(got, []string{"2024-02-29"}) {
		t.Errorf("corrected: %v", got)
	}
}
