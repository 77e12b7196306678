package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
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
