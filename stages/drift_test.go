package stages

import (
	"strings"
	"testing"
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
