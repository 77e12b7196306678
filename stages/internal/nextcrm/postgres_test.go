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

func mustSample(t testing.TB, shape string) string {
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
			if note.Severity != "info" && note.Code != "password-in-url" || note.Code == "unknown-column" {
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
		"crm_AuditLog":       {Status: "extracted", Rows: 87, Object: "audit"},
		"crm_SystemSettings": {Status: "extracted", Rows: 2, Object: "setting"},
	})
}

func TestDatabase_ValuesSurviveExactly(t *testing.T) {
	// A server in another zone and with another date style must make no difference.
	url := sampleDatabase(t, "fork", `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET timezone = ''America/New_York''', current_database());
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
	if extra := contacts[sampleID("c", 41)]["extra"]; !strings.Contains(extra, `"last_visit":"2024-07-01T10:00:00Z"`) {
		t.Errorf("a zoned time is not in UTC: %s", extra)
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
