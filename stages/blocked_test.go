package stages

import (
	"strings"
	"testing"
	"time"

	"nextpipe/fixtures/process"
	"nextpipe/fixtures/sandbox"
)

// visited is an open warehouse with the sample export, and an account.
func visited(t *testing.T, o sandbox.Options) (*Env, *sandbox.Account) {
	t.Helper()
	a, url := process.Account(t, o)
	e := envOn(t, a, url, Options{Source: sampleExport(t), Override: "test: now", Confirm: a.Role(), DryRun: true})
	if err := e.Execute(t.Context(), "extract", "extract"); err != nil && ExitCode(err) != 3 {
		t.Fatal(err)
	}
	return e, a
}

// Every command that talks to the account is refused with exit 7 and the time,
// with every flag that lets something pass, and status names the account.
func TestBlocked_IsExit7ForEveryCommandAndStandsInStatus(t *testing.T) {
	e, a := visited(t, sandbox.Options{Seed: 1})
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

func TestBudget_ExitSixSaysWhenToGoOn(t *testing.T) {
	e, a := visited(t, sandbox.Options{Seed: 1, DailyTokens: 100})
	for _, want := range []string{"2026-11-25 00:00 UTC", "2026-11-24 10:00 UTC"} {
		err := e.Execute(t.Context(), "scope", "scope")
		if ExitCode(err) != 6 || !strings.Contains(err.Error(), want) {
			t.Errorf("exit %d, %v; want 6 and %s", ExitCode(err), err, want)
		}
		a.SpendTokens(a.TokensLeft()) // nothing is left to ask who the account is
	}
	a.Clock().Advance(15 * time.Hour)
	a.SpendTokens(-1000)
	if err := e.Execute(t.Context(), "scope", "scope"); err != nil {
		t.Errorf("the next day: %v", err)
	}
}
