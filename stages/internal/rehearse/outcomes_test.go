package rehearse_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nextpipe/fixtures/sandbox"
	"nextpipe/stages/internal/rehearse"
	"nextpipe/stages/internal/target"
	"nextpipe/stages/internal/warehouse"
	"nextpipe/stages/load"
	"nextpipe/stages/plan"
	"nextpipe/stages/provision"
	"nextpipe/stages/rollback"
	"nextpipe/stages/scope"
	"nextpipe/stages/verify"
)

// sendOnly carries out the current plan.
func sendOnly(s *target.Session) error {
	_, err := load.Run(context.Background(), s, "")
	return err
}

// planned is a session with an account that is ready for the load.
func planned(t *testing.T, n int) (*target.Session, *sandbox.Account) {
	t.Helper()
	a := rehearse.Account(t, 1)
	s, ctx := rehearse.Connect(t, rehearse.Warehouse(t, n), a), context.Background()
	for _, run := range []func(context.Context, *target.Session) error{
		func(ctx context.Context, s *target.Session) error { _, err := scope.Run(ctx, s); return err },
		func(ctx context.Context, s *target.Session) error { _, err := plan.Run(ctx, s); return err },
		func(ctx context.Context, s *target.Session) error { _, err := provision.Run(ctx, s); return err },
	} {
		if err := run(ctx, s); err != nil {
			t.Fatal(err)
		}
	}
	return s, a
}

func mustRecord(t *testing.T, a *sandbox.Account, entity string, id int64) map[string]any {
	t.Helper()
	rec, err := a.Record(entity, id)
	if err != nil {
		t.Fatal(err)
	}
	return rec
}

func TestLoad_ConvergesThroughAStormOfGatewayErrors(t *testing.T) {
	want, _ := undisturbed(t, 8)
	db, a := rehearse.Warehouse(t, 8), rehearse.Account(t, 1)
	a.Script(sandbox.Fault{Writes: true, Share: 0.25, Do: sandbox.FailAfter, Status: 504}, sandbox.Fault{Writes: true, Share: 0.35, Do: sandbox.FailBefore, Status: 502})
	var err error
	for range 8 {
		if err = through(t, db, a); err == nil {
			break
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, a.Dump(marker)); diff != "" {
		t.Errorf("the account differs from an undisturbed one:\n%s", diff)
	}
	if n := count(t, db, "SELECT count(*) FROM load_op WHERE state IN ('refused', 'quarantined')"); n != 0 {
		t.Errorf("an outage refused or quarantined %d operations", n)
	}
}

func TestLoad_AnOutageEndsTheRunAsUnfinishedAndTheNextOneGoesOn(t *testing.T) {
	s, a := planned(t, 2)
	a.Script(sandbox.Fault{Method: "POST", Path: "/api/v2/deals", Do: sandbox.FailBefore, Status: 503})
	res, err := load.Run(context.Background(), s, "")
	if !errors.Is(err, load.ErrUnfinished) || res.Left != 2 {
		t.Errorf("got %v with %d left, want an unfinished run with 2", err, res.Left)
	}
	a.Script()
	if err := sendOnly(rehearse.Connect(t, s.DB, a)); err != nil {
		t.Fatal(err)
	}
	if n := len(a.Records("deals")); n != 2 {
		t.Errorf("the account holds %d deals, want 2", n)
	}
}

func TestLoad_BeingStoppedIsNoAttempt(t *testing.T) {
	s, a := planned(t, 2)
	a.Script(sandbox.Fault{Method: "POST", Path: "/api/v2/organizations", Do: sandbox.TooManyDaily})
	for range 5 {
		if err := sendOnly(rehearse.Connect(t, s.DB, a)); err == nil {
			t.Fatal("the run went on without tokens")
		}
		a.Clock().Advance(24 * time.Hour)
	}
	a.Script()
	if err := sendOnly(rehearse.Connect(t, s.DB, a)); err != nil {
		t.Fatal(err)
	}
	if n := len(a.Records("deals")); n != 2 {
		t.Errorf("after five days without tokens the account holds %d deals, want 2", n)
	}
}

func TestLoad_ChildrenBlockedInOneRunAreTriedInTheNext(t *testing.T) {
	s, a := planned(t, 2)
	a.Script(sandbox.Fault{Method: "POST", Path: "/api/v2/organizations", Nth: 1, Times: 6, Do: sandbox.FailBefore, Status: 503})
	if err := sendOnly(s); !errors.Is(err, load.ErrUnfinished) {
		t.Fatalf("got %v, want an unfinished run", err)
	}
	if err := sendOnly(rehearse.Connect(t, s.DB, a)); err != nil {
		t.Fatal(err)
	}
	if n := len(a.Records("deals")); n != 2 {
		t.Errorf("the account holds %d deals, want 2", n)
	}
}

func TestLoad_ASecondRunIsNotGreenWhileRecordsAreLeftOut(t *testing.T) {
	s, a := planned(t, 2)
	exec(t, s.DB, `UPDATE final_deal SET payload = json_set(payload, '$.nonsense', 1) WHERE final_key = 'deal:1'`)
	for range 2 {
		res, err := load.Run(context.Background(), rehearse.Connect(t, s.DB, a), "")
		if err != nil || res.Left != 1 {
			t.Errorf("got %d left (%v), want the refused deal", res.Left, err)
		}
	}
}

func TestLoad_ACreateWhoseMarkerFieldIsGoneIsQuarantinedAndNeverSentAgain(t *testing.T) {
	s, a := planned(t, 1)
	a.Script(sandbox.Fault{Method: "POST", Path: "/api/v2/organizations", Do: sandbox.DropAfter}, sandbox.Fault{Method: "GET", Path: "/api/v2/organizations", Do: sandbox.Cloudflare})
	if err := sendOnly(s); err == nil {
		t.Fatal("a blocked look-up did not stop the load")
	}
	a.Script()
	a.Clock().Advance(time.Hour)
	var code string
	if err := s.DB.Read().QueryRow("SELECT pipedrive_id FROM bind WHERE symbol = 'organization.nextcrm_id'").Scan(&code); err != nil {
		t.Fatal(err)
	}
	if err := a.DeleteField("organizations", code); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := through(t, s.DB, a); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(a.Records("organizations")); n != 1 {
		t.Errorf("the account holds %d organizations, want the one whose answer was lost", n)
	}
	if n := count(t, s.DB, "SELECT count(*) FROM v_rejects WHERE state = 'quarantined'"); n != 1 {
		t.Errorf("%d operations are quarantined, want 1", n)
	}
	// A person deletes the record and says so; then it is made again.
	id, err := a.Records("organizations")[0]["id"].(json.Number).Int64()
	if err = errors.Join(err, a.Delete("organizations", id)); err != nil {
		t.Fatal(err)
	}
	exec(t, s.DB, "UPDATE load_op SET state = 'not_sent', resolved_by = 'Ana' WHERE state = 'quarantined'")
	if err := through(t, s.DB, a); err != nil {
		t.Fatal(err)
	}
	if n := len(a.Records("deals")); n != 1 {
		t.Errorf("after the decision the account holds %d deals, want 1", n)
	}
}

func TestLoad_ARecordThatIsAlreadyLinkedElsewhereIsQuarantinedAlone(t *testing.T) {
	s, a := planned(t, 2)
	if err := sendOnly(s); err != nil {
		t.Fatal(err)
	}
	// A person mixed up two links by hand.
	exec(t, s.DB, "DELETE FROM link WHERE final_key = 'deal:1'")
	exec(t, s.DB, "UPDATE plan_op SET action = 'update', body = '{\"title\":\"x\"}', base = '{}', pipedrive_id = (SELECT pipedrive_id FROM link WHERE final_key = 'deal:2') WHERE final_key = 'deal:1'")
	exec(t, s.DB, "UPDATE link SET symbolic = '{}' WHERE final_key = 'deal:2'")
	exec(t, s.DB, "UPDATE plan_op SET action = 'update', body = '{\"value\":3,\"currency\":\"EUR\"}', base = '{}', pipedrive_id = (SELECT pipedrive_id FROM link WHERE final_key = 'deal:2') WHERE final_key = 'deal:2'")
	for range 2 {
		if err := sendOnly(rehearse.Connect(t, s.DB, a)); err != nil {
			t.Fatal(err)
		}
	}
	if n := count(t, s.DB, "SELECT count(*) FROM load_op WHERE state IN ('intent', 'in_doubt')"); n != 0 {
		t.Errorf("%d operations are stuck", n)
	}
}

func TestLoad_ALookInVainDoesNotRaiseTheFloorOfTheNext(t *testing.T) {
	// Accounts give out ids before records are visible, so a lower id may appear
	// after a higher one was seen.
	s, a := planned(t, 2)
	a.Script(sandbox.Fault{Method: "POST", Path: "/api/v2/organizations", Nth: 1, Do: sandbox.DropBefore})
	if err := sendOnly(s); err != nil {
		t.Fatal(err)
	}
	if n := count(t, s.DB, "SELECT count(*) FROM load_op WHERE looks > 0 AND hi_id <> '0'"); n != 0 {
		t.Error("after a look in vain the search would end above ids that may still appear")
	}
}

func TestLoad_ATwinThatAppearsAfterTheRunIsRemovedByTheNext(t *testing.T) {
	want, _ := undisturbed(t, 2)
	db, a := rehearse.Warehouse(t, 2), rehearse.Account(t, 1)
	a.Script(sandbox.Fault{Method: "POST", Path: "/api/v2/persons", Nth: 1, Do: sandbox.Hold, LookUps: 1000})
	if err := through(t, db, a); err != nil {
		t.Fatal(err)
	}
	a.Script()
	a.ReleaseAll()
	if n := len(a.Records("persons")); n != 3 {
		t.Fatalf("the account holds %d persons, want a twin", n)
	}
	if err := through(t, db, a); err == nil {
		t.Error("verify did not see the twin")
	}
	if err := through(t, db, a); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, a.Dump(marker)); diff != "" {
		t.Errorf("the account differs from an undisturbed one:\n%s", diff)
	}
}

func TestLoad_ACreateThatWasGivenUpAndAppearsLaterIsAdopted(t *testing.T) {
	want, _ := undisturbed(t, 1)
	db, a := rehearse.Warehouse(t, 1), rehearse.Account(t, 1)
	a.Script(sandbox.Fault{Method: "POST", Path: "/api/v2/deals", Nth: 1, Do: sandbox.Hold, LookUps: 1000},
		sandbox.Fault{Method: "POST", Path: "/api/v2/deals", Do: sandbox.FailBefore, Status: 503})
	if err := through(t, db, a); !errors.Is(err, load.ErrUnfinished) {
		t.Fatalf("got %v, want an unfinished run", err)
	}
	a.ReleaseAll()
	if err := verifyOnly(t, db, a); err == nil {
		t.Error("verify did not see the late deal")
	}
	a.Script()
	if err := through(t, db, a); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, a.Dump(marker)); diff != "" {
		t.Errorf("the account differs from an undisturbed one:\n%s", diff)
	}
}

func TestSettle_LooksOfAnEarlierProcessDoNotCountAcrossASteppedClock(t *testing.T) {
	for _, step := range []time.Duration{26 * time.Hour, 0} {
		s, a := planned(t, 1)
		a.Script(sandbox.Fault{Method: "POST", Path: "/api/v2/organizations", Do: sandbox.Hold, LookUps: 2},
			sandbox.Fault{Method: "GET", Path: "/api/v2/organizations", Nth: 2, Times: 9, Do: sandbox.Cloudflare})
		if err := sendOnly(s); err == nil {
			t.Fatal("a blocked look-up did not stop the load")
		}
		a.Script()
		a.Clock().Advance(step + 20*time.Minute)
		if err := sendOnly(rehearse.Connect(t, s.DB, a)); err != nil {
			t.Fatal(err)
		}
		if n := count(t, s.DB, "SELECT count(*) FROM load_op WHERE entity = 'organization' AND verb = 'create'"); n != 1 {
			t.Errorf("clock stepped by %s: it was sent %d times: one look of another process decided", step, n)
		}
	}
}

func TestRollback_SettlesALoadThatDiedFirst(t *testing.T) {
	s, a := planned(t, 1)
	before := a.Dump(marker)
	a.Script(sandbox.Fault{Method: "POST", Path: "/api/v2/persons", Do: sandbox.DropAfter}, sandbox.Fault{Method: "GET", Path: "/api/v2/persons", Do: sandbox.Cloudflare})
	if err := sendOnly(s); err == nil {
		t.Fatal("a blocked look-up did not stop the load")
	}
	a.Script()
	a.Clock().Advance(time.Hour)
	s = rehearse.Connect(t, s.DB, a)
	for _, settle := range []func(context.Context, *target.Session) error{load.Settle, provision.Settle} {
		if err := settle(context.Background(), s); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := rollback.Run(context.Background(), s, rollback.Part{}, false); err != nil {
		t.Fatal(err)
	}
	if n := len(a.Records("persons")) + len(a.Records("organizations")); n != 0 {
		t.Errorf("%d records stayed behind\n%s", n, before)
	}
}

func TestLoad_RefusesAPlanThatIsOlderThanARollback(t *testing.T) {
	s, a := planned(t, 1)
	if err := sendOnly(s); err != nil {
		t.Fatal(err)
	}
	if _, err := rollback.Run(context.Background(), rehearse.Connect(t, s.DB, a), rollback.Part{}, false); err != nil {
		t.Fatal(err)
	}
	if err := sendOnly(rehearse.Connect(t, s.DB, a)); err == nil {
		t.Error("it carried out a plan that takes for granted what the rollback removed")
	}
}

func verifyOnly(t *testing.T, db *warehouse.DB, a *sandbox.Account) error {
	t.Helper()
	_, err := verify.Run(context.Background(), rehearse.Connect(t, db, a))
	return err
}
