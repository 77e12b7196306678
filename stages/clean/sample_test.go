package clean_test

import (
	"encoding/json"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	nextcrmsample "nextpipe/fixtures/nextcrm"
	"nextpipe/stages/internal/nextcrm"
	"nextpipe/stages/internal/warehouse"
)

// sample is the sample export, staged.
func sample(t *testing.T) *warehouse.DB {
	t.Helper()
	dir := t.TempDir()
	if err := nextcrmsample.WritePluginExport(dir); err != nil {
		t.Fatal(err)
	}
	src, err := nextcrm.OpenExport(t.Context(), dir, nextcrm.ExportOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	db := newWarehouse(t, "plugin", src.Identity().Timezone)
	load(t, db, src)
	return db
}

// manifest is what the sample's author counted, not what nextpipe finds.
type manifest struct {
	Expected struct {
		Contacts struct {
			Valid         int    `json:"valid_email"`
			Missing       int    `json:"missing_email"`
			Invalid       int    `json:"invalid_email"`
			Primary       int    `json:"distinct_primary_emails"`
			All           int    `json:"distinct_all_emails"`
			Several       int    `json:"multi_email_records"`
			TagsOf        int    `json:"tag_memberships_records"`
			ListsOf       int    `json:"list_memberships_records"`
			TagsUsed      int    `json:"tags_used"`
			ListsUsed     int    `json:"lists_used"`
			Companies     int    `json:"companies_referenced"`
			Dangling      int    `json:"dangling_company_ids"`
			BudgetSum     string `json:"annual_budget_sum_records"`
			Budgets       int    `json:"annual_budget_values"`
			CustomColumns int    `json:"custom_field_columns"`
			NoStamp       int    `json:"created_at_null_or_bad"`
			TagsImplicit  []string
			TagsUnused    []string
			ListsUnused   []string
			ListsImplicit []string
			NoCompany     []string       `json:"companies_implicit"`
			NoOwner       []string       `json:"unknown_owner_emails"`
			Status        map[string]int `json:"status_records"`
			Options       map[string]map[string]int
		}
		Companies struct {
			Records, WithoutName int
			Names                int `json:"distinct_names"`
			Duplicates           int `json:"duplicate_records"`
			NoName               int `json:"without_name"`
		}
		Users, Tags, Lists struct{ Records, Distinct int }
		Deals              struct {
			IDs       int `json:"distinct_ids"`
			Duplicate int `json:"duplicate_records"`
			NoTitle   int `json:"without_title"`
			NoValue   int `json:"without_value"`
			NoContact int `json:"orphan_contact"`
			NoCompany int `json:"orphan_company"`
			Pipelines int
			Stages    int
			Unknown   []string          `json:"stages_unknown"`
			Status    map[string]int    `json:"status"`
			Values    map[string]string `json:"value_sum_by_currency"`
		}
	}
	Probes []probe
}

type probe struct {
	Entity, Field string
	Key           struct{ ID string }
	Expect        json.RawMessage
	AlsoOK        []json.RawMessage `json:"also_ok"`
}

func readManifest(t *testing.T) manifest {
	t.Helper()
	raw, err := fs.ReadFile(nextcrmsample.PluginExport(), "manifest.json")
	if err != nil {
		t.Fatal(err)
	}
	// Two lists of names have keys that Go would not guess.
	text := strings.NewReplacer(`"tags_implicit"`, `"TagsImplicit"`, `"tags_unused"`, `"TagsUnused"`, `"lists_unused"`, `"ListsUnused"`,
		`"lists_implicit"`, `"ListsImplicit"`, `"option_counts"`, `"Options"`).Replace(string(raw))
	return decodeJSON[manifest](t, text)
}

// countCase is a number that the manifest and a query must agree on.
type countCase struct {
	name  string
	want  int
	query string
}

func checkCounts(t *testing.T, db *warehouse.DB, cases []countCase) {
	t.Helper()
	for _, c := range cases {
		if got := number(t, db, c.query); got != c.want {
			t.Errorf("%s: got %d, want %d", c.name, got, c.want)
		}
	}
}

func TestSampleContactsAndTheirAddressesAreCountedAsTheManifestSays(t *testing.T) {
	db := sample(t)
	run(t, db)
	want := readManifest(t).Expected.Contacts
	checkCounts(t, db, []countCase{
		{"valid e-mails", want.Valid, "SELECT count(*) FROM clean_contact WHERE email IS NOT NULL"},
		{"missing e-mails", want.Missing, "SELECT count(*) FROM clean_contact WHERE email IS NULL AND invalid_emails IS NULL"},
		{"missing e-mails reported", want.Missing, "SELECT count(*) FROM issue WHERE rule = 'email_missing'"},
		{"invalid e-mails", want.Invalid, "SELECT count(*) FROM clean_contact WHERE invalid_emails IS NOT NULL"},
		{"invalid e-mails reported", want.Invalid, "SELECT count(*) FROM issue WHERE object = 'contact' AND field = 'email' AND severity = 'warning'"},
		{"primary addresses", want.Primary, "SELECT count(DISTINCT email) FROM clean_contact"},
		{"all addresses", want.All, "SELECT count(DISTINCT e.value ->> 'value') FROM clean_contact AS c, json_each(c.emails) AS e"},
		{"several addresses", want.Several, "SELECT count(*) FROM clean_contact WHERE json_array_length(emails) > 1"},
		{"several addresses reported", want.Several, "SELECT count(*) FROM issue WHERE rule = 'email_several'"},
		{"tag memberships", want.TagsOf, "SELECT sum(json_array_length(tags)) FROM clean_contact"},
		{"tag memberships by tag", want.TagsOf, "SELECT sum(uses_contact) FROM clean_tag"},
		{"list memberships", want.ListsOf, "SELECT sum(json_array_length(lists)) FROM clean_contact"},
		{"tags used", want.TagsUsed, "SELECT count(*) FROM clean_tag WHERE uses_contact > 0"},
		{"lists used", want.ListsUsed, "SELECT count(*) FROM clean_list WHERE uses > 0"},
		{"companies referenced", want.Companies, "SELECT count(DISTINCT coalesce(a.name_strict, m.name_strict)) FROM clean_contact AS c LEFT JOIN clean_account AS a USING (account_key) LEFT JOIN clean_account_mention AS m USING (account_key) WHERE c.account_key IS NOT NULL"},
		{"dangling company ids", want.Dangling, "SELECT count(*) FROM issue WHERE rule = 'dangling_account' AND object = 'contact'"},
		{"budgets", want.Budgets, "SELECT count(custom ->> 'annual_budget') FROM clean_contact"},
		{"custom columns", want.CustomColumns, "SELECT count(*) FROM clean_custom_field WHERE declared"},
		{"no creation date", want.NoStamp, "SELECT count(*) FROM clean_contact WHERE created_at IS NULL"},
	})
}

func TestSampleContactsNameWhatTheManifestNames(t *testing.T) {
	db := sample(t)
	run(t, db)
	want := readManifest(t).Expected.Contacts
	for _, c := range []struct {
		name  string
		want  []string
		query string
	}{
		{"implicit tags", want.TagsImplicit, "SELECT tag_key FROM clean_tag WHERE row_id IS NULL ORDER BY 1"},
		{"unused tags", want.TagsUnused, "SELECT tag_key FROM clean_tag WHERE uses_contact = 0"},
		{"implicit lists", want.ListsImplicit, "SELECT list_key FROM clean_list WHERE row_id IS NULL"},
		{"unused lists", want.ListsUnused, "SELECT list_key FROM clean_list WHERE uses = 0"},
		{"implicit companies", want.NoCompany, "SELECT DISTINCT name_strict FROM clean_account_mention JOIN clean_contact USING (account_key) ORDER BY 1"},
		{"unknown owners", want.NoOwner, "SELECT DISTINCT value FROM issue WHERE rule = 'unknown_owner'"},
		{"budget sum", []string{want.BudgetSum}, "SELECT printf('%.2f', sum(custom ->> 'annual_budget')) FROM clean_contact"},
	} {
		if diff := cmp.Diff(c.want, query(t, db, c.query)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
	if diff := cmp.Diff(want.Status, counts(t, db, "SELECT consent, count(*) FROM clean_contact GROUP BY 1")); diff != "" {
		t.Errorf("consent (-want +got):\n%s", diff)
	}
	for slug, options := range want.Options {
		got := counts(t, db, "SELECT o.value, count(*) FROM clean_contact AS c, json_each(json_array(json(c.custom -> ?))) AS v, json_each(iif(v.type = 'array', v.value, json_array(v.value))) AS o WHERE v.value IS NOT NULL GROUP BY 1", slug)
		if diff := cmp.Diff(options, got); diff != "" {
			t.Errorf("options of %s (-want +got):\n%s", slug, diff)
		}
	}
}

func TestSampleCompaniesUsersAndListsAreCountedAsTheManifestSays(t *testing.T) {
	db := sample(t)
	run(t, db)
	want := readManifest(t).Expected
	checkCounts(t, db, []countCase{
		{"companies", want.Companies.Records - want.Companies.NoName, "SELECT count(*) FROM clean_account"},
		{"company names", want.Companies.Names, "SELECT count(DISTINCT name_strict) FROM clean_account"},
		{"companies without a name", want.Companies.NoName, "SELECT count(*) FROM clean_drop JOIN issue USING (row_id, rule, object) WHERE rule = 'account.no_name' AND fate = 'rejected'"},
		{"users", want.Users.Records, "SELECT count(*) FROM clean_user"},
		{"tags", want.Tags.Distinct, "SELECT count(*) FROM clean_tag WHERE row_id IS NOT NULL"},
		{"lists", want.Lists.Distinct, "SELECT count(*) FROM clean_list WHERE row_id IS NOT NULL"},
		{"deals", want.Deals.IDs, "SELECT count(*) FROM clean_deal"},
		{"repeated deals", want.Deals.Duplicate, "SELECT count(*) FROM clean_drop WHERE object = 'deal' AND fate = 'merged'"},
		{"deals without a title", want.Deals.NoTitle, "SELECT count(*) FROM issue WHERE rule = 'deal_without_title'"},
		{"deals without a value", want.Deals.NoValue, "SELECT count(*) FROM clean_deal WHERE value IS NULL"},
		{"deals of unknown contacts", want.Deals.NoContact, "SELECT count(*) FROM issue WHERE rule = 'dangling_contact' AND object = 'deal'"},
		{"deals of unknown companies", want.Deals.NoCompany, "SELECT count(*) FROM clean_deal JOIN clean_account_mention USING (account_key)"},
		{"stages", want.Deals.Stages, "SELECT count(*) FROM clean_stage WHERE origin = 'record'"},
		{"pipelines", want.Deals.Pipelines, "SELECT count(DISTINCT pipeline) FROM clean_stage"},
	})
}

func TestSampleDealsEndAndCountAsTheManifestSays(t *testing.T) {
	db := sample(t)
	run(t, db)
	want := readManifest(t).Expected
	if diff := cmp.Diff(want.Deals.Unknown, query(t, db, "SELECT value FROM issue WHERE rule = 'stage_undeclared'")); diff != "" {
		t.Errorf("unknown stages (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want.Deals.Status, counts(t, db, "SELECT coalesce(outcome_hint, 'open'), count(*) FROM clean_deal GROUP BY 1")); diff != "" {
		t.Errorf("deal status (-want +got):\n%s", diff)
	}
	sums := map[string]string{}
	for _, line := range query(t, db, "SELECT iif(currency_origin = 'default', '(none)', currency), printf('%.2f', sum(value)) FROM clean_deal WHERE value IS NOT NULL GROUP BY 1") {
		name, sum, _ := strings.Cut(line, " | ")
		sums[name] = sum
	}
	if diff := cmp.Diff(want.Deals.Values, sums); diff != "" {
		t.Errorf("deal values (-want +got):\n%s", diff)
	}
}

// probeColumns say where a probe's field stands: table, key column, expression.
var probeColumns = map[string]string{
	"contacts.birthday": "birthday", "contacts.created_at": "created_at", "contacts.first_name": "first_name",
	"contacts.last_name": "last_name", "contacts.tags": "tags",
	"contacts.emails": "(SELECT json_group_array(value ->> 'value') FROM json_each(emails))",
	"contacts.phones": "(SELECT json_group_array(value ->> 'value') FROM json_each(phones))",
	"companies.name":  "name", "companies.employees": "employees", "companies.phone": "phone", "deals.value": "value",
}

var probeTables = map[string]string{"contacts": "clean_contact", "companies": "clean_account", "deals": "clean_deal"}

func TestSampleProbesHoldTheExpectedValues(t *testing.T) {
	db := sample(t)
	run(t, db)
	done := 0
	for _, p := range readManifest(t).Probes {
		table := probeTables[p.Entity]
		if table == "" {
			continue // objects of later stages
		}
		column := probeColumns[p.Entity+"."+p.Field]
		if slug, custom := strings.CutPrefix(p.Field, "cf:"); custom {
			column = "custom ->> '" + slug + "'"
		}
		got := value(t, db, "SELECT "+column+" FROM "+table+" WHERE source_id = ?", p.Key.ID)
		if !slices.ContainsFunc(append(p.AlsoOK, p.Expect), func(want json.RawMessage) bool { return agrees(t, want, got) }) {
			t.Errorf("%s %s, %s: got %v, want %s", p.Entity, p.Key.ID, p.Field, show(got), p.Expect)
		}
		done++
	}
	if done < 40 {
		t.Errorf("only %d probes were looked at", done)
	}
}

// agrees compares a probe's JSON with a cell; lists are sets of folded words.
func agrees(t *testing.T, want json.RawMessage, got *string) bool {
	var text *string
	if json.Unmarshal(want, &text) == nil {
		return (text == nil) == (got == nil) && (text == nil || *text == *got)
	}
	if got == nil {
		return false
	}
	wanted, found := decodeJSON[[]string](t, string(want)), decodeJSON[[]string](t, strings.ToLower(*got))
	slices.Sort(wanted)
	slices.Sort(found)
	return slices.Equal(wanted, found)
}

func show(s *string) string {
	if s == nil {
		return "NULL"
	}
	return *s
}

// counts reads a query of name and number.
func counts(t *testing.T, db *warehouse.DB, q string, args ...any) map[string]int {
	t.Helper()
	rows, err := db.Read().QueryContext(t.Context(), q, args...)
	if err != nil {
		t.Fatalf("%s: %v", q, err)
	}
	defer rows.Close()
	out := map[string]int{}
	for rows.Next() {
		var name string
		var n int
		if err := rows.Scan(&name, &n); err != nil {
			t.Fatal(err)
		}
		out[name] = n
	}
	return out
}

// Every defect that was planted in the records of this stage and is to be
// reported has an issue.
func TestSampleDefectsAreReportedByRecord(t *testing.T) {
	db := sample(t)
	run(t, db)
	for _, want := range []string{
		"account.no_name account:521", "date_unreadable contact:1033", "custom_unreadable contact:1049", "phone_spreadsheet contact:1055",
		"unknown_option contact:1059", "dangling_account contact:1117", "dangling_account contact:1119", "unknown_owner contact:1121",
		"ragged_overflow contact:1135", "contact_named_by_phone contact:1195", "deal_without_title deal:9019", "dangling_contact deal:9021",
		"dangling_contact deal:9023", "account_from_mention account:name:phantom holdings", "missing_currency deal:9027",
		"status_translated deal:9029", "status_translated deal:9031", "stage_undeclared stage:renewals/kick-off",
		"repeated_record deal:9006", "repeated_id_conflict deal:9009", "tag_undeclared referral",
	} {
		rule, key, _ := strings.Cut(want, " ")
		if n := number(t, db, "SELECT count(*) FROM issue WHERE rule = ? AND record_key = ?", rule, key); n != 1 {
			t.Errorf("%s: %d issues", want, n)
		}
	}
	want := []string{`value | value: "3036.00", not "99999.00"`}
	if diff := cmp.Diff(want, query(t, db, "SELECT field, value FROM issue WHERE rule = 'repeated_id_conflict'")); diff != "" {
		t.Errorf("conflicting versions (-want +got):\n%s", diff)
	}
}
