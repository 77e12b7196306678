package rehearse_test

import (
	"fmt"
	"net/http"
	"testing"

	"nextpipe/fixtures/sandbox"
	"nextpipe/stages/internal/rehearse"
	"nextpipe/stages/rollback"
)

// archive puts a deal away, as users do once it is over.
func archive(t *testing.T, a *sandbox.Account, id int64) {
	t.Helper()
	if err := a.Edit("deals", id, map[string]any{"is_archived": true}); err != nil {
		t.Error(err)
	}
}

// onceExecuted loses the answer to the first create of this path and lets a
// user do something before anybody looks for the record.
func onceExecuted(path string, then func()) sandbox.Fault {
	return sandbox.Fault{Method: "POST", Path: path, Nth: 1, Do: sandbox.DropAfter, Hook: func(p sandbox.Phase, _ *http.Request) {
		if p == sandbox.Executed {
			then()
		}
	}}
}

func TestArchived_ADealWhoseAnswerWasLostIsNotMadeAgain(t *testing.T) {
	db, a := rehearse.Warehouse(t, 1), rehearse.Account(t, 1)
	a.Script(onceExecuted("/api/v2/deals", func() { archive(t, a, number64(a.Records("deals")[0]["id"])) }))
	if err := through(t, db, a); err != nil || len(a.Records("deals")) != 1 {
		t.Errorf("%v; the account holds %d deals, want 1", err, len(a.Records("deals")))
	}
}

func TestArchived_ALeadWhoseAnswerWasLostIsNotMadeAgain(t *testing.T) {
	db, a := rehearse.BroadWarehouse(t), rehearse.Account(t, 1)
	a.Script(onceExecuted("/api/v1/leads", func() {
		act(t, a, "PATCH", fmt.Sprint("/v1/leads/", a.Records("leads")[0]["id"]), map[string]any{"is_archived": true})
	}))
	if err := through(t, db, a); err != nil || len(a.Records("leads")) != 1 {
		t.Errorf("%v; the account holds %d leads, want 1", err, len(a.Records("leads")))
	}
}

func TestArchived_RecordsAreNoDifference(t *testing.T) {
	db, a := rehearse.BroadWarehouse(t), rehearse.Account(t, 1)
	if err := through(t, db, a); err != nil {
		t.Fatal(err)
	}
	archive(t, a, idOf(t, db, "deal:1"))
	act(t, a, "PATCH", fmt.Sprint("/v1/leads/", a.Records("leads")[0]["id"]), map[string]any{"is_archived": true})
	for _, p := range a.Records("projects") {
		act(t, a, "POST", fmt.Sprintf("/api/v2/projects/%v/archive", p["id"]), nil)
	}
	if err := verifyOnly(t, db, a); err != nil {
		t.Errorf("what users archived counts as lost: %v %s", err, differences(t, db))
	}
	before := len(a.Writes())
	if err := through(t, db, a); err != nil || len(a.Writes()) != before {
		t.Errorf("the run after it: %v, %d writes", err, len(a.Writes())-before)
	}
}

func TestArchived_ASecondWarehouseDoesNotMakeADealAgain(t *testing.T) {
	db, a := rehearse.Warehouse(t, 1), rehearse.Account(t, 1)
	if err := through(t, db, a); err != nil {
		t.Fatal(err)
	}
	archive(t, a, idOf(t, db, "deal:1"))
	for entity, key := range map[string]string{"persons": "contact:1", "organizations": "account:1"} {
		if err := a.Delete(entity, idOf(t, db, key)); err != nil {
			t.Fatal(err)
		}
	}
	if err := through(t, rehearse.Warehouse(t, 1), a); err == nil || len(a.Records("deals")) != 1 {
		t.Errorf("%v; the account holds %d deals, want 1 and a refusal", err, len(a.Records("deals")))
	}
}

// A refresh reads only what changed, and that in both lists.
func TestArchived_ADealOfAnotherCopyIsSeenAfterTheFirstLoad(t *testing.T) {
	db, a := rehearse.Warehouse(t, 1), rehearse.Account(t, 1)
	if err := through(t, db, a); err != nil {
		t.Fatal(err)
	}
	code := ""
	if err := db.Read().QueryRow("SELECT pipedrive_id FROM bind WHERE kind = 'field' AND symbol = 'deal.nextcrm_id'").Scan(&code); err != nil {
		t.Fatal(err)
	}
	exec(t, db, `INSERT INTO final_deal SELECT 'deal:2', 2, 'abc123/deal:2', 'Deal 2', value, currency, status, stage_key, organization_key, person_key, owner_email,
		json_set(payload, '$.title', 'Deal 2', '$.custom_fields."@field:deal.nextcrm_id"', 'abc123/deal:2') FROM final_deal`)
	theirs, err := a.Create("deals", map[string]any{"title": "Deal 2", "custom_fields": map[string]any{code: "abc123/deal:2"}})
	if err != nil {
		t.Fatal(err)
	}
	archive(t, a, theirs)
	if err := through(t, db, a); err == nil || len(a.Records("deals")) != 2 {
		t.Errorf("%v; the account holds %d deals, want 2 and a refusal", err, len(a.Records("deals")))
	}
}

func TestArchived_ARollbackKeepsADealThatUsersPutAway(t *testing.T) {
	db, a := rehearse.Warehouse(t, 2), rehearse.Account(t, 1)
	a.Script(onceExecuted("/api/v2/deals", func() { archive(t, a, number64(a.Records("deals")[0]["id"])) }))
	if err := through(t, db, a); err != nil {
		t.Fatal(err)
	}
	a.Script()
	res, err := rollback.Run(t.Context(), rehearse.Connect(t, db, a), rollback.Part{}, false)
	if err != nil || len(a.Records("deals")) != 1 || len(a.Records("organizations")) != 1 {
		t.Errorf("%v; %s; kept %s", err, res, keptRecords(t, db))
	}
	if n := count(t, db, "SELECT count(*) FROM kept_record WHERE entity = 'deal' AND why LIKE '%archived%'"); n != 1 {
		t.Errorf("%d deals are named as archived, want 1: %s", n, keptRecords(t, db))
	}
	if n := count(t, db, "SELECT count(*) FROM v_rejects"); n != 0 {
		t.Errorf("%d removals were refused", n)
	}
}

func TestArchived_ADealOfTheirsKeepsTheFieldThatItFills(t *testing.T) {
	db, a := rehearse.Warehouse(t, 1), rehearse.Account(t, 1)
	if err := through(t, db, a); err != nil {
		t.Fatal(err)
	}
	code := ""
	if err := db.Read().QueryRow("SELECT pipedrive_id FROM bind WHERE kind = 'field' AND symbol = 'deal.nextcrm_id'").Scan(&code); err != nil {
		t.Fatal(err)
	}
	theirs, err := a.Create("deals", map[string]any{"title": "Theirs", "person_id": idOf(t, db, "contact:1"), "custom_fields": map[string]any{code: "typed by a user"}})
	if err != nil {
		t.Fatal(err)
	}
	archive(t, a, theirs)
	if _, err := rollback.Run(t.Context(), rehearse.Connect(t, db, a), rollback.Part{}, false); err != nil {
		t.Error(err)
	}
	if custom, _ := mustRecord(t, a, "deals", theirs)["custom_fields"].(map[string]any); custom[code] != "typed by a user" {
		t.Errorf("the field was removed as unused; kept: %s", keptRecords(t, db))
	}
	if len(a.Records("persons")) != 1 {
		t.Errorf("the person of their archived deal was deleted; kept: %s", keptRecords(t, db))
	}
}

// The second list costs as much as several records: it is read only for what
// is not in the first.
func TestArchived_ALookUpThatFindsEverythingReadsOneList(t *testing.T) {
	s, a := planned(t, 2)
	a.Script(sandbox.Fault{Method: "POST", Path: "/api/v2/deals", Nth: 1, Do: sandbox.DropAfter})
	if err := sendOnly(s); err != nil {
		t.Fatal(err)
	}
	if n := count(t, s.DB, "SELECT count(*) FROM http_log WHERE path = '/api/v2/deals' AND method = 'GET'"); n == 0 {
		t.Error("nothing was looked for")
	}
	if n := count(t, s.DB, "SELECT count(*) FROM http_log WHERE path = '/api/v2/deals/archived' AND run_id = ?", s.RunID); n > 1 {
		t.Errorf("the list of archived deals was read %d times besides scope's", n-1)
	}
}
