package rehearse_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nextpipe/fixtures/sandbox"
	"nextpipe/stages/internal/rehearse"
	"nextpipe/stages/internal/warehouse"
	"nextpipe/stages/plan"
	"nextpipe/stages/rollback"
)

// retitle makes NextCRM say another title of the first deal.
func retitle(t *testing.T, db *warehouse.DB, title string) {
	t.Helper()
	exec(t, db, "UPDATE final_deal SET payload = json_set(payload, '$.title', ?) WHERE final_key = 'deal:1'", title)
}

// An update that was not carried out says nothing any more once a later one was:
// who types its words then is a user.
func TestMerge_AnUpdateThatALaterOneOvertookIsNotTakenForLate(t *testing.T) {
	db, a := rehearse.Warehouse(t, 1), rehearse.Account(t, 1)
	throughAs(t, db, a)
	retitle(t, db, "First")
	a.Script(sandbox.Fault{Method: "PATCH", Path: "/api/v2/deals", Do: sandbox.DropBefore})
	t.Log(through(t, db, a))
	a.Script()
	if n := count(t, db, "SELECT count(*) FROM load_op WHERE state = 'not_sent' AND looks > 0"); n == 0 {
		t.Fatal("no update was looked for in vain")
	}
	retitle(t, db, "Second")
	throughAs(t, db, a)
	byHand(t, a, "deals", idOf(t, db, "deal:1"), map[string]any{"title": "First"})
	retitle(t, db, "Third")
	if sent := sends(t, db, a); len(sent) > 0 {
		t.Errorf("sent %s", sent)
	}
	if got, want := open(t, db), "deal:1 title: Second | First | Third"; got != want {
		t.Errorf("in conflict: %s, want %s", got, want)
	}
	quiet(t, db, a)
}

// Another writing of an address is another value, although it tells the same entry.
func TestMerge_AnotherWritingOfAnAddressIsSent(t *testing.T) {
	db, a := rehearse.Warehouse(t, 1), rehearse.Account(t, 1)
	throughAs(t, db, a)
	exec(t, db, "UPDATE final_person SET payload = json_set(payload, '$.emails[0].value', upper(payload ->> '$.emails[0].value')) WHERE final_key = 'contact:1'")
	if sent := sends(t, db, a); len(sent) != 1 || !strings.Contains(sent[0], "P1@EXAMPLE.COM") {
		t.Errorf("sent %s", sent)
	}
	quiet(t, db, a)
}

// What is judged as one is decided as one.
func TestMerge_DecisionsAboutCompanionsCountWhenTheyAreAlike(t *testing.T) {
	db, a, id := edited(t, "deals", "deal:1", map[string]any{"value": 12})
	exec(t, db, "UPDATE final_deal SET payload = json_set(payload, '$.currency', 'USD') WHERE final_key = 'deal:1'")
	const undecided = "deal:1 currency: EUR | EUR | USD; deal:1 value: 10.50 | 12 | 10.50"
	_ = sends(t, db, a)
	for _, decision := range []string{"UPDATE conflict SET keep = 'nextcrm', decided_by = 'Ana' WHERE field = 'value'",
		"UPDATE conflict SET keep = 'pipedrive', decided_by = 'Ana' WHERE field = 'currency'"} {
		exec(t, db, decision)
		if sent := sends(t, db, a); len(sent) > 0 || open(t, db) != undecided {
			t.Errorf("sent %s; in conflict: %s", sent, open(t, db))
		}
	}
	exec(t, db, "UPDATE conflict SET keep = 'nextcrm', decided_by = 'Ana'")
	if sent := sends(t, db, a); len(sent) != 1 || open(t, db) != "" {
		t.Errorf("sent %s; in conflict: %s", sent, open(t, db))
	}
	rec := mustRecord(t, a, "deals", id)
	if diff := cmp.Diff("10.50 USD", fmt.Sprint(rec["value"], " ", rec["currency"])); diff != "" {
		t.Errorf("the deal (-want +got):\n%s", diff)
	}
	quiet(t, db, a)
}

// What a user typed and NextCRM says since is theirs: no run of ours wrote it.
func TestRollback_OfAnUpdateLeavesWhatNextCRMFollowed(t *testing.T) {
	db, a := rehearse.Warehouse(t, 1), rehearse.Account(t, 1)
	throughAs(t, db, a)
	retitle(t, db, "Ours")
	run := throughAs(t, db, a)
	id := idOf(t, db, "deal:1")
	byHand(t, a, "deals", id, map[string]any{"title": "Theirs"})
	retitle(t, db, "Theirs")
	throughAs(t, db, a)
	res := takeBack(t, db, a, rollback.Part{Run: run})
	if kept := keptRecords(t, db); res.Left != 1 || !strings.Contains(kept, "deal deal:1: somebody changed title") {
		t.Errorf("%s; kept: %s", res, kept)
	}
	if got := mustRecord(t, a, "deals", id)["title"]; got != "Theirs" {
		t.Errorf("the title is %v", got)
	}
	quiet(t, db, a)
}

// A record that we made and relink found again: it stays, and so does its link,
// or the next run would make it twice.
func TestRollback_OfOneRunLeavesWhatRelinkAdoptedSince(t *testing.T) {
	db, a := rehearse.Warehouse(t, 1), rehearse.Account(t, 1)
	run := throughAs(t, db, a)
	exec(t, db, "UPDATE link SET origin = 'adopted' WHERE final_key = 'account:1'") // as relink leaves it
	takeBack(t, db, a, rollback.Part{Run: run})
	if kept := keptRecords(t, db); !strings.Contains(kept, "organization account:1: relink adopted it since") {
		t.Errorf("kept: %s", kept)
	}
	if n := live(t, db, "organization"); n != 1 {
		t.Errorf("%d organizations are linked, want the one that stays", n)
	}
	throughAs(t, db, a)
	if n := len(a.Records("organizations")); n != 1 {
		t.Errorf("%d organizations after the next run, want 1", n)
	}
}

// A record that is gone has nothing to decide about.
func TestRollback_ClosesTheConflictsOfWhatIsGone(t *testing.T) {
	db, a, id := edited(t, "deals", "deal:1", map[string]any{"title": "By hand"})
	retitle(t, db, "From NextCRM")
	_ = sends(t, db, a)
	if open(t, db) == "" {
		t.Fatal("nothing is in conflict")
	}
	byHand(t, a, "deals", id, map[string]any{"title": "Deal 1"}) // or the rollback would keep it
	if _, err := rollback.Run(t.Context(), rehearse.Connect(t, db, a), rollback.Part{}, true); err != nil || open(t, db) == "" {
		t.Errorf("a dry run closed the conflict, or failed: %v", err)
	}
	if res := takeBack(t, db, a, rollback.Part{}); res.Left != 0 || open(t, db) != "" {
		t.Errorf("%s: in conflict: %s; kept: %s", res, open(t, db), keptRecords(t, db))
	}
}

// Two people of one name are two people.
func TestPlan_TellsRecordsOfOneNameApart(t *testing.T) {
	db, a := rehearse.Warehouse(t, 2), rehearse.Account(t, 1)
	exec(t, db, "UPDATE final_person SET name = 'John Smith', payload = json_set(payload, '$.name', 'John Smith')")
	throughAs(t, db, a)
	exec(t, db, `UPDATE final_deal SET payload = json_set(payload, '$.person_id."@ref"', 'person:contact:2') WHERE final_key = 'deal:1'`)
	if _, err := plan.Run(t.Context(), rehearse.Connect(t, db, a)); err != nil {
		t.Fatal(err)
	}
	var got string
	if err := db.Read().QueryRow("SELECT coalesce(group_concat(field || ': ' || before || ' | ' || after), '') FROM v_plan_diff WHERE final_key = 'deal:1'").Scan(&got); err != nil {
		t.Fatal(err)
	}
	if want := "person: John Smith (contact:1) | John Smith (contact:2)"; got != want {
		t.Errorf("the plan shows %q, want %q", got, want)
	}
}
