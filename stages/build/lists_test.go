package build_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	nextcrmsample "nextpipe/fixtures/nextcrm"
	"nextpipe/fixtures/nextcrm/pgtest"
	"nextpipe/stages/clean"
	"nextpipe/stages/dedupe"
	"nextpipe/stages/extract"
	"nextpipe/stages/internal/mapped"
	"nextpipe/stages/internal/nextcrm"
	"nextpipe/stages/internal/warehouse"
)

// all reads the only column of a query.
func all(t testing.TB, db *warehouse.DB, query string, args ...any) []string {
	t.Helper()
	rows, err := db.Read().Query(query, args...)
	if err != nil {
		t.Fatalf("%v\n%s", err, query)
	}
	defer rows.Close()
	out := []string{}
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		out = append(out, s)
	}
	return out
}

func decideMap(t testing.TB, db *warehouse.DB, table, key, column, value string) {
	t.Helper()
	execute(t, db, "INSERT INTO decide_map (map_table, map_key, column_name, value, by_name) VALUES (?, ?, ?, ?, 'Eva')", table, key, column, value)
}

// exported is an export of a few files, taken as far as the finals.
func exported(t *testing.T, files map[string]string) *warehouse.DB {
	t.Helper()
	dir := t.TempDir()
	files["export.json"] = `{"site_url":"https://shop.example","timezone":"Europe/Berlin","default_currency":"EUR","date_order":"dmy","decimal":".","exported_at":"2025-02-01T08:00:00+01:00"}`
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	src, err := nextcrm.OpenExport(t.Context(), dir, nextcrm.ExportOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	if err := clean.RegisterFunctions(); err != nil {
		t.Fatal(err)
	}
	db := open(t)
	if _, err := extract.Run(t.Context(), db, src, "test", func(string, int64) {}); err != nil {
		t.Fatal(err)
	}
	if _, err := clean.Run(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	if _, err := dedupe.Run(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	mapAndBuild(t, db)
	return db
}

func TestEveryListIsAnOptionAndASavedFilterThatFindsIt(t *testing.T) {
	db := sampleWarehouse(t)
	lists := []string{"Main Newsletter", "Product Updates", "Customers DE", "Suppressed", "Events", "Beta Testers"} // nobody is on the last one
	if diff := cmp.Diff(lists, all(t, db, "SELECT label FROM final_option WHERE entity = 'person' AND field_key = 'nextcrm_lists' ORDER BY position")); diff != "" {
		t.Errorf("options (-want +got):\n%s", diff)
	}
	names := all(t, db, "SELECT name FROM final_filter WHERE final_key LIKE 'filter:list:%' ORDER BY seq")
	if diff := cmp.Diff(lists, all(t, db, "SELECT substr(name, 15) FROM final_filter WHERE final_key LIKE 'filter:list:%' ORDER BY seq")); diff != "" {
		t.Errorf("filters %q (-want +got):\n%s", names, diff)
	}
	want := `{"name":"NextCRM list: Beta Testers","type":"people","conditions":{"glue":"and","conditions":[{"glue":"and","conditions":[` +
		`{"object":"person","field_id":{"@ref":"filter_field:person.nextcrm_lists"},"operator":"contains",` +
		`"value":{"@ref":"option_text:person.nextcrm_lists:Beta Testers"},"extra_value":null}]},{"glue":"or","conditions":[]}]}}`
	if got := one(t, db, "SELECT payload FROM final_filter WHERE final_key = 'filter:list:6'"); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	if diff := cmp.Diff(map[string]string{"final": "6"}, fates(t, db, "list")); diff != "" {
		t.Error(diff)
	}
}

// expectedSegments is what the sample's manifest says about its segments.
type expectedSegments struct {
	Records     int
	Members     map[string]int
	Translation map[string]string
	Reasons     map[string][]string
	Conditions  map[string]int
}

func TestSegmentsOfTheSampleMeetItsManifestInTheWarehouse(t *testing.T) {
	raw, err := fs.ReadFile(nextcrmsample.PluginExport(), "manifest.json")
	if err != nil {
		t.Fatal(err)
	}
	var manifest struct {
		Expected struct{ Segments expectedSegments }
	}
	if err := json.Unmarshal(raw, &manifest); err != nil {
		t.Fatal(err)
	}
	db, want := sampleWarehouse(t), manifest.Expected.Segments
	got := expectedSegments{Members: map[string]int{}, Translation: map[string]string{}, Reasons: map[string][]string{}, Conditions: map[string]int{}}
	rows, err := db.Read().Query(`SELECT c.source_id, s.members, s.translation, s.reasons, (SELECT count(*) FROM map_segment_rule AS r WHERE r.segment_key = s.map_key)
		FROM map_segment AS s JOIN clean_segment AS c ON c.segment_key = s.map_key`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id, translation, reasons string
		var members, rules int
		if err := rows.Scan(&id, &members, &translation, &reasons, &rules); err != nil {
			t.Fatal(err)
		}
		got.Records++
		got.Translation[id], got.Conditions[id] = translation, rules
		if _, counted := want.Members[id]; counted {
			got.Members[id] = members
		}
		if reasons != "[]" {
			got.Reasons[id] = decode[[]string](t, reasons)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]string{"final": "4"}, fates(t, db, "segment")); diff != "" {
		t.Error(diff)
	}
}

func decode[T any](t *testing.T, text string) (v T) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return v
}

// segmentsOf are segments in FluentCRM's grammar by id and title: one rule each.
func segmentsOf(rules ...string) string {
	var b strings.Builder
	for i, rule := range rules {
		title, body, _ := strings.Cut(rule, ": ")
		if i > 0 {
			b.WriteByte(',')
		}
		id := string(rune('1' + i))
		b.WriteString(`{"id":` + id + `,"object_type":"custom_segment","value":{"title":"` + title + `","filters":[[` + body + `]]}}`)
	}
	return "[" + b.String() + "]"
}

const people = `id,email,first_name,last_name,city,tags,lists,status,owner email
1,ana@example.com,Ana,Berg,Bonn,VIP,News,subscribed,boss@example.com
2,ANA@example.com,Ana,,,Trial,,unsubscribed,
3,bob@example.com,Bob,Rosen,Köln,,News,subscribed,
`

const endsInN = `{"source":["subscriber","last_name"],"operator":"endsWith","value":"n"}`

func TestASegmentThatIsNoFilterKeepsThePeopleItHeld(t *testing.T) {
	db := exported(t, map[string]string{"contacts.csv": people, "segments.json": segmentsOf(
		"Ends in n: "+endsInN,
		`In Bonn: {"source":["subscriber","city"],"operator":"=","value":"bonn"}`,
		// The two records of Ana are one person, who has opted out.
		`May be written to: {"source":["segment","status"],"operator":"in","value":["subscribed"]},{"source":["subscriber","first_name"],"operator":"endsWith","value":"a"}`)})
	got := all(t, db, `SELECT name || ' = ' || ifnull((SELECT group_concat(p.name) FROM final_person AS p, json_each(p.payload, '$.custom_fields."@field:person.nextcrm_segments"') AS j
			WHERE j.value ->> '@ref' = 'option:person.nextcrm_segments:Segment: ' || s.name), 'nobody') || ', ' || action FROM map_segment AS s ORDER BY map_key`)
	want := []string{"Ends in n = Bob Rosen, frozen", "In Bonn = nobody, filter", "May be written to = nobody, frozen"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	want = []string{"Segment: Ends in n", "Segment: May be written to"}
	if diff := cmp.Diff(want, all(t, db, "SELECT label FROM final_option WHERE field_key = 'nextcrm_segments' ORDER BY position")); diff != "" {
		t.Errorf("options (-want +got):\n%s", diff)
	}
	filter := "NextCRM segment: Ends in n (frozen)"
	if got := one(t, db, "SELECT payload ->> '$.conditions.conditions[0].conditions[0].value.@ref' FROM final_filter WHERE name = ?", filter); got != "option_text:person.nextcrm_segments:Segment: Ends in n" {
		t.Errorf("%s finds %q", filter, got)
	}
	sameInShell(t, db)
}

func TestAFieldWithoutAHomeInPipedriveMakesItsSegmentsFrozen(t *testing.T) {
	db := exported(t, map[string]string{"contacts.csv": people, "segments.json": segmentsOf(
		`In Bonn: {"source":["subscriber","city"],"operator":"=","value":"Bonn"}`,
		`VIPs: {"source":["segment","tags"],"operator":"in","value":["9"]}`,
		`The boss: {"source":["subscriber","owner"],"operator":"=","value":"boss@example.com"}`), "tags.csv": "id,title\n9,VIP\n"})
	state := "SELECT name || ': ' || action || ' ' || reasons || ' ' || members FROM map_segment ORDER BY map_key"
	want := []string{`In Bonn: filter [] 1`, `VIPs: filter [] 1`, `The boss: frozen ["not_migrated:boss@example.com"] 1`}
	if diff := cmp.Diff(want, all(t, db, state)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	decideMap(t, db, "map_field", "contact.address", "action", "details")
	decideMap(t, db, "map_label", "person/vip", "action", "skip")
	mapAndBuild(t, db)
	want[0], want[1] = `In Bonn: frozen ["not_filterable:city"] 1`, `VIPs: frozen ["not_migrated:VIP"] 1`
	if diff := cmp.Diff(want, all(t, db, state)); diff != "" {
		t.Errorf("after the decisions (-want +got):\n%s", diff)
	}
}

func TestTheMapHasTheLastWordOnListsAndSegments(t *testing.T) {
	db := exported(t, map[string]string{"contacts.csv": people, "lists.csv": "id,title\n1,News\n2,Old\n3,Empty\n3,Empty\n4,\n",
		"segments.json": strings.TrimSuffix(segmentsOf("A: "+endsInN, "B: "+endsInN, "C: "+endsInN), "]") + `,{"id":4,"object_type":"custom_segment","value":{"title":"D"}}]`})
	for key, decision := range map[string][2]string{
		"map_segment/segment:1": {"action", "skip"}, "map_segment/segment:2": {"name", "Bee"},
		"map_option/contact.lists=Old": {"label", "News"}, "map_option/contact.segments=Bee": {"label", "B!"},
	} {
		table, row, _ := strings.Cut(key, "/")
		decideMap(t, db, table, row, decision[0], decision[1])
	}
	execute(t, db, "INSERT INTO decide_map (map_table, map_key, column_name, value, by_name) VALUES ('map_option', 'contact.lists=Empty', 'label', NULL, 'Eva')")
	mapAndBuild(t, db)
	want := []string{"NextCRM list: News", "NextCRM segment: Bee (frozen)", "NextCRM segment: C (frozen)"}
	if diff := cmp.Diff(want, all(t, db, "SELECT name FROM final_filter ORDER BY seq")); diff != "" {
		t.Errorf("filters (-want +got):\n%s", diff)
	}
	for object, want := range map[string]map[string]string{
		"list":    {"final": "1", "merged repeated_record": "1", "excluded map_option": "2", "excluded empty": "1"},
		"segment": {"final": "2", "excluded map_segment": "1", "documented segments.md": "1"},
	} {
		if diff := cmp.Diff(want, fates(t, db, object)); diff != "" {
			t.Errorf("%s: %s", object, diff)
		}
	}
	if got := one(t, db, `SELECT payload ->> '$.custom_fields."@field:person.nextcrm_segments"[0].@ref' FROM final_person WHERE name = 'Bob Rosen'`); got != "option:person.nextcrm_segments:B!" {
		t.Errorf("Bob is in %q", got)
	}
}

func TestEveryMembershipOfAFileHasAFate(t *testing.T) {
	db := exported(t, map[string]string{"contacts.csv": people, "tags.csv": "id,title,slug\n9,VIP,vip\n", "lists.csv": "id,title\n1,News\n",
		"contact_tags.csv":  "email,tag\nbob@example.com,9\nbob@example.com,vip\nghost@example.com,VIP\nbob@example.com,\n",
		"contact_lists.csv": "contact_id,list,status\n1,News,subscribed\n3,1,unsubscribed\n"})
	for object, want := range map[string]map[string]string{
		"contact_tag":  {"merged person": "2", "documented lists/members.csv": "1", "excluded empty": "1"},
		"contact_list": {"merged person": "1", "excluded left_list": "1"},
	} {
		if diff := cmp.Diff(want, fates(t, db, object)); diff != "" {
			t.Errorf("%s: %s", object, diff)
		}
	}
	if got := one(t, db, "SELECT final_key || ': ' || reason FROM xw_item WHERE object = 'contact_tag' AND row_id = 1"); got != "contact:3: label VIP" {
		t.Errorf("got %q", got)
	}
}

// definitions are the objects that become structure or lines of a document.
var definitions = []string{"list", "contact_list", "tag", "contact_tag", "segment", "custom_field", "setting", "user", "stage", "deal_audit"}

func everyDefinitionHasAFate(t *testing.T, db *warehouse.DB) {
	t.Helper()
	for _, object := range definitions {
		staged := one(t, db, "SELECT count(*) FROM stg_"+object)
		settled := one(t, db, "SELECT count(*) FROM xw_item AS x JOIN stg_"+object+" AS s ON s.row_id = x.row_id WHERE x.object = '"+object+"'")
		if staged != settled {
			t.Errorf("%s: %s of %s rows have a fate", object, settled, staged)
		}
	}
}

func TestDefinitionsOfBothEditionsAreAccountedForRowByRow(t *testing.T) {
	db := sampleWarehouse(t)
	everyDefinitionHasAFate(t, db)
	for object, want := range map[string]map[string]string{
		"tag":          {"merged label": "13", "excluded map_label": "1"}, // nobody has the tag Cold
		"custom_field": {"merged field": "12"},
		"stage":        {"merged stage": "8"},
	} {
		if diff := cmp.Diff(want, fates(t, db, object)); diff != "" {
			t.Errorf("%s: %s", object, diff)
		}
	}
	server, err := pgtest.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Stop() })
	for _, shape := range []string{"0init", "fork"} {
		db := databaseWarehouse(t, server, shape)
		everyDefinitionHasAFate(t, db)
		want, err := nextcrmsample.ExpectedDatabase()
		if err != nil {
			t.Fatal(err)
		}
		for _, object := range []string{"user", "stage", "setting", "deal_audit"} {
			n := want.Counts["rows_"+object].In[shape]
			if got := one(t, db, "SELECT count(*) FROM xw_item WHERE object = ?", object); got != mustText(n) {
				t.Errorf("%s, %s: %s rows have a fate, the database has %d", shape, object, got, n)
			}
		}
	}
}

func mustText(n int) string {
	text, _ := json.Marshal(n) // a number always has a text
	return string(text)
}

// typedFields declare a field of each type that plugins of this family know.
const typedFields = `id,slug,label,type,options,object
1,t,Text,text,,contact
2,a,Area,textarea,,contact
3,n,Number,number,,contact
4,p,Price,price,,contact
5,s,Select,select-one,Gold|Silver,contact
6,m,Multi,select-multi,"CRM|Data, Privacy",contact
7,c,Box,checkbox,,contact
8,d,Date,date,,contact
9,dt,Stamp,date_time,,contact
10,ti,Time,time,,contact
11,u,Link,url,,contact
12,ph,Tel,tel,,contact
13,us,User,user,,contact
`

func TestValuesOfEverySourceTypeArriveInTheirShape(t *testing.T) {
	db := exported(t, map[string]string{"custom_fields.csv": typedFields,
		"users.csv": "id,login,email,display_name,role\n7,ana,ana@corp.example,Ana,editor\n",
		"contacts.csv": "id,email,Text,Area,Number,Price,Select,Multi,Box,Date,Stamp,Time,Link,Tel,User\n" +
			`1,x@example.com,hello,"two` + "\n" + `lines","1,234.5","USD 1,000.00",Gold,"CRM, Data, Privacy",yes,31.12.2024,2024-07-01 10:30:00,08:15,https://a.example,+49 30 1234567,7` + "\n"})
	for field, want := range map[string]string{
		"t": `"hello"`, "a": `"two\nlines"`, "n": `1234.5`, "p": `{"value":1000.00,"currency":"USD"}`,
		"s": `{"@ref":"option:person.s:Gold"}`, "m": `[{"@ref":"option:person.m:CRM"},{"@ref":"option:person.m:Data, Privacy"}]`,
		"c": `{"@ref":"option:person.c:Yes"}`, "d": `"2024-12-31"`, "dt": `"2024-07-01"`, "dt_time": `{"value":"08:30:00","timezone_name":"Etc/UTC"}`,
		"ti": `{"value":"08:15:00","timezone_name":"Europe/Berlin"}`, "u": `"https://a.example"`, "ph": `"+49 30 1234567"`, "us": `"ana@corp.example"`,
	} {
		got := one(t, db, `SELECT payload -> ? FROM final_person`, `$.custom_fields."@field:person.`+field+`"`)
		if got != want {
			t.Errorf("%s: got %s, want %s", field, got, want)
		}
	}
	// Somebody who knows that the users exist in Pipedrive too can have them linked.
	decideMap(t, db, "map_field", "contact.custom:us", "target_type", "user")
	decideMap(t, db, "map_user", "ana@corp.example", "target_email", "ana.new@corp.example")
	mapAndBuild(t, db)
	if got := one(t, db, `SELECT payload ->> '$.custom_fields."@field:person.us".@ref' FROM final_person`); got != "user:ana.new@corp.example" {
		t.Errorf("user: got %q", got)
	}
}

func TestFieldsOverATinyBudgetLoseNoValueOfTheSample(t *testing.T) {
	db := sampleWarehouse(t)
	decideSetting(t, db, "custom_field_budget", "12")
	mapAndBuild(t, db)
	if got := one(t, db, "SELECT count(*) FROM final_field"); got > "12" || len(got) > 2 {
		t.Errorf("%s fields, budget 12", got)
	}
	moved := 0
	for _, row := range all(t, db, "SELECT source_field || char(9) || target_name FROM map_field WHERE object = 'contact' AND action = 'details' AND source_field LIKE 'custom:%'") {
		source, name, _ := strings.Cut(row, "\t")
		value := mapped.Of(source, one(t, db, "SELECT value_type FROM clean_custom_field WHERE object = 'contact' AND 'custom:' || slug = ?", source)).Text
		lost := one(t, db, `SELECT count(*) FROM golden_contact AS c JOIN final_person AS p ON p.final_key = c.contact_key
			WHERE `+value+` IS NOT NULL AND instr(p.payload ->> '$.custom_fields."@field:person.nextcrm_details"', ? || ': ' || `+value+`) = 0`, name)
		if lost != "0" {
			t.Errorf("%s: %s values are not among the details", source, lost)
		}
		moved++
	}
	if moved < 8 {
		t.Errorf("only %d custom fields went over to the details", moved)
	}
}

func TestVisibilityIsDecidedForAllRecordsOrForEachKind(t *testing.T) {
	db := smallWarehouse(t, `INSERT INTO clean_account_mention (name_strict, account_key, name, name_loose, mentions) VALUES ('nowhere', 'account:name:nowhere', 'Nowhere', 'nowhere', 1)`,
		`INSERT INTO clean_product (product_key, row_id, name, is_active, row_hash) VALUES ('product:1', 1, 'Roof', 1, 'h')`)
	decideSetting(t, db, "visible_to", "3")
	decideSetting(t, db, "visible_to_deal", "1")
	mapAndBuild(t, db)
	decideSetting(t, db, "visible_to_product", "7")
	mapAndBuild(t, db)
	want := []string{"3", "3", "3", "1", "7"}
	if diff := cmp.Diff(want, all(t, db, `SELECT payload ->> '$.visible_to' FROM final_organization UNION ALL SELECT payload ->> '$.visible_to' FROM final_person
		UNION ALL SELECT payload ->> '$.visible_to' FROM final_deal UNION ALL SELECT payload ->> '$.visible_to' FROM final_product`)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	want = []string{"deal 1", "lead 3", "organization 3", "person 3", "product 7"}
	if diff := cmp.Diff(want, all(t, db, "SELECT entity || ' ' || visible_to FROM map_visibility ORDER BY 1")); diff != "" {
		t.Errorf("for other stages (-want +got):\n%s", diff)
	}
}

func TestScoresAndStepsOfTheLifeCycleStandInFieldsOfTheirOwn(t *testing.T) {
	db := exported(t, map[string]string{"tags.csv": "id,title\n1,VIP\n", "contacts.csv": "id,email,tags\n1,a@example.com,\"VIP, Score: 80, Customer, MQL\"\n",
		"segments.json": segmentsOf(`Marked: {"source":["segment","tags"],"operator":"in","value":["1"]}`)})
	tags := func() string {
		return one(t, db, `SELECT payload ->> '$.label_ids' || ' ' || json_remove(payload ->> '$.custom_fields', '$."@field:person.nextcrm_id"') FROM final_person`)
	}
	want := `[{"@ref":"label:person:VIP"}] {"@field:person.nextcrm_life_cycle":[{"@ref":"option:person.nextcrm_life_cycle:Customer"},{"@ref":"option:person.nextcrm_life_cycle:MQL"}],` +
		`"@field:person.nextcrm_scoring":[{"@ref":"option:person.nextcrm_scoring:Score: 80"}]}`
	if diff := cmp.Diff(want, tags()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	decideMap(t, db, "map_label", "person/vip", "action", "field")
	decideMap(t, db, "map_label", "person/vip", "field", "Importance")
	decideMap(t, db, "map_label", "person/score: 80", "action", "label")
	decideMap(t, db, "map_field", "contact.tag_options:nextcrm_life_cycle", "action", "details")
	mapAndBuild(t, db)
	want = `[{"@ref":"label:person:Score: 80"}] {"@field:person.importance":[{"@ref":"option:person.importance:VIP"}],` +
		`"@field:person.nextcrm_details":"NextCRM life cycle: Customer, MQL"}`
	if diff := cmp.Diff(want, tags()); diff != "" {
		t.Errorf("after the decisions (-want +got):\n%s", diff)
	}
	if got := one(t, db, "SELECT payload ->> '$.conditions.conditions[0].conditions[0].value.@ref' FROM final_filter WHERE name = 'NextCRM segment: Marked'"); got != "option_text:person.importance:VIP" {
		t.Errorf("the segment asks for %q", got)
	}
	sameInShell(t, db)
}
