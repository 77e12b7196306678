package main

import (
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nextpipe/fixtures/process"
	"nextpipe/fixtures/sandbox"
)

func TestDoctor_SaysWhatStandsInTheWayAndExplainsIt(t *testing.T) {
	a, err := sandbox.New(sandbox.Options{Users: []sandbox.User{{Name: "Ada", Email: "ada@x.example", Admin: true},
		{Name: "Ned", Email: "ned@x.example", Token: "token-of-ned", Deny: []string{"can_see_other_users"}}}})
	if err != nil {
		t.Fatal(err)
	}
	url, stop, err := a.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	db := emptyWarehouse(t)
	code, out, errOut := nextpipe(t, []string{"PIPEDRIVE_API_TOKEN=token-of-ned"}, "doctor", "--db", db, "--target", url)
	if code != 4 || !strings.Contains(out, "error    sees_not_everything") || !strings.Contains(out, "error    cannot_see_users") || !strings.Contains(errOut, "not ready") {
		t.Errorf("a user who sees little: exit %d\n%s\n%s", code, out, errOut)
	}
	code, out, errOut = nextpipe(t, []string{"PIPEDRIVE_API_TOKEN=" + a.Token()}, "doctor", "--db", db, "--target", url, "--dry-run", "--json")
	if code != 0 || !strings.Contains(out, `"code":"automations_unseen","severity":"info"`) || strings.Contains(out, "cannot_see_users") {
		t.Errorf("the admin: exit %d\n%s\n%s", code, out, errOut)
	}
	code, out, _ = nextpipe(t, nil, "explain", "--what", "cannot_see_users")
	if code != 0 || !strings.HasPrefix(out, "cannot_see_users: the user may not see the other users") {
		t.Errorf("explain: exit %d %s", code, out)
	}
	if n := len(a.Writes()); n != 0 {
		t.Errorf("%d writes", n)
	}
}

func TestDoctor_WebhooksKeepProductionClosedUntilSomebodySaysTheyArePaused(t *testing.T) {
	a, url := process.Account(t, sandbox.Options{Seed: 2, Role: "production", Projects: true, NoBurstLimit: true, Clock: sandbox.RealClock()})
	hook := func(name string) int64 {
		t.Helper()
		id, err := a.Create("webhooks", map[string]any{"name": name, "subscription_url": "https://hooks.example/" + name, "event_action": "create", "event_object": "deal"})
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	db, source := filepath.Join(t.TempDir(), "np.db"), writeExport(t)
	says := func(code int, want string, args ...string) {
		t.Helper()
		got, out, errOut := nextpipe(t, []string{"PIPEDRIVE_API_TOKEN=" + a.Token()}, append(args, "--db", db, "--source", source, "--target", url, "--override-gate", "a test", "--quiet")...)
		if got != code || !strings.Contains(out+errOut, want) {
			t.Errorf("%v: exit %d, want %d with %q\n%s%s", args, got, code, want, out, errOut)
		}
	}
	says(4, "confirmed", "run")
	says(0, "confirmed by Ana", "map", "--confirm", "--by", "Ana")
	first := hook("zap")
	says(0, "webhook_fires", "doctor")
	says(4, "zap create.deal", "run", "--from", "plan")
	says(2, "--by", "doctor", "--paused")
	if n := len(a.Records("organizations")); n != 0 {
		t.Fatalf("%d organizations went through a closed gate", n)
	}
	says(0, "webhook_fires", "doctor", "--paused", "--by", "Ana")
	second := hook("mail") // nobody has spoken of this one
	says(0, "webhook_fires", "doctor")
	says(4, "mail create.deal", "run", "--from", "plan")
	for _, id := range []int64{first, second} {
		if err := a.Delete("webhooks", id); err != nil {
			t.Fatal(err)
		}
	}
	says(0, "automations_unseen", "doctor")
	says(0, "verify", "run", "--from", "plan")
}

func TestProbe_KilledAtEveryRequestBoundaryLeavesNothingAfterTheNext(t *testing.T) {
	source := writeExport(t)
	var runs sync.Map // one of each worker: what a probe has left nothing in can be probed again
	process.EachBoundary(t, func(t *testing.T, n int64) bool {
		have, ok := runs.Load(t)
		if !ok {
			have, _ = runs.LoadOrStore(t, newLocalRun(t, source))
		}
		r := have.(*process.Run)
		before := r.Account.Dump("NextCRM ID")
		if !r.KilledAt(n, "doctor", "--probe") {
			return false
		}
		r.MustRun("doctor", "--probe")
		if diff := cmp.Diff(before, r.Account.Dump("NextCRM ID")); diff != "" {
			t.Fatalf("killed at boundary %d, the account is not as it was:\n%s", n, diff)
		}
		out, err := exec.Command("sqlite3", r.DB, "SELECT count(*) FROM doctor_probe WHERE state NOT IN ('removed', 'refused', 'absent')").CombinedOutput()
		if err != nil || strings.TrimSpace(string(out)) != "0" {
			t.Fatalf("killed at boundary %d: %s open rows (%v)", n, out, err)
		}
		return true
	})
}

func TestProbe_OfProductionNeedsItsName(t *testing.T) {
	a, url := process.Account(t, sandbox.Options{Seed: 2, Role: "production", NoBurstLimit: true, Clock: sandbox.RealClock()})
	db := emptyWarehouse(t)
	probe := func(args ...string) (int, string) {
		code, out, errOut := nextpipe(t, []string{"PIPEDRIVE_API_TOKEN=" + a.Token()}, append([]string{"doctor", "--probe", "--db", db, "--target", url}, args...)...)
		return code, out + errOut
	}
	code, text := probe()
	_, domain, _ := strings.Cut(text, "say --confirm ")
	if domain = strings.Fields(domain + " -")[0]; code != 4 || domain == "-" {
		t.Fatalf("without its name: exit %d\n%s", code, text)
	}
	if code, text := probe("--confirm", domain, "--dry-run"); code != 2 {
		t.Errorf("a dry run: exit %d\n%s", code, text)
	}
	if code, text := probe("--confirm", "another"); code != 4 || len(a.Writes()) != 0 {
		t.Errorf("with another name: exit %d, %d writes\n%s", code, len(a.Writes()), text)
	}
	if code, text := probe("--confirm", domain); code != 0 || !strings.Contains(text, "probe_kept") {
		t.Errorf("with its name: exit %d\n%s", code, text)
	}
}

func TestDoctor_GoesByThePlanThatAPersonNames(t *testing.T) {
	a, url := process.Account(t, sandbox.Options{Seed: 3, Plan: "growth", NoBurstLimit: true, Clock: sandbox.RealClock()})
	db, source := filepath.Join(t.TempDir(), "np.db"), writeExport(t)
	says := func(code int, want string, args ...string) {
		t.Helper()
		got, out, errOut := nextpipe(t, []string{"PIPEDRIVE_API_TOKEN=" + a.Token()}, append(args, "--db", db, "--source", source, "--target", url, "--by", "Ana")...)
		if got != code || !strings.Contains(out+errOut, want) {
			t.Errorf("%v: exit %d, want %d with %q\n%s%s", args, got, code, want, out, errOut)
		}
	}
	says(2, "--account-plan takes", "doctor", "--account-plan", "gold", "--seats", "3")
	says(2, "--account-plan takes", "doctor", "--account-plan", "growth")
	says(0, "9 seats", "doctor", "--account-plan", "growth", "--seats", "9")
	says(0, "premium was named with --account-plan, the account behaves like growth", "doctor", "--account-plan", "premium", "--seats", "9")
	says(0, "plan", "run", "--to", "plan")
	out, err := exec.Command("sqlite3", db, "SELECT group_concat(seats) FROM plan_forecast WHERE plan_name = 'lite'; SELECT by_name || ' ' || seal FROM gate WHERE name = 'plan_confirmed'").CombinedOutput()
	if err != nil || string(out) != "9\nAna growth/9\nAna premium/9\n" {
		t.Errorf("%s (%v)", out, err)
	}
}
