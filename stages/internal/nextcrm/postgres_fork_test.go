package nextcrm

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

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
		"crm_Opportunities.gross_profit":      {"object": "deal", "slug": "gross_profit", "label": "Gross profit", "type": "pg:numeric(12,2)"},
		"crm_Opportunities.payor":             {"object": "deal", "slug": "payor", "label": "Payor", "type": "pg:enum", "options": "INSURANCE|CASH_RETAIL"},
		"crm_Opportunities.superintendent_id": {"object": "deal", "slug": "superintendent_id", "label": "Superintendent id", "type": "pg:uuid->Users"},
		"crm_Opportunities.roof_photos":       {"object": "deal", "slug": "roof_photos", "label": "Roof photos", "type": "pg:text[]"},
		"crm_Opportunities.claim":             {"object": "deal", "slug": "claim", "label": "Claim", "type": "pg:jsonb"},
		"crm_Contacts.preferredLanguage":      {"object": "contact", "slug": "preferredLanguage", "label": "Preferred language", "type": "pg:text"},
		"crm_Contacts.referred_by":            {"object": "contact", "slug": "referred_by", "label": "Referred by", "type": "pg:uuid->crm_Contacts"},
		"crm_Accounts.account_status_id":      {"object": "account", "slug": "account_status_id", "label": "Account status id", "type": "pg:uuid->crm_Account_Statuses"},
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
		{Code: "unknown-column", Table: "crm_Opportunities_Sales_Stages", Field: "is_terminal"},
		{Code: "unknown-column", Table: "Invoices", Field: "cost_centre"},
		{Code: "secret-field", Table: "crm_AuditLog", Field: "portal_password"},
	} {
		if !slices.ContainsFunc(source.Notes(), func(n Note) bool { return n.Code == want.Code && n.Table == want.Table && n.Field == want.Field }) {
			t.Errorf("no note %s about %s.%s", want.Code, want.Table, want.Field)
		}
	}
	checkItems(t, source, map[string]Item{
		"crm_Properties": {Status: "unknown", Rows: 1},
		"session":        {Status: "skipped", Rows: 1},
	})
}

// Columns of types that no fork was seen with yet, under names that would break a careless query.
func TestDatabase_OddColumnsArriveTyped(t *testing.T) {
	source := openSource(t, sampleDatabase(t, "latest", `
		CREATE DOMAIN percentage AS numeric(5,2);
		CREATE TYPE colour AS ENUM ('red', 'it''s, "blue"|');
		ALTER TABLE "crm_Accounts"
			ADD COLUMN "x""; DROP TABLE ""Users"" --" text DEFAULT 'quoted', ADD COLUMN "řada \n" percentage DEFAULT 1.50,
			ADD COLUMN colours colour[] DEFAULT '{red,NULL}', ADD COLUMN price money DEFAULT 1234.5, ADD COLUMN raw bytea DEFAULT '\x00ff',
			ADD COLUMN span interval DEFAULT '1 day 2 hours', ADD COLUMN day date DEFAULT 'infinity', ADD COLUMN nothing jsonb DEFAULT 'null',
			ADD COLUMN counts int[] DEFAULT '{1,2}', ADD COLUMN stamps timestamptz[] DEFAULT '{2024-07-01 12:00:00+02}', ADD COLUMN code char(3) NOT NULL DEFAULT 'a',
			ADD COLUMN rate real DEFAULT 0.1`))
	got := readObject(t, source, "account")[sampleID("a", 1)]["extra"]
	want := `{"x\"; DROP TABLE \"Users\" --":"quoted","řada \\n":1.50,"colours":["red",null],"price":"$1,234.50","raw":"\\x00ff","span":"P1DT2H",` +
		`"day":"infinity","nothing":null,"counts":[1,2],"stamps":["2024-07-01T10:00:00+00:00"],"code":"a  ","rate":0.1}`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error("extra (-want +got):\n", diff)
	}
	fields := readObject(t, source, "custom_field")
	for slug, want := range map[string]string{"řada \\n": "pg:numeric(5,2)", "colours": "pg:enum[]", "counts": "pg:integer[]", "code": "pg:character(3)"} {
		if got := fields["crm_Accounts."+slug]["type"]; got != want {
			t.Errorf("type of %s: got %q, want %q", slug, got, want)
		}
	}
	if got := len(readObject(t, source, "user")); got != 12 {
		t.Errorf("%d users are left, want 12", got)
	}
}

func TestDatabase_HiddenRowsAreAnErrorNotALoss(t *testing.T) {
	url := asUser(t, sampleDatabase(t, "latest"), "policed", `GRANT SELECT ON ALL TABLES IN SCHEMA public TO policed;
		ALTER TABLE "crm_Contacts" ENABLE ROW LEVEL SECURITY; CREATE POLICY own ON "crm_Contacts" USING ("assigned_to" IS NULL)`)
	source, err := OpenDatabase(t.Context(), url, DatabaseOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	err = source.Rows(t.Context(), "contact", func(*Row) error { return nil })
	if err == nil || !strings.Contains(err.Error(), "row-level security") {
		t.Errorf("got %v, want the policy that hides rows", err)
	}
}

func TestDatabase_ViewsInPlaceOfTablesAreRead(t *testing.T) {
	source := openSource(t, sampleDatabase(t, "latest", `ALTER TABLE "crm_Industry_Type" RENAME TO industry_base;
		CREATE VIEW "crm_Industry_Type" AS SELECT * FROM industry_base; CREATE VIEW totals AS SELECT count(*) FROM "crm_Contacts"`))
	if got := len(readObject(t, source, "industry")); got != 6 {
		t.Errorf("read %d industries through the view, want 6", got)
	}
	checkItems(t, source, map[string]Item{"crm_Industry_Type": {Status: "extracted", Rows: 6, Object: "industry"}, "totals": {Status: "skipped", Rows: -1},
		"industry_base": {Status: "unknown", Rows: 6}})
}

func TestDatabase_UnknownObjectIsAnError(t *testing.T) {
	if err := openSource(t, unchangedDatabase(t, "latest")).Rows(t.Context(), "contacts", func(*Row) error { return nil }); err == nil {
		t.Error("a misspelt object reads as empty")
	}
}

// A fork's tables may be called anything; their rows are counted, and their
// names are never more than names.
func TestDatabase_HostileNamesOfTablesAreOnlyNames(t *testing.T) {
	evil := `x"; DROP TABLE "Users"; --`
	source := openSource(t, sampleDatabase(t, "latest", `
		CREATE TABLE "x""; DROP TABLE ""Users""; --" (id int, "y'); DELETE FROM ""Users""; --" text);
		INSERT INTO "x""; DROP TABLE ""Users""; --" VALUES (1, 'a'), (2, 'b');
		CREATE TABLE "$$ || pg_sleep(9) || $$" (id int);
		CREATE TYPE "t""; DROP TABLE ""Users""; --" AS ENUM ('a', 'b');
		ALTER TABLE "crm_Contacts" ADD COLUMN "z" "t""; DROP TABLE ""Users""; --" DEFAULT 'b'`))
	contacts := readObject(t, source, "contact")
	if got := contacts[sampleID("c", 1)]["extra"]; !strings.Contains(got, `"z":"b"`) {
		t.Errorf("extra is %s", got)
	}
	if n := len(readObject(t, source, "user")); n != 12 {
		t.Errorf("%d users are left, want 12", n)
	}
	checkItems(t, source, map[string]Item{evil: {Status: "unknown", Rows: 2}, "$$ || pg_sleep(9) || $$": {Status: "unknown"}})
}
