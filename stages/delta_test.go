package stages

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nextpipe/fixtures/process"
	"nextpipe/fixtures/sandbox"
	"nextpipe/stages/delta"
)

// company is an export in miniature.
var company = map[string]string{
	"export.json":   `{"site_url":"https://small.example","timezone":"Europe/Berlin","date_order":"dmy","decimal":"."}`,
	"companies.csv": "id,name,website\n1,Alpha GmbH,https://alpha.example\n2,Beta AG,https://beta.example\n3,Alpha,https://other.example\n",
	"contacts.csv": "id,email,first_name,last_name,company,tags,created_at\n" +
		"1,ana@alpha.example,Ana,Kask,Alpha GmbH,VIP,2024-03-01 09:00:00\n2,ben@beta.example,Ben,Holm,Beta AG,,2024-03-02 09:00:00\n3,cleo@beta.example,Cleo,Ray,Beta AG,,2024-03-03 09:00:00\n",
	"deals.csv": "id,title,contact_email,company,pipeline,stage,status,value,currency,created_at\n" +
		"1,Big,ana@alpha.example,Alpha GmbH,Sales,Offer,open,100.50,EUR,2024-05-01 10:00:00\n2,Small,ben@beta.example,Beta AG,Sales,New,open,5,EUR,2024-05-02 10:00:00\n",
}

// moved is the company once it has been loaded into a local account, with what
// a test needs to go on.
type moved struct {
	*Env
	account *sandbox.Account
	dir     string
}

// smallEnv is the company before a local account of the given role.
func smallEnv(t *testing.T, role string) moved {
	t.Helper()
	a, url := process.Account(t, sandbox.Options{Seed: 1, Role: role})
	m := moved{account: a, dir: t.TempDir()}
	m.export(t, company)
	m.Env = envOn(t, a, url, Options{Source: m.dir, Override: "test"})
	return m
}

// export writes files of the export, over earlier ones.
func (m moved) export(t *testing.T, files map[string]string) {
	t.Helper()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(m.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

var wholeRun = []string{"scope", "extract", "clean", "dedupe", "map", "build", "plan", "provision", "load", "verify"}

func (m moved) run(t *testing.T) {
	t.Helper()
	if err := m.Execute(t.Context(), "run", wholeRun...); err != nil {
		t.Fatal(err)
	}
}

// record is the id of the account's record whose property has that value.
func (m moved) record(t *testing.T, entity, key, value string) int64 {
	t.Helper()
	for _, r := range m.account.Records(entity) {
		if fmt.Sprint(r[key]) == value {
			id, err := r["id"].(json.Number).Int64()
			if err != nil {
				t.Fatal(err)
			}
			return id
		}
	}
	t.Fatalf("%s %s is not in the account", entity, value)
	return 0
}

// changeBothSides does to both systems what a delta report has to tell.
func changeBothSides(t *testing.T, m moved) {
	t.Helper()
	m.export(t, map[string]string{
		"companies.csv": strings.Replace(company["companies.csv"], "3,Alpha,https://other.example\n", "3,Alpha,https://alpha.example\n", 1),
		"contacts.csv": strings.NewReplacer("Ana,Kask", "Anna,Kask", "3,cleo@beta.example,Cleo,Ray,Beta AG,,2024-03-03 09:00:00\n", "4,dan@beta.example,Dan,Oak,Beta AG,Gold,2024-03-04 09:00:00\n").
			Replace(company["contacts.csv"]),
		"deals.csv": strings.Replace(company["deals.csv"], "100.50", "120.50", 1),
	})
	m.account.Clock().Advance(time.Hour)
	if err := m.account.Edit("persons", m.record(t, "persons", "name", "Ben Holm"), map[string]any{"name": "Benjamin Holm"}); err != nil {
		t.Fatal(err)
	}
	if err := m.account.Edit("deals", m.record(t, "deals", "title", "Big"), map[string]any{"value": 130}); err != nil {
		t.Fatal(err)
	}
	if _, err := m.account.Act("DELETE", fmt.Sprintf("/api/v2/deals/%d", m.record(t, "deals", "title", "Small")), nil); err != nil {
		t.Fatal(err)
	}
}

func brief(items []delta.Item) []string {
	var out []string
	for _, i := range items {
		line := strings.Join([]string{i.Kind, i.Entity, i.FinalKey}, " ")
		if i.Field != "" {
			line += fmt.Sprintf(" %s: %s → %s", i.Field, i.Before, i.After)
		}
		if strings.HasPrefix(i.Note, "a conflict") {
			line += ", " + i.Note
		}
		out = append(out, line)
	}
	slices.Sort(out)
	return out
}

func TestDeltaReport_ListsWhatDiffersAndLeavesNoTrace(t *testing.T) {
	m := smallEnv(t, "rehearsal")
	m.run(t)
	changeBothSides(t, m)
	if err := os.WriteFile(m.DB.Path()+".delta", []byte("what a killed report leaves"), 0o600); err != nil {
		t.Fatal(err)
	}
	before, writes := hashTables(t, m.DB), len(m.account.Writes())
	report, items, err := m.DeltaReport(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"added label person:Gold",
		"added person contact:4",
		`changed deal deal:1 value: 100.5 → 120.5`,
		"changed organization account:3 website: https://other.example → https://alpha.example",
		"changed person contact:1 name: Ana Kask → Anna Kask",
		"deleted deal deal:2",
		"edited deal deal:1 value: 100.50 → 130, a conflict: NextCRM says 120.5",
		`edited person contact:2 name: "Ben Holm" → "Benjamin Holm"`,
		"gone person contact:3",
		"late_duplicate organization account:1",
		"late_duplicate organization account:3",
	}
	if diff := cmp.Diff(want, brief(items)); diff != "" {
		t.Errorf("items (-want +got):\n%s", diff)
	}
	for table, rows := range hashTables(t, m.DB) {
		if rows != before[table] && !slices.Contains([]string{"run", "http_log", "budget", "delta_report", "delta_item"}, table) {
			t.Errorf("the report changed table %s", table)
		}
	}
	if n := len(m.account.Writes()) - writes; n != 0 {
		t.Errorf("the report sent %d writes", n)
	}
	if left, _ := filepath.Glob(m.DB.Path() + ".delta*"); len(left) > 0 {
		t.Errorf("the copy was left behind: %v", left)
	}
	var spent, logged int64
	if err := m.DB.Read().QueryRow("SELECT (SELECT sum(spent) FROM budget), (SELECT sum(tokens) FROM http_log)").Scan(&spent, &logged); err != nil || spent != logged || spent == 0 {
		t.Errorf("budget %d, request log %d, %v: what the report cost must be counted", spent, logged, err)
	}
	if list, err := m.strings(t.Context(), "SELECT note FROM delta_item WHERE kind = 'edited' AND entity = 'person'"); err != nil || len(list) != 1 || !strings.HasPrefix(list[0], "it stays, seen 20") {
		t.Errorf("what people's word stands in is noted as %v, %v", list, err)
	}
	if report.Added != 2 || report.Changed != 3 || report.LateDuplicate != 2 || report.Deleted != 1 {
		t.Errorf("counts: %s", report)
	}
}

// Late duplicates stay two records, whatever runs, until somebody merges them.
func TestDelta_ALateDuplicateIsReportedAndNeverMerged(t *testing.T) {
	m := smallEnv(t, "rehearsal")
	m.run(t)
	m.export(t, map[string]string{"companies.csv": strings.Replace(company["companies.csv"], "3,Alpha,https://other.example\n", "3,Alpha,https://alpha.example\n", 1)})
	for range 2 {
		m.run(t)
		if n := len(m.account.Records("organizations")); n != 3 {
			t.Fatalf("the account holds %d organizations, want 3", n)
		}
	}
	for _, w := range m.account.Writes() {
		if strings.Contains(fmt.Sprint(w), "merge") {
			t.Errorf("a merge was asked for: %v", w)
		}
	}
	list, err := m.strings(t.Context(), "SELECT final_key || ' ' || (url LIKE 'http%/organization/' || pipedrive_id) FROM v_late_duplicate ORDER BY 1")
	if diff := cmp.Diff([]string{"account:1 1", "account:3 1"}, list); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if _, err := m.account.Act("DELETE", fmt.Sprintf("/api/v2/organizations/%d", m.record(t, "organizations", "name", "Alpha")), nil); err != nil {
		t.Fatal(err)
	}
	_ = m.Execute(t.Context(), "verify", "verify") // which sees that it is gone
	if list, err = m.strings(t.Context(), "SELECT final_key FROM v_late_duplicate"); err != nil || len(list) > 0 {
		t.Errorf("after somebody merged them the list is %v, %v", list, err)
	}
}

func TestDeltaReport_BeforeTheFirstLoadThereIsNothingToCompare(t *testing.T) {
	m := smallEnv(t, "rehearsal")
	if _, _, err := m.DeltaReport(t.Context()); !errors.Is(err, ErrUsage) {
		t.Errorf("got %v, want a hint to run first", err)
	}
}

// A load that a spent budget has stopped goes on after a report as if nobody
// had looked.
func TestDeltaReport_DoesNotDisturbALoadThatWaitsToGoOn(t *testing.T) {
	m := smallEnv(t, "rehearsal")
	if err := m.Execute(t.Context(), "run", wholeRun[:8]...); err != nil {
		t.Fatal(err)
	}
	m.account.Script(sandbox.Fault{Method: "POST", Path: "/api/v2/persons", Nth: 2, Times: 99, Do: sandbox.TooManyDaily})
	if err := m.Execute(t.Context(), "load", "load"); ExitCode(err) != 6 {
		t.Fatalf("the load ended with %v, want a spent budget", err)
	}
	m.account.Script()
	before := hashTables(t, m.DB)
	if _, _, err := m.DeltaReport(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, table := range []string{"load_op", "link", "plan", "plan_op", "bind", "stg_contact", "final_person", "dest_record"} {
		if hashTables(t, m.DB)[table] != before[table] {
			t.Errorf("the report changed table %s", table)
		}
	}
	if err := m.Execute(t.Context(), "load", "load", "verify"); err != nil {
		t.Fatal(err)
	}
	if n := len(m.account.Records("persons")); n != 3 {
		t.Errorf("the account holds %d persons, want 3", n)
	}
}

// A conflict that a delta has left is in every report until it is decided.
func TestDeltaReport_KeepsNamingAConflictUntilItIsDecided(t *testing.T) {
	m := smallEnv(t, "rehearsal")
	m.run(t)
	changeBothSides(t, m)
	if err := m.Execute(t.Context(), "delta", wholeRun...); ExitCode(err) == 0 {
		t.Fatal("a delta with a conflict is green")
	}
	_, items, err := m.DeltaReport(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var named []string
	for _, line := range brief(items) {
		if strings.Contains(line, "deal:1") {
			named = append(named, line)
		}
	}
	if !slices.ContainsFunc(named, func(s string) bool {
		return strings.HasPrefix(s, "edited deal deal:1 value:") && strings.Contains(s, "NextCRM says 120.5")
	}) {
		t.Errorf("the report says of the deal in conflict: %q", named)
	}
}

// What happened in the copy to the account itself counts for all later commands.
func TestDeltaReport_ThatIsShutOutTakesTheBlockAndTheTokensHome(t *testing.T) {
	m := smallEnv(t, "rehearsal")
	m.run(t)
	m.account.Script(sandbox.Fault{Path: "/api/v2/persons", Do: sandbox.Cloudflare})
	spent := func() string {
		t.Helper()
		list, err := m.strings(t.Context(), "SELECT sum(spent) || ' ' || (SELECT sum(tokens) FROM http_log WHERE status <> 403) FROM budget")
		if err != nil {
			t.Fatal(err)
		}
		return list[0]
	}
	before := spent()
	if _, _, err := m.DeltaReport(t.Context()); ExitCode(err) != 7 {
		t.Errorf("a report that is shut out ended with %v", err)
	}
	if after := spent(); after == before {
		t.Errorf("tokens spent stay at %s", after)
	}
	m.account.Script()
	if err := m.Execute(t.Context(), "scope", "scope"); ExitCode(err) != 7 {
		t.Errorf("the next command ended with %v, want the block to hold", err)
	}
	if left, _ := filepath.Glob(m.DB.Path() + ".delta*"); len(left) > 0 {
		t.Errorf("the copy was left behind: %v", left)
	}
}
