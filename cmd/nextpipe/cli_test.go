package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nextpipe/fixtures/process"
	"nextpipe/fixtures/sandbox"
)

// nextpipe runs the program and returns its exit code and what it said.
func nextpipe(t *testing.T, env []string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	cmd := exec.Command(binary, args...)
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), env...)
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), errOut.String()
}

func TestCLI_BadInputIsNamedAndHasItsExitCode(t *testing.T) {
	export := writeExport(t)
	noContacts, noZone := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(noContacts, "deals.csv"), []byte("id,title\n1,x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(noZone, "contacts.csv"), []byte("id,email,created_at\n1,a@b.example,2024-05-01 10:00:00\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	junk := filepath.Join(t.TempDir(), "junk.db")
	if err := os.WriteFile(junk, bytes.Repeat([]byte("junk "), 2000), 0o600); err != nil {
		t.Fatal(err)
	}
	noBytes := filepath.Join(t.TempDir(), "empty.db")
	if err := os.WriteFile(noBytes, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	foreign := filepath.Join(t.TempDir(), "foreign.db")
	if out, err := exec.Command("sqlite3", foreign, "CREATE TABLE books (title TEXT)").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, c := range []struct {
		name string
		code int
		says string
		args []string
	}{
		{"an unknown flag", 2, "flag", []string{"run", "--nonsense"}},
		{"an unknown command", 2, `Did you mean "extract"?`, []string{"extrct"}},
		{"a flag before the command, which would not see it", 2, "flags stand behind the command", []string{"--dry-run", "load", "--target", "sandbox"}},
		{"a stage before there is a source", 2, "nextpipe extract", []string{"build"}},
		{"a map confirmed before there is one", 2, "no map yet", []string{"map", "--confirm", "--by", "Ana", "--db", emptyWarehouse(t)}},
		{"a sign-off before there is a run", 4, "nextpipe run", []string{"signoff", "--by", "Ana", "--db", emptyWarehouse(t)}},
		{"a sign-off by nobody", 2, "--by", []string{"signoff"}},
		{"a database that does not answer", 5, "connect to NextCRM", []string{"extract", "--source", "postgres://reader@127.0.0.1:1/nextcrm"}},
		{"a time zone that is none", 2, "Mars", []string{"extract", "--source", export, "--source-timezone", "Mars/Olympus"}},
		{"a database of something else", 2, "something else", []string{"status", "--db", foreign}},
		{"looking into an empty file", 2, "the file is empty; if there was a warehouse, restore", []string{"status", "--db", noBytes}},
		{"looking into a warehouse that is not there", 2, "no warehouse nextpipe.db", nil},
		{"a leftover argument before a flag", 2, "unexpected argument", []string{"load", "now", "--dry-run"}},
		{"no source", 2, "--source", []string{"extract"}},
		{"a source that is not there", 2, "neither", []string{"extract", "--source", "/no/such/folder"}},
		{"a folder without contacts", 2, "contacts", []string{"extract", "--source", noContacts}},
		{"no target", 2, "--target", []string{"scope"}},
		{"no token", 2, "PIPEDRIVE_API_TOKEN", []string{"scope", "--target", "https://acme.pipedrive.com"}},
		{"a host that is not Pipedrive's", 2, "pipedrive.com", []string{"scope", "--target", "https://example.com", "--token-file", tokenFile(t)}},
		{"no time zone", 2, "--source-timezone", []string{"run", "--from", "extract", "--to", "clean", "--source", noZone}},
		{"a warehouse that is none", 12, "damaged", []string{"status", "--db", junk}},
		{"a part of a run that does not exist", 2, "--from", []string{"run", "--from", "nowhere", "--source", export}},
		{"a trial of nothing", 2, "--limit", []string{"run", "--limit", "0", "--source", export}},
		{"a trace of nothing", 2, "--record", []string{"trace"}},
		{"a trace of what is not there", 2, "nobody@nowhere", []string{"trace", "--record", "nobody@nowhere", "--db", emptyWarehouse(t)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, out, errOut := nextpipe(t, []string{"PIPEDRIVE_API_TOKEN="}, c.args...)
			if code != c.code || !strings.Contains(errOut, c.says) {
				t.Errorf("nextpipe %s: exit %d, want %d with %q\nstdout %s\nstderr %s", strings.Join(c.args, " "), code, c.code, c.says, out, errOut)
			}
		})
	}
}

// emptyWarehouse is a warehouse before its first run.
func emptyWarehouse(t *testing.T) string {
	t.Helper()
	db := filepath.Join(t.TempDir(), "np.db")
	if code, _, _ := nextpipe(t, nil, "clean", "--db", db); code != 2 {
		t.Fatalf("clean of nothing gave exit %d, want 2", code)
	}
	return db
}

func TestCLI_ExplainsTablesRulesAndExitCodes(t *testing.T) {
	for what, says := range map[string]string{"clean_contact": "row_id", "v_rejects": "", "7": "unauthorised", "0": "ok"} {
		code, out, errOut := nextpipe(t, nil, "explain", "--what", what)
		if code != 0 || !strings.Contains(out, says) {
			t.Errorf("explain %s: exit %d\n%s%s", what, code, out, errOut)
		}
	}
}

func TestCLI_ADryRunSaysWhatItLeavesOut(t *testing.T) {
	code, out, errOut := nextpipe(t, nil, "load", "--dry-run")
	if code != 0 || !strings.Contains(out, "nothing is written to Pipedrive") {
		t.Errorf("exit %d\n%s%s", code, out, errOut)
	}
}

func tokenFile(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(name, []byte("secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestCLI_AnotherSourceIntoTheSameWarehouseIsDrift(t *testing.T) {
	one, two := writeExport(t), writeExport(t)
	if err := os.WriteFile(filepath.Join(two, "export.json"), []byte(`{"site_url":"https://other.example","timezone":"UTC"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	db := filepath.Join(t.TempDir(), "np.db")
	if code, _, errOut := nextpipe(t, nil, "extract", "--db", db, "--source", one); code != 0 {
		t.Fatalf("exit %d: %s", code, errOut)
	}
	if code, _, errOut := nextpipe(t, nil, "extract", "--db", db, "--source", two); code != 8 {
		t.Errorf("another source gave exit %d, want 8: %s", code, errOut)
	}
}

func TestCLI_JSONIsOneObjectALineAndEndsWithASummary(t *testing.T) {
	code, out, errOut := nextpipe(t, nil, "run", "--from", "extract", "--to", "build", "--source", writeExport(t), "--json")
	if code != 0 {
		t.Fatalf("exit %d: %s", code, errOut)
	}
	var kinds []string
	for lines := bufio.NewScanner(strings.NewReader(out)); lines.Scan(); {
		var line struct {
			Type string `json:"type"`
		}
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil || line.Type == "" {
			t.Fatalf("no typed JSON: %q (%v)", lines.Text(), err)
		}
		kinds = append(kinds, line.Type)
	}
	if want := "stage stage stage stage stage documented summary"; strings.Join(kinds, " ") != want {
		t.Errorf("lines are %q, want %q", strings.Join(kinds, " "), want)
	}
}

func TestCLI_ProductionOpensAfterAConfirmedMapAndASignedRehearsal(t *testing.T) {
	r := newLocalRun(t, writeExport(t))
	production, url := process.Account(t, sandbox.Options{Seed: 2, Role: "production", Projects: true, NoBurstLimit: true, Clock: sandbox.RealClock()})
	live := func(args ...string) int {
		code, out, errOut := nextpipe(t, []string{"PIPEDRIVE_API_TOKEN=" + production.Token()},
			append(args, "--db", r.DB, "--source", r.Source, "--target", url, "--quiet")...)
		t.Logf("%v: exit %d\n%s%s", args, code, out, errOut)
		return code
	}
	r.MustRun("run")
	if code := live("run", "--yes"); code != 4 {
		t.Errorf("production without a confirmed map gave exit %d, want 4", code)
	}
	if code, _, errOut := nextpipe(t, nil, "map", "--confirm", "--by", "Ana", "--db", r.DB); code != 0 {
		t.Fatalf("confirm: exit %d: %s", code, errOut)
	}
	if code := live("doctor"); code != 0 {
		t.Errorf("the doctor gave exit %d, want 0", code)
	}
	if code := live("run"); code != 4 {
		t.Errorf("production without a signed rehearsal gave exit %d, want 4", code)
	}
	if n := len(production.Writes()); n != 0 {
		t.Fatalf("%d writes went through a closed gate: %v", n, production.Writes())
	}
	r.MustRun("run", "--from", "plan")
	if code, _, errOut := nextpipe(t, nil, "signoff", "--by", "Ana", "--db", r.DB); code != 0 {
		t.Fatalf("signoff: exit %d: %s", code, errOut)
	}
	if code := live("run"); code != 0 {
		t.Errorf("production after confirmation and sign-off gave exit %d, want 0", code)
	}
	if got, want := production.Dump("NextCRM ID"), r.Account.Dump("NextCRM ID"); got != want {
		t.Error("production differs from the signed rehearsal")
	}
	// People go on working in NextCRM: what follows the signed rules needs no new signature.
	grown := smallExport["companies.csv"] + "3,Gamma AS,https://gamma.example\n"
	if err := os.WriteFile(filepath.Join(r.Source, "companies.csv"), []byte(grown), 0o600); err != nil {
		t.Fatal(err)
	}
	if code := live("run"); code != 0 || len(production.Records("organizations")) != 3 {
		t.Errorf("a company that came after the sign-off: exit %d, %d organizations, want 0 and 3", code, len(production.Records("organizations")))
	}
	// Another map is another matter.
	if out, err := exec.Command("sqlite3", r.DB, "INSERT INTO decide_map (map_table, map_key, column_name, value, by_name) VALUES ('map_setting', 'visible_to', 'value', '3', 'Ana')").CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	for _, args := range [][]string{{"map"}, {"map", "--confirm", "--by", "Ana"}} {
		if code, _, errOut := nextpipe(t, nil, append(args, "--db", r.DB)...); code != 0 {
			t.Fatalf("%v: exit %d: %s", args, code, errOut)
		}
	}
	if code := live("run"); code != 4 {
		t.Errorf("production by another map than the signed one gave exit %d, want 4", code)
	}
	for _, part := range [][]string{nil, {"--run", "1"}, {"--only", "person"}, {"--since", "2020-01-01"}} {
		if code := live(append([]string{"rollback"}, part...)...); code != 4 {
			t.Errorf("rollback %v of production without its name gave exit %d, want 4", part, code)
		}
	}
}

func TestCLI_APartOfARollbackIsCheckedBeforeAnythingGoes(t *testing.T) {
	r := newLocalRun(t, writeExport(t))
	r.MustRun("run")
	full := r.Account.Dump("NextCRM ID")
	for _, c := range []struct{ flag, value, says string }{
		{"--run", "99", "no run 99"}, {"--run", "0", "number of a run"}, {"--only", "people", "no kind"}, {"--since", "yesterday", "--since takes a date"},
		{"--since", "2999-01-01", "in the future"}, {"--since", "", "--since takes a date"},
	} {
		out, err := r.Command("rollback", c.flag, c.value).CombinedOutput()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != 2 || !strings.Contains(string(out), c.says) {
			t.Errorf("rollback %s %q: %v, want exit 2 with %q: %s", c.flag, c.value, err, c.says, out)
		}
	}
	if r.Account.Dump("NextCRM ID") != full {
		t.Error("a refused rollback wrote")
	}
	r.MustRun("rollback", "--run", "1", "--only", "note", "--only", "activity", "--since", "2020-01-01")
	if notes, persons := len(r.Account.Records("notes"))+len(r.Account.Records("activities")), len(r.Account.Records("persons")); notes != 0 || persons == 0 {
		t.Errorf("%d notes and activities and %d persons are left", notes, persons)
	}
	r.MustRun("run")
	if diff := cmp.Diff(full, r.Account.Dump("NextCRM ID")); diff != "" {
		t.Errorf("the run after it did not do the same again:\n%s", diff)
	}
}

func TestDemo_BothEditionsEndAsExpected(t *testing.T) {
	for _, edition := range []string{"plugin", "open-source"} {
		t.Run(edition, func(t *testing.T) {
			code, out, errOut := nextpipe(t, nil, "demo", "--edition", edition, "--quiet")
			if code != 0 {
				t.Fatalf("exit %d\n%s%s", code, out, errOut)
			}
			for _, want := range []string{"source rows", "final records", "differences 0", "left out, by name", "tokens:", "it sent 0 writes", "sqlite3 -box"} {
				if !strings.Contains(out, want) {
					t.Errorf("the demo does not say %q", want)
				}
			}
			if strings.Contains(out, "OFF BY") {
				t.Error("a ledger does not add up")
			}
		})
	}
}

func TestRollback_RestoresWhatTheAccountHadBefore(t *testing.T) {
	source := writeExport(t)
	companies := "id,name,website,address_line_1,city,country,employees_number,phone,linkedin_url\n1,Alpha GmbH,https://alpha.example,Weg 1,Berlin,DE,12,+49 30 123456,https://www.linkedin.com/company/alpha\n2,Beta AG,,,,,,,\n"
	if err := os.WriteFile(filepath.Join(source, "companies.csv"), []byte(companies), 0o600); err != nil {
		t.Fatal(err)
	}
	r := newLocalRun(t, source)
	for entity, body := range map[string]map[string]any{
		"organizations": {"name": "Alpha GmbH", "website": "https://www.alpha.example"},
		"persons":       {"name": "Ana Kask", "emails": []any{map[string]any{"value": "ana@alpha.example", "primary": true, "label": "work"}}},
	} {
		if _, err := r.Account.Create(entity, body); err != nil {
			t.Fatal(err)
		}
	}
	before := r.Account.Dump("NextCRM ID")
	r.MustRun("run")
	if n := len(r.Account.Records("organizations")); n != 2 {
		t.Errorf("the account holds %d organizations, want the one it had and a new one", n)
	}
	r.MustRun("rollback")
	if diff := cmp.Diff(before, r.Account.Dump("NextCRM ID")); diff != "" {
		t.Errorf("rollback left traces (-before +after):\n%s", diff)
	}
	r.MustRun("run")
	r.MustRun("rollback")
	if diff := cmp.Diff(before, r.Account.Dump("NextCRM ID")); diff != "" {
		t.Errorf("the second rollback left traces (-before +after):\n%s", diff)
	}
}

func TestProvision_RefusesAnOwnerOfProductionWhoIsNoUser(t *testing.T) {
	r := newLocalRun(t, t.TempDir())
	if err := os.WriteFile(filepath.Join(r.Source, "contacts.csv"), []byte("id,email,first_name,owner_email\n1,a@b.example,Ana,rep@shop.example\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	account, url := process.Account(t, sandbox.Options{Seed: 3, Role: "production", Clock: sandbox.RealClock()})
	r.Account, r.URL = account, url
	r.MustRun("run", "--to", "map")
	if out, err := exec.Command("sqlite3", r.DB, "INSERT INTO decide_map (map_table, map_key, column_name, value, by_name) VALUES ('map_user', 'rep@shop.example', 'target_email', 'admin@sandbox.exampl', 'Ana')").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	r.MustRun("run", "--from", "map", "--to", "plan")
	r.MustRun("map", "--confirm", "--by", "Ana")
	var errOut bytes.Buffer
	_ = r.Command("doctor").Run() // it has looked; the owner is among what it finds
	cmd := r.Command("provision", "--override-gate", "a test")
	cmd.Stderr = &errOut
	if _ = cmd.Run(); cmd.ProcessState.ExitCode() != 2 || !strings.Contains(errOut.String(), "admin@sandbox.exampl") {
		t.Errorf("exit %d: %s", cmd.ProcessState.ExitCode(), errOut.String())
	}
}

func TestRun_ASecondWarehouseDuplicatesNothingThatTheFirstMade(t *testing.T) {
	r := newLocalRun(t, writeExport(t))
	r.MustRun("run")
	before := r.Account.Dump("NextCRM ID")
	r.DB = filepath.Join(t.TempDir(), "second.db")
	second := r.Command("run")
	if out, _ := second.CombinedOutput(); second.ProcessState.ExitCode() != 8 || !strings.Contains(string(out), "nextpipe relink") {
		t.Fatalf("exit %d, want 8 and what to do:\n%s", second.ProcessState.ExitCode(), out)
	}
	r.MustRun("relink")
	r.MustRun("run")
	if diff := cmp.Diff(before, r.Account.Dump("NextCRM ID")); diff != "" {
		t.Errorf("the second warehouse changed the account (-before +after):\n%s", diff)
	}
}

func TestStatus_SaysWhatARollbackMadeStale(t *testing.T) {
	r := newLocalRun(t, writeExport(t))
	r.MustRun("run")
	r.MustRun("rollback")
	if _, out, _ := nextpipe(t, nil, "status", "--db", r.DB); !strings.Contains(out, "next: nextpipe plan") {
		t.Errorf("after a rollback status says\n%s", out)
	}
}

func TestVerify_IsNeverGreenWhileRecordsAreMissing(t *testing.T) {
	r := newLocalRun(t, writeExport(t))
	r.MustRun("run", "--to", "provision")
	cmd := r.Command("verify")
	if out, err := cmd.CombinedOutput(); err == nil || cmd.ProcessState.ExitCode() != 3 {
		t.Errorf("nothing was loaded, verify gave exit %d\n%s", cmd.ProcessState.ExitCode(), out)
	}
}
