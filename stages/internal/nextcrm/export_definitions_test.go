package nextcrm

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSample_DefinitionsAreKeptAsTheyStandInTheFile(t *testing.T) {
	src, dir := openSample(t)
	for object, file := range map[string]string{"automation": "automations", "sequence": "sequences", "segment": "segments"} {
		text, err := os.ReadFile(filepath.Join(dir, file+".json"))
		if err != nil {
			t.Fatal(err)
		}
		var want, got []any
		if err := json.Unmarshal(text, &want); err != nil {
			t.Fatal(err)
		}
		all := records(t, src, object)
		if n := expectedOf(t, dir, file)["records"]; float64(len(all)) != n {
			t.Errorf("%s: %d records, want %v", file, len(all), n)
		}
		for _, r := range all {
			var entry any
			if err := json.Unmarshal([]byte(r.Values["json"]), &entry); err != nil {
				t.Errorf("%s %s: %v", object, r.ID, err)
			}
			if got = append(got, entry); !strings.Contains(string(text), r.Values["json"]) {
				t.Errorf("%s %s is not as it stands in the file", object, r.ID)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-file +read):\n%s", file, diff)
		}
	}
}

func TestSample_DefinitionsCarryTheirNames(t *testing.T) {
	src, dir := openSample(t)
	items := func(entity string) map[string]map[string]any {
		byID := map[string]map[string]any{}
		for _, item := range expectedOf(t, dir, entity)["items"].([]any) {
			item := item.(map[string]any)
			byID[item["id"].(string)] = item
		}
		return byID
	}
	automations, sequences := items("automations"), items("sequences")
	steps, emails := 0.0, 0.0
	for _, r := range records(t, src, "automation") {
		want := automations[r.ID]
		if r.Values["title"] != want["title"] || (r.Values["status"] == "published") != want["active"] {
			t.Errorf("automation %s is %q, %q, want %v", r.ID, r.Values["title"], r.Values["status"], want)
		}
		steps += entries(t, r.Values["json"], "sequences")
	}
	for _, r := range records(t, src, "sequence") {
		if want := sequences[r.ID]; r.Values["title"] != want["title"] || r.Values["status"] == "" {
			t.Errorf("sequence %s is %q, %q, want %v", r.ID, r.Values["title"], r.Values["status"], want)
		}
		emails += entries(t, r.Values["json"], "emails")
	}
	if want := expectedOf(t, dir, "automations")["steps"]; steps != want {
		t.Errorf("automations hold %v steps, want %v", steps, want)
	}
	if want := expectedOf(t, dir, "sequences")["emails"]; emails != want {
		t.Errorf("sequences hold %v mails, want %v", emails, want)
	}
	if got := byID(t, records(t, src, "segment"), "1").Values["title"]; got != "Berlin customers" {
		t.Errorf("segment 1 is %q", got)
	}
}

// entries counts a list inside a definition.
func entries(t *testing.T, text, key string) float64 {
	t.Helper()
	var all map[string]json.RawMessage
	var list []any
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(all[key], &list); err != nil {
		t.Fatal(err)
	}
	return float64(len(list))
}

func TestDefinitions_AreNamedInEveryKnownShape(t *testing.T) {
	src := open(t, folder(t, map[string]string{
		"contacts.csv": plain,
		"a.json":       `{"type":"funnels","id":"7","title":"R\u0026D \ud83d\ude00","status":"draft","sequences":[]}`,
		"b.json":       `[{"ID":8,"data":{"title":"Hound","status":"active"},"steps":[]}]`,
		"c.json":       `{"name":"Jet","initial_step":"x","active":true,"steps":{}}`,
		"d.json":       `{"id":9,"name":"Poet","status":"deactivating","steps":"{}","meta":null}`,
		"e.json":       `{"is_fc_template":"yes","post_title":"Template","post_status":"publish","body":"<p>"}`,
		"funnels.json": `["just a word", null, {"id":null,"title":{"en":"x"}}]`,
	}), ExportOptions{})
	got := map[string]string{}
	for _, object := range []string{"automation", "campaign_template"} {
		for _, r := range records(t, src, object) {
			got[r.Table] += strings.Join([]string{object, r.ID, r.Values["title"], r.Values["status"], r.Values["json"][:1]}, "|")
		}
	}
	want := map[string]string{"a.json": "automation|7|R&D 😀|draft|{", "b.json": "automation|8|Hound|active|{", "c.json": "automation||Jet|true|{",
		"d.json": "automation|9|Poet|deactivating|{", "e.json": "campaign_template||Template|publish|{", "funnels.json": `automation||||"automation||||nautomation||||{`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
