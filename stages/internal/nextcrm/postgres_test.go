package nextcrm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	nextcrmsample "nextpipe/fixtures/nextcrm"
	"nextpipe/fixtures/nextcrm/pgtest"
)

// server is the one PostgreSQL of this test binary.
var server *pgtest.Server

func TestMain(m *testing.M) {
	var err error
	if server, err = pgtest.Start(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	if err := server.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

const canary = "canary-6d1f2c" // stands in every secret column of the sample

// sampleDatabase makes a database of one shape, changed by more SQL.
func sampleDatabase(t *testing.T, shape string, more ...string) string {
	t.Helper()
	url := server.NewDatabase(t, mustSample(t, shape))
	for _, sql := range more {
		execSQL(t, url, sql)
	}
	return url
}

func mustSample(t *testing.T, shape string) string {
	t.Helper()
	sql, err := nextcrmsample.DatabaseSQL(shape)
	if err != nil {
		t.Fatal(err)
	}
	return sql
}

// unchanged is one database a shape for all tests that only read it.
var unchanged = map[string]string{}

func unchangedDatabase(t *testing.T, shape string) string {
	t.Helper()
	if unchanged[shape] == "" {
		url, err := server.CreateDatabase(t.Context(), mustSample(t, shape))
		if err != nil {
			t.Fatal(err)
		}
		unchanged[shape] = url
	}
	return unchanged[shape]
}

func openSource(t *testing.T, url string) Source {
	t.Helper()
	source, err := OpenDatabase(t.Context(), url, DatabaseOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := source.Close(); err != nil {
			t.Error(err)
		}
	})
	return source
}

// dbRecord is one row by column name; NULL values are not in it.
type dbRecord map[string]string

// readObject reads one object into memory, by id.
func readObject(t *testing.T, source Source, object string) map[string]dbRecord {
	t.Helper()
	o, ok := Lookup(object)
	if !ok {
		t.Fatalf("no object %s", object)
	}
	records := map[string]dbRecord{}
	err := source.Rows(t.Context(), object, func(r *Row) error {
		rec := dbRecord{"source_table": r.Table}
		for i, v := range r.Values {
			if v != nil {
				rec[o.Columns[i]] = string(v)
			}
		}
		if r.Extra != nil {
			rec["extra"] = string(r.Extra)
		}
		id := string(r.ID)
		if r.ID == nil {
			id = fmt.Sprint("row ", len(records))
		}
		records[id] = rec
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return records
}

func sampleID(kind string, n int) string {
	return fmt.Sprintf("%s0000000-0000-4000-8000-%012d", kind, n)
}

func execSQL(t *testing.T, url, sql string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.PgConn().Exec(t.Context(), sql).ReadAll(); err != nil {
		t.Fatal(err)
	}
}

func TestDatabase_EveryShapeGivesItsRows(t *testing.T) {
	expected, err := nextcrmsample.ExpectedDatabase()
	if err != nil {
		t.Fatal(err)
	}
	for _, shape := range nextcrmsample.DatabaseShapes {
		t.Run(shape, func(t *testing.T) {
			source := openSource(t, unchangedDatabase(t, shape))
			for _, object := range Objects {
				got := len(readObject(t, source, object.Name))
				if want, counted := expected.Counts["rows_"+object.Name].In[shape]; counted && got != want {
					t.Errorf("%s: read %d rows, want %d", object.Name, got, want)
				}
			}
		})
	}
}

func TestDatabase_KnowsEveryTableAndColumnOfEveryVersion(t *testing.T) {
	for _, shape := range []string{"0init", "2026_03", "2026_04", "latest"} {
		source := openSource(t, unchangedDatabase(t, shape))
		for field := range readObject(t, source, "custom_field") {
			t.Errorf("%s: %s is taken for a column of a fork", shape, field)
		}
		for _, item := range source.Items() {
			if item.Status == "unknown" {
				t.Errorf("%s: table %s is not in database.tsv", shape, item.Table)
			}
		}
		for _, note := range source.Notes() {
			if note.Severity != "info" && note.Code != "password-in-url" {
				t.Errorf("%s: unexpected note %+v", shape, note)
			}
		}
	}
}

func TestDatabase_NeverReadsASecret(t *testing.T) {
	for _, shape := range nextcrmsample.DatabaseShapes {
		source := openSource(t, unchangedDatabase(t, shape))
		for _, object := range Objects {
			for id, rec := range readObject(t, source, object.Name) {
				if strings.Contains(fmt.Sprint(id, rec), canary) {
					t.Errorf("%s: %s %s holds a secret: %v", shape, object.Name, id, rec)
				}
			}
		}
		if text := fmt.Sprint(source.Items(), source.Notes(), source.Identity()); strings.Contains(text, canary) {
			t.Errorf("%s: a secret stands in items, notes or identity", shape)
		}
	}
}

func TestDatabase_ForkColumnsArriveTyped(t *testing.T) {
	source := openSource(t, unchangedDatabase(t, "fork"))
	deal := readObject(t, source, "deal")[sampleID("d", 21)]
	wantDeal := `{"job_number":"J-021","gross_profit":211.05,"overhead_percentage":12.50,"date_of_loss":"2024-02-29T13:45:00.500Z",` +
		`"is_insurance":false,"payor":"INSURANCE","superintendent_id":"e0000000-0000-4000-8000-000000000003",` +
		`"roof_photos":["front.jpg","say \"cheese\".jpg"],"claim":{"notes": ["a", "b\n"], "number": 12345678901234567890},` +
		`"property_id":"60000000-0000-4000-8000-000000000030"}`
	if diff := cmp.Diff(wantDeal, deal["extra"]); diff != "" {
		t.Error("extra of a deal (-want +got):\n", diff)
	}
	contact := readObject(t, source, "contact")[sampleID("c", 41)]
	wantContact := `{"preferredLanguage":"čeština 🇨🇿\n","lifetime_value":0.10,"customer_since":"2019-12-31","last_visit":"2024-07-01T10:00:00Z",` +
		`"referred_by":"c0000000-0000-4000-8000-000000000001","visits":9223372036854775807,"score":0.1,"secretary_name":"Mrs. Keys"}`
	if diff := cmp.Diff(wantContact, contact["extra"]); diff != "" {
		t.Error("extra of a contact (-want +got):\n", diff)
	}
	odd := readObject(t, source, "deal")[sampleID("d", 51)]["extra"]
	if want := `{"gross_profit":"NaN","roof_photos":[]}`; odd != want {
		t.Errorf("extra with NaN and an empty array: got %s, want %s", odd, want)
	}
}

func TestDatabase_ForkColumnsBecomeFieldProposals(t *testing.T) {
	source := openSource(t, unchangedDatabase(t, "fork"))
	fields := readObject(t, source, "custom_field")
	want := map[string]dbRecord{
		"crm_Opportunities.gross_profit":             {"object": "deal", "slug": "gross_profit", "label": "Gross profit", "type": "pg:numeric(12,2)"},
		"crm_Opportunities.payor":                    {"object": "deal", "slug": "payor", "label": "Payor", "type": "pg:enum", "options": "INSURANCE|CASH_RETAIL"},
		"crm_Opportunities.superintendent_id":        {"object": "deal", "slug": "superintendent_id", "label": "Superintendent id", "type": "pg:uuid->Users"},
		"crm_Opportunities.roof_photos":              {"object": "deal", "slug": "roof_photos", "label": "Roof photos", "type": "pg:text[]"},
		"crm_Opportunities.claim":                    {"object": "deal", "slug": "claim", "label": "Claim", "type": "pg:jsonb"},
		"crm_Contacts.preferredLanguage":             {"object": "contact", "slug": "preferredLanguage", "label": "Preferred language", "type": "pg:text"},
		"crm_Contacts.referred_by":                   {"object": "contact", "slug": "referred_by", "label": "Referred by", "type": "pg:uuid->crm_Contacts"},
		"crm_Accounts.account_status_id":             {"object": "account", "slug": "account_status_id", "label": "Account status id", "type": "pg:uuid->crm_Account_Statuses"},
		"crm_Opportunities_Sales_Stages.is_terminal": {"object": "stage", "slug": "is_terminal", "label": "Is terminal", "type": "pg:boolean"},
	}
	for id, fields := range want {
		fields["required"], fields["source_table"] = "false", strings.Split(id, ".")[0]
	}
	got := map[string]dbRecord{}
	for id := range want {
		got[id] = fields[id]
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error("field proposals (-want +got):\n", diff)
	}
	for _, secret := range []string{"crm_Contacts.portal_password", "crm_Accounts.apiKey"} {
		if _, there := fields[secret]; there {
			t.Errorf("%s is proposed as a field", secret)
		}
	}
}

func TestDatabase_ForkIsReported(t *testing.T) {
	source := openSource(t, unchangedDatabase(t, "fork"))
	if got := readObject(t, source, "deal")[sampleID("d", 20)]["status"]; got != "ON_HOLD" {
		t.Errorf("the deal's status is %q, want the fork's label as text", got)
	}
	for _, want := range []Note{
		{Code: "unknown-enum-label", Table: "crm_Opportunities", Field: "status"},
		{Code: "secret-column", Table: "crm_Contacts", Field: "portal_password"},
		{Code: "secret-column", Table: "crm_Accounts", Field: "apiKey"},
	} {
		if !slices.ContainsFunc(source.Notes(), func(n Note) bool { return n.Code == want.Code && n.Table == want.Table && n.Field == want.Field }) {
			t.Errorf("no note %s about %s.%s", want.Code, want.Table, want.Field)
		}
	}
	checkItems(t, source, map[string]Item{
		"crm_Properties": {Status: "unknown", Rows: 1},
		"crm_Activities": {Status: "not yet extracted", Rows: 30},
		"Documents":      {Status: "not yet extracted", Rows: 7},
		"session":        {Status: "skipped", Rows: 1},
	})
}

func checkItems(t *testing.T, source Source, want map[string]Item) {
	t.Helper()
	got := map[string]Item{}
	for _, item := range source.Items() {
		if _, ok := want[item.Table]; ok {
			got[item.Table] = Item{Status: item.Status, Rows: item.Rows, Object: item.Object}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error("items (-want +got):\n", diff)
	}
}

func TestDatabase_CountsExtractedTables(t *testing.T) {
	source := openSource(t, unchangedDatabase(t, "latest"))
	for _, object := range Objects {
		readObject(t, source, object.Name)
	}
	checkItems(t, source, map[string]Item{
		"crm_Contacts":       {Status: "extracted", Rows: 400, Object: "contact"},
		"crm_AuditLog":       {Status: "extracted", Rows: 42, Object: "deal_audit"},
		"crm_SystemSettings": {Status: "extracted", Rows: 2, Object: "setting"},
	})
}

func TestDatabase_ValuesSurviveExactly(t *testing.T) {
	// A server in another zone and with another date style must make no difference.
	url := sampleDatabase(t, "latest", `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET timezone = ''America/New_York''', current_database());
		EXECUTE format('ALTER DATABASE %I SET datestyle = ''SQL, DMY''', current_database()); END $$`)
	source := openSource(t, url)
	deals, contacts, accounts := readObject(t, source, "deal"), readObject(t, source, "contact"), readObject(t, source, "account")
	for _, check := range []struct{ what, got, want string }{
		{"money beyond a float", deals[sampleID("d", 14)]["value"], "9007199254740993.07"},
		{"negative money", deals[sampleID("d", 15)]["value"], "-99.50"},
		{"rate", deals[sampleID("d", 1)]["snapshot_rate"], "25.12345678"},
		{"time with milliseconds", deals[sampleID("d", 14)]["expected_close_date"], "9999-12-31T23:59:59.999Z"},
		{"time without", deals[sampleID("d", 1)]["expected_close_date"], "2024-03-31T00:00:00Z"},
		{"time in another zone's hours", contacts[sampleID("c", 1)]["created_at"], "2024-01-08T16:26:00.250Z"},
		{"infinity", deals[sampleID("d", 12)]["expected_close_date"], "infinity"},
		{"before Christ", deals[sampleID("d", 13)]["expected_close_date"], "0044-03-15 12:00:00 BC"},
		{"emoji and newline", deals[sampleID("d", 16)]["title"], "🚀 Launch\nsecond line"},
		{"tab", deals[sampleID("d", 16)]["description"], "tab\there"},
		{"every escape", contacts[sampleID("c", 30)]["description"], "first line\r\nsecond\tline\nback\\slash \\N \"quoted\" <b>bold</b>"},
		{"NBSP", contacts[sampleID("c", 30)]["last_name"], "O\u00a0Hara"},
		{"text over 1 MB", accounts[sampleID("a", 20)]["description"], strings.Repeat("Čaj 🍵 a káva, 12 % sleva.\n", 40000)},
		{"empty text", contacts[sampleID("c", 28)]["email"], ""},
		{"boolean", contacts[sampleID("c", 50)]["is_active"], "false"},
		{"array", contacts[sampleID("c", 35)]["tags"], `["a,b","say \"hi\"","back\\slash","{curly}","NULL",null,"","🏷"]`},
		{"empty array", contacts[sampleID("c", 36)]["notes"], "[]"},
	} {
		if check.got != check.want {
			t.Errorf("%s: got %.80q, want %.80q", check.what, check.got, check.want)
		}
	}
	if _, there := contacts[sampleID("c", 29)]["email"]; there {
		t.Error("NULL e-mail arrives as a value")
	}
	if _, there := contacts[sampleID("c", 28)]["email"]; !there {
		t.Error("empty e-mail arrives as NULL")
	}
}

func TestDatabase_CreatorComesFromEitherColumn(t *testing.T) {
	contacts := readObject(t, openSource(t, unchangedDatabase(t, "0init")), "contact")
	for _, n := range []int{40, 41} { // createdBy is NULL for odd numbers, created_by never
		if got, want := contacts[sampleID("c", n)]["created_by"], sampleID("e", 1+n%8); got != want {
			t.Errorf("contact %d: created by %q, want %q", n, got, want)
		}
	}
}

func TestDatabase_AuditHoldsStagesAndReasonsOnly(t *testing.T) {
	audit := readObject(t, openSource(t, unchangedDatabase(t, "latest")), "deal_audit")
	killed := 0
	for id, rec := range audit {
		var changes []struct{ Field, New string }
		if err := json.Unmarshal([]byte(rec["changes"]), &changes); err != nil {
			t.Fatalf("%s: %v", id, err)
		}
		for _, c := range changes {
			switch c.Field {
			case "close_reason":
				killed++
			case "sales_stage":
			default:
				t.Errorf("%s tells of a change of %s", id, c.Field)
			}
		}
	}
	if killed != 2 {
		t.Errorf("%d deals carry a close reason, want 2", killed)
	}
}

func TestDatabase_MissingTablesAndColumnsAreNotes(t *testing.T) {
	url := sampleDatabase(t, "latest", `DROP TABLE "crm_AuditLog"; DROP TABLE "ContactsToOpportunities"; ALTER TABLE "crm_Contacts" DROP COLUMN "birthday"`)
	source := openSource(t, url)
	if n := len(readObject(t, source, "deal_audit")); n != 0 {
		t.Errorf("%d rows from a table that is not there", n)
	}
	if n := len(readObject(t, source, "contact")); n != 400 {
		t.Errorf("read %d contacts, want 400", n)
	}
	for _, want := range []Note{{Code: "missing-table", Table: "crm_AuditLog"}, {Code: "missing-table", Table: "ContactsToOpportunities"},
		{Code: "missing-column", Table: "crm_Contacts", Field: "birthday"}} {
		if !slices.ContainsFunc(source.Notes(), func(n Note) bool {
			return n.Severity == "info" && n.Code == want.Code && n.Table == want.Table && n.Field == want.Field
		}) {
			t.Errorf("no note %s about %s.%s", want.Code, want.Table, want.Field)
		}
	}
}

func TestOpenDatabase_RefusesAnotherProductsDatabase(t *testing.T) {
	for name, sql := range map[string]string{
		`table "Users"`:          `CREATE TABLE customers (id int)`,
		`column "Users"."email"`: `CREATE TABLE "Users" (id uuid, name text)`,
		`table "crm_Accounts"`:   `CREATE TABLE "Users" (id uuid, name text, email text)`,
	} {
		source, err := OpenDatabase(t.Context(), server.NewDatabase(t, sql), DatabaseOptions{})
		if source != nil || !errors.Is(err, ErrNotNextCRM) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: got %v, want an error that names what is missing", name, err)
		}
	}
}
