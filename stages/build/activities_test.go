package build_test

import (
	"database/sql"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nextpipe/stages/build"
	"nextpipe/stages/clean"
	"nextpipe/stages/dedupe"
	"nextpipe/stages/internal/normal"
	"nextpipe/stages/internal/warehouse"
	"nextpipe/stages/mapping"
)

// row is one staging row, column by column; 'id' is its id in the source.
type row map[string]string

// happenings is a warehouse of one edition with a company, two people and two
// deals, and these rows of activities and what belongs to them.
func happenings(t *testing.T, edition, zone string, rows map[string][]row) *warehouse.DB {
	t.Helper()
	if err := clean.RegisterFunctions(); err != nil {
		t.Fatal(err)
	}
	db, err := warehouse.Open(t.Context(), filepath.Join(t.TempDir(), "w.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	setup := warehouse.Setup{Edition: edition, Fingerprint: "abc123def", Name: "test", Timezone: zone, ToolVersion: "test"}
	if err := db.UseSource(t.Context(), setup); err != nil {
		t.Fatal(err)
	}
	world := map[string][]row{
		"user":    {{"id": "u1", "name": "Ana Nová", "email": "ana@example.com"}, {"id": "u2", "name": "Bo Berg", "email": "bo@example.com"}},
		"account": {{"id": "a1", "name": "Acme"}, {"id": "a2", "name": "Beta"}},
		"contact": {{"id": "c1", "first_name": "Jan", "last_name": "Novák", "email": "jan@acme.example", "account_id": "a1"}, {"id": "c2", "first_name": "Eva", "last_name": "Malá", "email": "eva@beta.example"}},
		"deal":    {{"id": "d1", "title": "Roof", "account_id": "a2", "contact_id": "c2"}, {"id": "d2", "title": "Wall"}},
	}
	maps.Copy(world, rows)
	for object, list := range world {
		stageRows(t, db, object, list)
	}
	rebuild(t, db)
	return db
}

func stageRows(t *testing.T, db *warehouse.DB, object string, rows []row) {
	t.Helper()
	err := db.Write(t.Context(), func(tx *sql.Tx) error {
		for i, r := range rows {
			columns, marks, values := []string{"source_table", "source_row", "row_hash"}, "?, ?, ?", []any{object, i + 1, fmt.Sprint(r)}
			for _, c := range slices.Sorted(maps.Keys(r)) {
				name := map[bool]string{true: "source_id", false: c}[c == "id"]
				columns, marks, values = append(columns, name), marks+", ?", append(values, r[c])
			}
			if _, err := tx.Exec("INSERT INTO stg_"+object+" ("+strings.Join(columns, ", ")+") VALUES ("+marks+")", values...); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// rebuild runs every stage from clean to build.
func rebuild(t *testing.T, db *warehouse.DB) {
	t.Helper()
	if _, err := clean.Run(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	if _, err := dedupe.Run(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	if _, err := mapping.Run(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	if _, err := build.Run(t.Context(), db); err != nil {
		t.Fatal(err)
	}
}

func decideCell(t *testing.T, db *warehouse.DB, table, key, column, value string) {
	t.Helper()
	execute(t, db, "INSERT INTO decide_map (map_table, map_key, column_name, value, by_name) VALUES (?, ?, ?, ?, 'test')", table, key, column, value)
}

// column reads the first column of a query.
func column(t testing.TB, db *warehouse.DB, query string, args ...any) []string {
	t.Helper()
	rows, err := db.Read().Query(query, args...)
	if err != nil {
		t.Fatalf("%v\n%s", err, query)
	}
	defer rows.Close()
	out := []string{}
	for rows.Next() {
		var v sql.NullString
		if err := rows.Scan(&v); err != nil {
			t.Fatal(err)
		}
		out = append(out, v.String)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestNoActivityMovesToAnotherInstant(t *testing.T) {
	cases := []struct{ about, day, clock, want string }{
		{"winter", "2024-01-13", "14:30", "2024-01-13 13:30:00"},
		{"summer", "2024-07-13", "14:30", "2024-07-13 12:30:00"},
		{"the day before in UTC", "2024-01-13", "00:15", "2024-01-12 23:15:00"},
		{"the year before in UTC", "2024-01-01", "00:15:30", "2023-12-31 23:15:30"},
		{"a skipped hour moves forward by the gap", "2024-03-31", "02:30", "2024-03-31 01:30:00"},
		{"right after the gap", "2024-03-31", "03:00", "2024-03-31 01:00:00"},
		{"of an hour that comes twice the first", "2024-10-27", "02:30", "2024-10-27 00:30:00"},
		{"right after it", "2024-10-27", "03:00", "2024-10-27 02:00:00"},
		{"a day is a day", "2024-03-31", "", "2024-03-31 "},
		{"with an offset of its own", "2024-01-13T23:30:00-08:00", "", "2024-01-14 07:30:00"},
	}
	var rows []row
	for i, tc := range cases {
		rows = append(rows, row{"id": fmt.Sprint(i), "type": "call", "title": tc.about, "due_date": tc.day, "due_time": tc.clock, "contact_id": "c1", "created_at": "2024-01-01 12:00:00"})
	}
	db := happenings(t, "plugin", "Europe/Berlin", map[string][]row{"activity": rows})
	for i, tc := range cases {
		key := fmt.Sprintf("activity:%d", i)
		payload := one(t, db, "SELECT coalesce(payload ->> 'due_date', '') || ' ' || coalesce(payload ->> 'due_time', '') FROM final_activity WHERE final_key = ?", key)
		if typed := one(t, db, "SELECT due_on || ' ' || coalesce(due_time, '') FROM final_activity WHERE final_key = ?", key); payload != tc.want || typed != tc.want {
			t.Errorf("%s: sent %q, kept %q, want %q", tc.about, payload, typed, tc.want)
		}
	}
}

// TestAnotherZoneIsVisibleAndMovesInstantsOnly holds every hour of two years
// against Go's own clock, in zones on both sides of midnight.
func TestAnotherZoneIsVisibleAndMovesInstantsOnly(t *testing.T) {
	for _, zone := range []string{"Pacific/Auckland", "America/St_Johns", "Asia/Kolkata"} {
		loc, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		var rows []row
		start := time.Date(2024, 1, 1, 0, 10, 0, 0, time.UTC)
		for i := range 366 {
			instant := start.Add(time.Duration(i) * 25 * time.Hour)
			local := instant.In(loc)
			rows = append(rows, row{"id": instant.Format(time.RFC3339), "type": "meeting", "contact_id": "c1", "due_date": local.Format(time.DateOnly), "due_time": local.Format("15:04")})
		}
		db := happenings(t, "plugin", zone, map[string][]row{"activity": rows})
		moved := column(t, db, "SELECT source_id || ' became ' || due_on || 'T' || due_time || 'Z' FROM final_activity AS f JOIN clean_activity AS a ON a.activity_key = f.final_key WHERE source_id <> due_on || 'T' || due_time || 'Z'")
		// Of an hour that comes twice the text cannot tell which is meant; the first counts.
		moved = slices.DeleteFunc(moved, func(s string) bool {
			at, err := time.Parse(time.RFC3339, s[:20])
			return err == nil && at.In(loc).Format(time.DateTime) == at.Add(-time.Hour).In(loc).Format(time.DateTime)
		})
		if len(moved) > 0 {
			t.Errorf("%s: %d moved, first %s", zone, len(moved), moved[0])
		}
		if got := one(t, db, "SELECT timezone FROM clean_site"); got != zone {
			t.Errorf("read as %s, want %s", got, zone)
		}
	}
}

func TestInstantsWithoutAZoneAreRefusedAndDaysAreNot(t *testing.T) {
	db := happenings(t, "plugin", "", map[string][]row{"activity": {{"id": "1", "type": "call", "contact_id": "c1", "due_date": "2024-01-13"}}})
	if got := one(t, db, "SELECT due_on FROM final_activity"); got != "2024-01-13" {
		t.Errorf("a day became %s", got)
	}
	execute(t, db, "UPDATE stg_activity SET due_time = '14:30'")
	if _, err := clean.Run(t.Context(), db); err == nil || !strings.Contains(err.Error(), "activity.due_date") || !strings.Contains(err.Error(), "2024-01-13 14:30") {
		t.Errorf("a time of nowhere gives %v", err)
	}
}

func TestANoteOfAMegabyteArrivesWhole(t *testing.T) {
	db := sampleWarehouse(t)
	parts := column(t, db, "SELECT payload ->> 'content' FROM final_note WHERE final_key = 'note:80026' OR final_key LIKE 'note:80026#%' ORDER BY seq")
	var whole strings.Builder
	for i, p := range parts {
		if len(p) > 90_000 {
			t.Errorf("part %d has %d bytes", i+1, len(p))
		}
		if want := fmt.Sprintf("<p><i>part %d of %d</i></p>", i+1, len(parts)); !strings.Contains(p, want) {
			t.Errorf("part %d does not say so", i+1)
		}
		text, _, _ := strings.Cut(p, "<p><i>")
		text = strings.TrimPrefix(text, "<p><b>Note 26</b></p>")
		whole.WriteString(text)
	}
	want := one(t, db, "SELECT description FROM stg_note WHERE source_id = '80026'")
	if len(want) != 1<<20 || whole.String() != strings.TrimSpace(want) {
		t.Errorf("%d characters of %d arrive in %d parts", whole.Len(), len(want), len(parts))
	}
	if n := one(t, db, "SELECT count(DISTINCT added_at || person_key || organization_key) FROM final_note WHERE final_key LIKE 'note:80026%'"); n != "1" {
		t.Errorf("parts differ in time or in what they hang on")
	}
}

// TestNoTextOfTheSampleIsLost looks for every description in what is sent.
func TestNoTextOfTheSampleIsLost(t *testing.T) {
	db := sampleWarehouse(t)
	rows, err := db.Read().Query(`SELECT a.activity_key, coalesce(s.title, ''), coalesce(s.description, '') FROM clean_activity AS a JOIN final_fate AS f USING (object, row_id)
		JOIN (SELECT 'activity' AS object, row_id, title, description FROM stg_activity UNION ALL SELECT 'note', row_id, title, description FROM stg_note) AS s USING (object, row_id)
		WHERE f.fate = 'final'`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	n := 0
	for rows.Next() {
		var key, title, text string
		if err := rows.Scan(&key, &title, &text); err != nil {
			t.Fatal(err)
		}
		sent := strings.Join(append(column(t, db, "SELECT (payload ->> 'subject') || ' ' || (payload ->> 'note') FROM final_activity WHERE final_key = ?", key),
			column(t, db, "SELECT payload ->> 'content' FROM final_note WHERE final_key = ?1 OR final_key LIKE ?1 || '#%' ORDER BY seq", key)...), " ")
		if want := normal.HTMLText(normal.Guard(text)); !strings.Contains(joined(normal.HTMLText(sent)), joined(want)) && len(want) < 1<<19 {
			t.Errorf("%s: %.80q is lost", key, want)
		}
		if !strings.Contains(sent, normal.NameValue(title)) {
			t.Errorf("%s: title %q is lost", key, title)
		}
		n++
	}
	if n != 204 {
		t.Errorf("%d texts compared, the sample has 204 that move", n)
	}
}

// joined is a text with its blanks and line breaks as single blanks.
func joined(s string) string { return strings.Join(strings.Fields(s), " ") }

func TestTheSampleExportsActivitiesAndNotesAreCountedAsTheManifestSays(t *testing.T) {
	db := sampleWarehouse(t)
	for query, want := range map[string]string{
		"SELECT count(*) FROM xw_item WHERE object = 'activity'":                           "150",
		"SELECT count(*) FROM xw_item WHERE object = 'activity' AND rule = 'soft_deleted'": "4",
		"SELECT count(*) FROM xw_item WHERE object = 'activity' AND fate = 'final'":        "146",
		"SELECT count(*) FROM final_activity":                                              "130",
		"SELECT group_concat(kind || ' ' || n, ', ') FROM (SELECT kind, count(*) AS n FROM clean_activity WHERE object = 'activity' GROUP BY kind ORDER BY kind)": " 1, call 17, email 17, feedback 16, invoice paid 16, meeting 17, note 17, quote sent 16, sms blast 1, task 16, tweet 16",
		"SELECT count(*) FROM issue WHERE object = 'activity' AND rule = 'activity_about_nothing'":                                                                "3",
		"SELECT count(*) FROM clean_activity WHERE object = 'activity' AND due_origin = 'due'":                                                                    "51",
		"SELECT count(*) FROM final_link AS l JOIN clean_activity AS a USING (activity_key) WHERE a.object = 'activity' AND l.object = 'deal'":                    "25",
		"SELECT count(*) FROM xw_item WHERE object = 'note'":                                                                                                      "60",
		"SELECT count(*) FROM xw_item WHERE object = 'note' AND rule = 'empty_note'":                                                                              "1",
		"SELECT count(*) FROM xw_item WHERE object = 'note' AND fate = 'documented'":                                                                              "1",
		"SELECT count(*) FROM final_link WHERE object = 'account' AND ref IS NOT NULL":                                                                            "12",
		// Its defects, one by one.
		"SELECT group_concat(record_key) FROM issue WHERE rule = 'activity_without_type'":                                                                "activity:70041",
		"SELECT type_key FROM final_activity WHERE final_key = 'activity:70041'":                                                                         "task",
		"SELECT group_concat(record_key) FROM issue WHERE rule = 'activity_type_new'":                                                                    "activity:70042",
		"SELECT instr(payload ->> 'note', '=cmd|&#39; /C calc&#39;!A0') FROM final_activity WHERE final_key = 'activity:70044'":                          "1",
		"SELECT person_key FROM final_activity WHERE final_key = 'activity:70045'":                                                                       "contact:1057",
		"SELECT instr(payload, 'script') FROM final_activity WHERE final_key = 'activity:70043'":                                                         "0",
		"SELECT deal_key || coalesce(person_key, '') FROM final_note WHERE final_key = 'activity:70031'":                                                 "deal:9031",
		"SELECT instr(payload ->> 'content', 'About, not found: contact stranger30@example.com') > 0 FROM final_note WHERE final_key = 'activity:70031'": "1",
		"SELECT source_id FROM xw_item WHERE object = 'note' AND rule = 'activities_without_parent'":                                                     "80029",
		"SELECT name || icon_key FROM final_activity_type WHERE type_key = 'sms blast'":                                                                  "SMS blastsmartphone",
	} {
		if got := one(t, db, query); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	for _, key := range column(t, db, "SELECT final_key FROM final_activity WHERE json_type(payload, '$.participants') IS NOT NULL AND (SELECT sum(p.value ->> 'primary') FROM json_each(payload, '$.participants') AS p) <> 1") {
		t.Errorf("%s has not one primary participant", key)
	}
}

func TestAnActivityKeepsAllItsLinks(t *testing.T) {
	link := func(object, id string) row { return row{"activity_id": "1", "object": object, "object_id": id} }
	db := happenings(t, "open-source", "UTC", map[string][]row{
		"activity": {{"id": "1", "type": "meeting", "title": "Kick-off", "date": "2024-05-01T10:00:00.250Z", "duration": "45", "outcome": "agreed", "status": "completed",
			"created_by": "u1", "created_at": "2024-04-30T08:00:00Z", "metadata": `{"calendarSource":"google"}`, "extra": `{"disposition":"good"}`}},
		"activity_link": {link("account", "a1"), link("account", "a2"), link("contact", "c1"), link("contact", "c2"), link("contact", "c2"), link("opportunity", "d1"),
			link("opportunity", "d2"), link("contract", "k1"), link("contact", "gone"), link("spaceship", "s1")},
		"contract":       {{"id": "k1", "title": "Frame contract", "account_id": "a1"}},
		"calendar_event": {{"id": "e1", "source": "google", "external_id": "ev1", "activity_id": "1", "start_at": "2024-05-01T10:00:00Z", "end_at": "2024-05-01T10:45:00Z", "attendee_emails": `["eva@beta.example","guest@example.com"]`}},
	})
	want := `{"subject":"Kick-off","type":{"@ref":"activity_type:meeting"},"owner_id":{"@ref":"user:ana@example.com"},"deal_id":{"@ref":"deal:deal:d1"},` +
		`"org_id":{"@ref":"organization:account:a2"},"participants":[{"person_id":{"@ref":"person:contact:c2"},"primary":true},{"person_id":{"@ref":"person:contact:c1"},"primary":false}],` +
		`"due_date":"2024-05-01","due_time":"10:00:00","duration":"00:45:00","done":true,"note":"<p><i>From NextCRM</i><br>Created: 2024-04-30 08:00:00 UTC by Ana Nová &lt;ana@example.com&gt;` +
		`<br>Outcome: agreed<br>Status: completed<br>calendarSource: google<br>Calendar: google ev1<br>Calendar start: 2024-05-01 10:00:00 UTC<br>Calendar end: 2024-05-01 10:45:00 UTC` +
		`<br>Attendees: eva@beta.example, guest@example.com<br>Calendar minutes: 45<br>Disposition: good<br>About, not found: contact gone<br>About, not found: spaceship s1` +
		`<br>About, not moved: contract Frame contract (k1)<br>Also about: account Acme<br>Also about: deal Wall</p><p><small>[NextCRM abc123/activity:1]</small></p>"}`
	if diff := cmp.Diff(want, one(t, db, "SELECT payload FROM final_activity")); diff != "" {
		t.Errorf("payload (-want +got):\n%s", diff)
	}
	fates := column(t, db, "SELECT fate || ' ' || rule FROM xw_item WHERE object IN ('activity_link', 'calendar_event') ORDER BY object, row_id")
	if diff := cmp.Diff([]string{"merged named", "merged organization", "merged participant", "merged primary", "merged repeat", "merged deal", "merged named", "merged lost", "merged lost", "merged lost",
		"merged calendar"}, fates); diff != "" {
		t.Errorf("fates of links (-want +got):\n%s", diff)
	}
}
