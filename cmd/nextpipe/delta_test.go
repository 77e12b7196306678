package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestDelta_AReportListsWhatADeltaThenMoves(t *testing.T) {
	r := newLocalRun(t, writeExport(t))
	if out, err := r.Command("delta", "--report-only").CombinedOutput(); err == nil || !strings.Contains(string(out), "no warehouse") {
		t.Errorf("a report of nothing: %v\n%s", err, out)
	}
	r.MustRun("delta")
	contacts := strings.Replace(smallExport["contacts.csv"], "Ben,Holm", "Benjamin,Holm", 1) + "3,cleo@beta.example,Cleo,Ray,Beta AG,,News,40\n"
	if err := os.WriteFile(filepath.Join(r.Source, "contacts.csv"), []byte(contacts), 0o600); err != nil {
		t.Fatal(err)
	}
	writes := len(r.Account.Writes())
	out, err := r.Command("delta", "--report-only").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "name Ben Holm → Benjamin Holm") || !strings.Contains(string(out), "person contact:3: Cleo Ray") {
		t.Errorf("report: %v\n%s", err, out)
	}
	if n := len(r.Account.Writes()) - writes; n != 0 {
		t.Errorf("a report sent %d writes", n)
	}
	if _, out, _ := nextpipe(t, nil, "status", "--db", r.DB); !strings.Contains(out, "new 1 · changed 1 · gone 0") {
		t.Errorf("status says\n%s", out)
	}
	r.MustRun("delta")
	if n := len(r.Account.Records("persons")); n != 3 {
		t.Errorf("%d persons after the delta, want 3", n)
	}
	if out, err := r.Command("delta", "--report-only", "--json").CombinedOutput(); err != nil || !strings.Contains(string(out), `"added":0,"changed":0,"gone":0,"held_back":0,"deleted":0,"edited":0,"late_duplicate":0`) {
		t.Errorf("after the delta: %v\n%s", err, out)
	}
}

func TestCutover_StepByStepOnTheCommandLine(t *testing.T) {
	r := newLocalRun(t, writeExport(t))
	if code, _, errOut := nextpipe(t, nil, "cutover", "--db", emptyWarehouse(t)); code != 4 || !strings.Contains(errOut, "nextpipe run") {
		t.Errorf("before any run: exit %d, %s", code, errOut)
	}
	r.MustRun("run")
	says := func(code int, want string, args ...string) {
		t.Helper()
		cmd := r.Command(append([]string{"cutover"}, args...)...)
		out, _ := cmd.CombinedOutput()
		if got := cmd.ProcessState.ExitCode(); got != code || !strings.Contains(string(out), want) {
			t.Errorf("cutover %v: exit %d, want %d with %q\n%s", args, got, code, want, out)
		}
	}
	says(0, "next: nextpipe cutover --freeze --by NAME")
	says(2, "--by", "--freeze")
	says(2, "one step", "--freeze", "--sign", "--by", "Ana")
	says(2, "goes with --sign", "--freeze", "--by", "Ana", "--accept", "late")
	says(0, "next: nextpipe delta", "--freeze", "--by", "Ana")
	later := time.Now().Add(time.Second)
	for name := range smallExport {
		if err := os.Chtimes(filepath.Join(r.Source, name), later, later); err != nil {
			t.Fatal(err)
		}
	}
	r.MustRun("delta")
	says(0, "next: nextpipe cutover --prove")
	says(0, "next: nextpipe cutover --sign --by NAME", "--prove")
	says(0, "REHEARSAL of the cutover · rehearsed and signed by Ana", "--sign", "--by", "Ana")
	if _, out, _ := nextpipe(t, nil, "status", "--db", r.DB); !strings.Contains(out, "rehearsed and signed by Ana") {
		t.Errorf("status says\n%s", out)
	}
	delta := r.Command("delta")
	if out, _ := delta.CombinedOutput(); delta.ProcessState.ExitCode() != 4 || !strings.Contains(string(out), "--report-only") {
		t.Errorf("a delta after the cutover: exit %d\n%s", delta.ProcessState.ExitCode(), out)
	}
	says(2, "--reason", "--reopen", "--by", "Ana")
	says(0, "not begun", "--reopen", "--by", "Ana", "--reason", "only a rehearsal")
	r.MustRun("delta")
}
