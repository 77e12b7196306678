package nextcrm

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	nextcrmsample "nextpipe/fixtures/nextcrm"
)

// record is a Row that outlives its callback.
type record struct {
	Table  string
	Number int64
	ID     string
	Values map[string]string // by column; nil values are left out
	Extra  map[string]any
}

func openSample(t *testing.T) (src Source, dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := nextcrmsample.WritePluginExport(dir); err != nil {
		t.Fatal(err)
	}
	return open(t, dir, ExportOptions{}), dir
}

func open(t *testing.T, dir string, opt ExportOptions) Source {
	t.Helper()
	src, err := OpenExport(context.Background(), dir, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { src.Close() })
	return src
}

func records(t *testing.T, src Source, object string) []record {
	t.Helper()
	all, err := tryRecords(src, object)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func tryRecords(src Source, object string) (all []record, err error) {
	o, ok := Lookup(object)
	if !ok {
		return nil, fmt.Errorf("no object %s", object)
	}
	err = src.Rows(context.Background(), object, func(r *Row) error {
		rec := record{Table: r.Table, Number: r.Number, ID: string(r.ID), Values: map[string]string{}}
		for i, v := range r.Values {
			if v != nil {
				rec.Values[o.Columns[i]] = string(v)
			}
		}
		if r.Extra != nil {
			if err := json.Unmarshal(r.Extra, &rec.Extra); err != nil {
				return fmt.Errorf("extra %s: %w", r.Extra, err)
			}
		}
		all = append(all, rec)
		return nil
	})
	return all, err
}

func byID(t *testing.T, all []record, id string) record {
	t.Helper()
	i := slices.IndexFunc(all, func(r record) bool { return r.ID == id })
	if i < 0 {
		t.Fatalf("no record with id %s", id)
	}
	return all[i]
}

// manifest is what the sample's author counted.
type manifest struct {
	Files map[string]struct {
		Entity          string
		Format          string
		DataRecords     int64 `json:"data_records"`
		BlankRecords    int   `json:"blank_records"`
		RaggedShort     int   `json:"ragged_short"`
		RaggedLong      int   `json:"ragged_long"`
		RepeatedHeaders int   `json:"repeated_header_records"`
		HeaderColumns   int   `json:"header_columns"`
	}
	Expected map[string]struct{ Records int64 }
}

func readManifest(t *testing.T, dir string) (m manifest) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestSample_EveryCsvFileHasTheRecordsOfTheManifest(t *testing.T) {
	src, dir := openSample(t)
	for _, o := range Objects {
		records(t, src, o.Name)
	}
	items := map[string]Item{}
	for _, i := range src.Items() {
		items[i.Table] = i
	}
	for name, want := range readManifest(t, dir).Files {
		if want.Format != "csv" {
			continue
		}
		got := items[name]
		if got.Rows != want.DataRecords || len(got.Columns) != want.HeaderColumns {
			t.Errorf("%s: %d rows of %d columns, want %d of %d", name, got.Rows, len(got.Columns), want.DataRecords, want.HeaderColumns)
		}
		for code, n := range map[string]int{"padded_record": want.RaggedShort, "overflow_record": want.RaggedLong,
			"blank_record": want.BlankRecords, "repeated_heading": want.RepeatedHeaders} {
			if got := tallied(src, name, code); got != n {
				t.Errorf("%s: %d times %s, want %d", name, got, code, n)
			}
		}
	}
}

// tallied reads the number that a note starts with.
func tallied(src Source, table, code string) (n int) {
	for _, note := range src.Notes() {
		if note.Table == table && note.Code == code {
			fmt.Sscanf(strings.TrimPrefix(note.Message, "in "), "%d", &n)
		}
	}
	return n
}

func TestSample_EveryFileIsListedWithItsStatus(t *testing.T) {
	src, dir := openSample(t)
	want := map[string]string{
		"activities.csv": "activity", "automations.json": "automation", "campaigns.csv": "campaign",
		"companies.csv": "account", "contacts.csv": "contact", "custom_fields.csv": "custom_field", "deals.csv": "deal",
		"documents.csv": "document", "documents/": "document_file", "export.json": "setting", "invoices.csv": "invoice",
		"lists.csv": "list", "manifest.json": statusUnknown, "notes.csv": "note", "pipelines.csv": "stage",
		"segments.json": "segment", "sequences.json": "sequence", "tags.csv": "tag", "users.csv": "user",
	}
	for _, o := range Objects {
		records(t, src, o.Name)
	}
	got := map[string]string{}
	rows := map[string]int64{}
	for _, i := range src.Items() {
		got[i.Table], rows[i.Table] = i.Status, i.Rows
		if i.Status == statusExtracted {
			got[i.Table] = i.Object
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	expected := readManifest(t, dir).Expected
	for file, entity := range map[string]string{"automations.json": "automations", "segments.json": "segments",
		"sequences.json": "sequences", "activities.csv": "activities", "notes.csv": "notes", "invoices.csv": "invoices"} {
		if rows[file] != expected[entity].Records {
			t.Errorf("%s: %d rows, want %d", file, rows[file], expected[entity].Records)
		}
	}
	if rows["documents/"] != 5 {
		t.Errorf("documents: %d files, want 5", rows["documents/"])
	}
}

func TestSample_ValuesStayAsTheyAreInTheFile(t *testing.T) {
	src, _ := openSample(t)
	contacts := records(t, src, "contact")
	for _, c := range []struct{ defect, id, field, want string }{
		{"S09", "1004", "last_name", "'t Hooft"},
		{"S10", "1006", "last_name", "Null"},
		{"S11", "1008", "first_name", "NULL"},
		{"S12", "1010", "first_name", `Robert "Bob"`},
		{"S13", "1012", "first_name", "👩‍💻 Zoë"},
		{"S14", "1014", "last_name", "Tom &amp; Jerry"},
		{"S15", "1016", "background", "line one\nline two\r\nline three, with comma; and \"quotes\""},
		{"S16", "1018", "background", `Path C:\temp\" end, ok`},
		{"S17", "1020", "background", "'-5 degrees is fine"},
		{"S18", "1021", "created_at", "0000-00-00 00:00:00"},
		{"S34", "1043", "annual_budget", "€ 12\u00a0500.00"},
		{"S41", "1,057", "phone_2", ""},
		{"S77", "1003", "phone_2", "'+49 800 555"},
		{"S77", "1003", "phone", "'+49 32 2001822"},
	} {
		r := byID(t, contacts, c.id)
		got, ok := r.Values[c.field]
		if !ok {
			got, _ = r.Extra[c.field].(string)
		}
		if got != c.want {
			t.Errorf("%s: contact %s %s = %q, want %q", c.defect, c.id, c.field, got, c.want)
		}
	}
}

func TestSample_RaggedRecordsArePaddedOrKeptWhole(t *testing.T) {
	src, _ := openSample(t)
	contacts := records(t, src, "contact")
	short := byID(t, contacts, "1131")
	if v, ok := short.Values["phone_2"]; ok {
		t.Errorf("the short record has a second phone %q, want none", v)
	}
	if short.Values["created_at"] == "" || short.Extra["consents"] != "Newsletter, Product updates" {
		t.Errorf("the short record is shifted: %v", short)
	}
	long := byID(t, contacts, "1135")
	if diff := cmp.Diff([]any{"stray", ""}, long.Extra["overflow"]); diff != "" {
		t.Error(diff)
	}
}

func TestSample_CustomFieldColumnsAreKeyedBySlug(t *testing.T) {
	src, _ := openSample(t)
	keys := map[string]bool{}
	for _, r := range records(t, src, "contact") {
		for k := range r.Extra {
			keys[k] = true
		}
	}
	delete(keys, "overflow")
	want := map[string]bool{}
	for _, f := range records(t, src, "custom_field") {
		want[f.Values["slug"]] = true
	}
	if diff := cmp.Diff(want, keys); diff != "" {
		t.Error(diff)
	}
}

func TestSample_OtherObjectsFillTheirColumns(t *testing.T) {
	src, _ := openSample(t)
	for _, c := range []struct {
		object, id string
		want       map[string]string
	}{
		{"account", "501", map[string]string{"name": "Alpha GmbH", "billing_street": "Hauptstr. 1", "billing_postal_code": "10115", "employees": "10", "owner_name": "Rep 0"}},
		{"deal", "9004", map[string]string{"title": "Delta rollout 4", "value": "1,451.00", "pipeline": "Sales", "stage": "Proposal Made", "contact_email": "jonas.fischer9@example.org", "lost_reason": "Price"}},
		{"user", "2", map[string]string{"login": "admin", "email": "owner.admin@shop.example", "name": "Admin", "role": "administrator"}},
		{"tag", "11", map[string]string{"title": "Trade show, Berlin", "slug": "tradeshowberlin"}},
		{"list", "1", map[string]string{"title": "Main Newsletter", "is_public": "1"}},
		{"custom_field", "6", map[string]string{"slug": "interests", "type": "select-multi", "options": "Email|CRM|Automation|Reporting|Data, Privacy", "field_group": "Sales"}},
	} {
		r := byID(t, records(t, src, c.object), c.id)
		for column, want := range c.want {
			if r.Values[column] != want {
				t.Errorf("%s %s %s = %q, want %q", c.object, c.id, column, r.Values[column], want)
			}
		}
		if r.Extra != nil {
			t.Errorf("%s %s has extra %v, want every column known", c.object, c.id, r.Extra)
		}
	}
	stages := records(t, src, "stage")
	if got := stages[7].Values; got["pipeline"] != "Renewals" || got["name"] != "Signed" || got["position"] != "3" {
		t.Errorf("last stage = %v", got)
	}
}

func TestSample_SettingsAreFlattened(t *testing.T) {
	src, _ := openSample(t)
	got := map[string]string{}
	for _, r := range records(t, src, "setting") {
		got[r.Values["key"]] = r.Values["value"]
	}
	for key, want := range map[string]string{"site_url": "https://shop.example", "plan.name": "Growth Lifetime",
		"plan.contact_limit": "10000", "plan.lifetime": "true", "list_separator": ", ", "decimal": "."} {
		if got[key] != want {
			t.Errorf("%s = %q, want %q", key, got[key], want)
		}
	}
	if id := src.Identity(); id.Timezone != "Europe/Berlin" || id.Edition != Plugin {
		t.Errorf("identity = %+v", id)
	}
}

func TestSample_ReadingChangesNoFile(t *testing.T) {
	src, dir := openSample(t)
	before := hashes(t, dir)
	for _, o := range Objects {
		records(t, src, o.Name)
	}
	if diff := cmp.Diff(before, hashes(t, dir)); diff != "" {
		t.Error(diff)
	}
}

func hashes(t *testing.T, dir string) map[string][32]byte {
	t.Helper()
	sums := map[string][32]byte{}
	names, err := filepath.Glob(filepath.Join(dir, "*.*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		sums[filepath.Base(name)] = sha256.Sum256(data)
	}
	return sums
}
