package stages

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	nextcrmsample "nextpipe/fixtures/nextcrm"
	"nextpipe/fixtures/sandbox"
)

// Every command that talks to the account is refused with exit 7 and the time,
// with every flag that lets something pass, and status names the account.
func TestBlocked_IsExit7ForEveryCommandAndStandsInStatus(t *testing.T) {
	a, err := sandbox.New(sandbox.Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	url, stop, err := a.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	source := t.TempDir()
	if err := nextcrmsample.WritePluginExport(source); err != nil {
		t.Fatal(err)
	}
	e, err := Open(t.Context(), Options{DB: filepath.Join(t.TempDir(), "np.db"), Source: source, Target: url, Token: a.Token(), By: "test",
		Yes: true, Override: "test: now", Confirm: a.Role(), DryRun: true, Now: a.Clock().Now, Wait: a.Clock().Sleep, Timeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if err := e.Execute(t.Context(), "extract", "extract"); err != nil && ExitCode(err) != 3 {
		t.Fatal(err)
	}
	a.Script(sandbox.Fault{Do: sandbox.Cloudflare})
	if err := e.Execute(t.Context(), "scope", "scope"); ExitCode(err) != 7 {
		t.Fatalf("blocked: exit %d, %v", ExitCode(err), err)
	}
	a.Script()
	until, calls := a.Clock().Now().Add(15*time.Minute).Format(time.RFC3339), len(a.Calls())
	for _, st := range All {
		if !st.Online {
			continue
		}
		if err := e.Execute(t.Context(), st.Name, st.Name); ExitCode(err) != 7 || !strings.Contains(err.Error(), until) {
			t.Errorf("%s: exit %d, %v; want 7 and %s", st.Name, ExitCode(err), err, until)
		}
	}
	if n := len(a.Calls()) - calls; n != 0 {
		t.Errorf("%d requests were sent", n)
	}
	if blocks, err := e.Blocks(t.Context()); err != nil || len(blocks) != 1 || blocks[0].Until != until {
		t.Errorf("status shows %v %v", blocks, err)
	}
}
