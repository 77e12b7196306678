package stages

import (
	"strings"
	"testing"
	"time"
)

// A load that does not begin with a look at the account looks before it writes:
// what the plan stands on must be as it was.
func TestLoad_StructureThatChangedSinceThePlanIsDriftByName(t *testing.T) {
	m := smallEnv(t, "rehearsal")
	prepared := wholeRun[:len(wholeRun)-2] // to provision
	if err := m.Execute(t.Context(), "run", prepared...); err != nil {
		t.Fatal(err)
	}
	if _, err := m.account.AddField("deals", "Theirs", "text"); err != nil {
		t.Fatal(err)
	}
	stage, err := m.strings(t.Context(), "SELECT pipedrive_id FROM bind WHERE kind = 'stage' AND symbol = 'sales/offer'")
	if err != nil || len(stage) != 1 {
		t.Fatal(stage, err)
	}
	if _, err := m.account.Act("PATCH", "/api/v2/stages/"+stage[0], map[string]any{"name": "Cold"}); err != nil {
		t.Fatal(err)
	}
	err = m.Execute(t.Context(), "load", "load")
	if ExitCode(err) != 8 || !strings.Contains(err.Error(), `stage sales/offer was "Offer in Sales", is "Cold in Sales"`) || strings.Contains(err.Error(), "Theirs") {
		t.Errorf("a stage that was renamed: exit %d, %v", ExitCode(err), err)
	}
	if n := len(m.account.Records("organizations")); n != 0 {
		t.Errorf("%d organizations were sent all the same", n)
	}
	if _, err := m.account.Act("PATCH", "/api/v2/stages/"+stage[0], map[string]any{"name": "Offer"}); err != nil {
		t.Fatal(err)
	}
	if err := m.Execute(t.Context(), "load", "load", "verify"); err != nil {
		t.Errorf("as it was again: %v", err)
	}
}

// A run that leaves a field in conflict ends with exit 3, every time, until both
// agree again.
func TestRun_AConflictIsNeverGreen(t *testing.T) {
	m := smallEnv(t, "rehearsal")
	m.run(t)
	id := m.record(t, "deals", "title", "Big")
	title := func(text string) {
		t.Helper()
		m.account.Clock().Advance(time.Hour)
		if err := m.account.Edit("deals", id, map[string]any{"title": text}); err != nil {
			t.Fatal(err)
		}
	}
	title("By hand")
	m.export(t, map[string]string{"deals.csv": strings.Replace(company["deals.csv"], "1,Big", "1,Huge", 1)})
	for range 2 {
		err := m.Execute(t.Context(), "run", wholeRun...)
		rejects, wrong := m.Rejects(t.Context())
		if ExitCode(err) != 3 || wrong != nil || len(rejects) != 1 || !strings.Contains(rejects[0].Reason, "title was Big, is now By hand, NextCRM says Huge") {
			t.Errorf("exit %d, %v; left out: %v", ExitCode(err), err, rejects)
		}
	}
	title("Huge")
	m.run(t)
}
