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
	"nextpipe/stages/plan"
	"nextpipe/stages/provision"
	"nextpipe/stages/rollback"
	"nextpipe/stages/scope"
)

// existing adds a person to the account who is contact:1 by name and telephone,
// written as somebody else wrote it.
func existing(t *testing.T, a *sandbox.Account, more map[string]any) (id int64) {
	t.Helper()
	body := map[string]any{"name": "PERSON 1", "phones": []any{map[string]any{"value": rehearse.Phone(1), "primary": true}}}
	for k, v := range more {
		body[k] = v
	}
	id, err := a.Create("persons", body)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestLoad_WhatUsersEnteredSinceThePlanIsNotOverwritten(t *testing.T) {
	db, a := rehearse.Warehouse(t, 1), rehearse.Account(t, 1)
	id := existing(t, a, nil)
	s, ctx := rehearse.Connect(t, db, a), context.Background()
	if _, err := scope.Run(ctx, s); err != nil {
		t.Fatal(err)
	}
	if _, err := plan.Run(ctx, s); err != nil {
		t.Fatal(err)
	}
	if err := a.Edit("persons", id, map[string]any{"emails": []any{map[string]any{"value": "bob@private.example", "primary": true}}}); err != nil {
		t.Fatal(err)
	}
	if _, err := provision.Run(ctx, s); err != nil {
		t.Fatal(err)
	}
	if err := sendOnly(s); err != nil {
		t.Fatal(err)
	}
	if got := mustRecord(t, a, "persons", id)["emails"].([]any)[0].(map[string]any)["value"]; got != "bob@private.example" {
		t.Errorf("the e-mail is %v, want the one a user entered", got)
	}
}

func TestLoad_ADeltaOfAMatchedRecordLeavesItsOwnValuesAlone(t *testing.T) {
	db, a := rehearse.Warehouse(t, 1), rehearse.Account(t, 1)
	id := existing(t, a, nil)
	if err := through(t, db, a); err != nil {
		t.Fatal(err)
	}
	exec(t, db, `UPDATE final_person SET payload = json_set(payload, '$.name', 'Robert', '$.emails[0].value', 'new@example.com') WHERE final_key = 'contact:1'`)
	if err := through(t, db, a); err != nil {
		t.Fatal(err)
	}
	rec := mustRecord(t, a, "persons", id)
	if rec["name"] != "PERSON 1" {
		t.Errorf("the name that was there before us became %v", rec["name"])
	}
	if got := rec["emails"].([]any)[0].(map[string]any)["value"]; got != "new@example.com" {
		t.Errorf("the e-mail that we had filled in is %v, want the new one", got)
	}
}

func TestLoad_AnAnswerDoesNotHideWhatAUserChangedElsewhere(t *testing.T) {
	db, a := rehearse.Warehouse(t, 1), rehearse.Account(t, 1)
	if err := through(t, db, a); err != nil {
		t.Fatal(err)
	}
	id := int64(count(t, db, "SELECT CAST(pipedrive_id AS INTEGER) FROM link WHERE final_key = 'deal:1'"))
	if err := a.Edit("deals", id, map[string]any{"title": "By hand"}); err != nil {
		t.Fatal(err)
	}
	exec(t, db, `UPDATE final_deal SET payload = json_set(payload, '$.value', 77) WHERE final_key = 'deal:1'`)
	_ = through(t, db, a) // its verify sees the title that is not ours any more
	exec(t, db, `UPDATE final_deal SET payload = json_set(payload, '$.title', 'From NextCRM') WHERE final_key = 'deal:1'`)
	_ = through(t, db, a)
	rec := mustRecord(t, a, "deals", id)
	if rec["title"] != "By hand" {
		t.Errorf("the title is %v, want what the user made of it", rec["title"])
	}
	if n := count(t, db, "SELECT count(*) FROM v_rejects WHERE error_code = 'changed_in_pipedrive'"); n != 1 {
		t.Errorf("%d conflicts are reported, want 1", n)
	}
}

func TestRollback_RestoresAMatchedRecordAfterSeveralUpdatesAndCycles(t *testing.T) {
	db, a := rehearse.Warehouse(t, 2), rehearse.Account(t, 1)
	id := existing(t, a, nil)
	for cycle := range 2 {
		if err := a.Edit("persons", id, map[string]any{"name": "Known as Bob " + string(rune('A'+cycle))}); err != nil {
			t.Fatal(err)
		}
		before := a.Dump(marker)
		if err := through(t, db, a); err != nil {
			t.Fatal(err)
		}
		exec(t, db, `UPDATE final_person SET payload = json_set(payload, '$.emails[0].value', 'changed@example.com', '$.phones', json('[{"value":"+4930123","primary":true}]')) WHERE final_key = 'contact:1'`)
		if err := through(t, db, a); err != nil {
			t.Fatal(err)
		}
		if _, err := rollback.Run(context.Background(), rehearse.Connect(t, db, a), rollback.Part{}, false); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(before, a.Dump(marker)); diff != "" {
			t.Fatalf("cycle %d left traces (-before +after):\n%s", cycle, diff)
		}
	}
}

func TestRollback_OfAMatchThatNeededNothingChangesNothing(t *testing.T) {
	db, a := rehearse.Warehouse(t, 1), rehearse.Account(t, 1)
	exec(t, db, `UPDATE final_person SET payload = json_remove(payload, '$.emails', '$.label_ids', '$.custom_fields."@field:person.tier"', '$.custom_fields."@field:person.likes"')`)
	existing(t, a, nil)
	before := a.Dump(marker)
	if err := through(t, db, a); err != nil {
		t.Fatal(err)
	}
	if _, err := rollback.Run(context.Background(), rehearse.Connect(t, db, a), rollback.Part{}, false); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, a.Dump(marker)); diff != "" {
		t.Errorf("rollback left traces (-before +after):\n%s", diff)
	}
}

func TestRollback_KeepsARecordThatUsersAddedTo(t *testing.T) {
	db, a := rehearse.Warehouse(t, 2), rehearse.Account(t, 1)
	if err := through(t, db, a); err != nil {
		t.Fatal(err)
	}
	id := int64(count(t, db, "SELECT CAST(pipedrive_id AS INTEGER) FROM link WHERE final_key = 'contact:1'"))
	if err := a.Edit("persons", id, map[string]any{"phones": []any{map[string]any{"value": "+49 30 1", "primary": true}}}); err != nil {
		t.Fatal(err)
	}
	if _, err := rollback.Run(context.Background(), rehearse.Connect(t, db, a), rollback.Part{}, false); err != nil {
		t.Fatal(err)
	}
	if n := count(t, db, "SELECT count(*) FROM kept_record WHERE entity = 'person' AND final_key = 'contact:1'"); n != 1 || len(a.Records("persons")) != 1 {
		t.Errorf("%d records are kept, the account holds %d persons: a phone that a user added is lost", n, len(a.Records("persons")))
	}
}

func TestPlan_RefusesAnAccountWhoseRecordsAreNotKnown(t *testing.T) {
	db, a := rehearse.Warehouse(t, 1), rehearse.Account(t, 1)
	if _, err := plan.Run(context.Background(), rehearse.Connect(t, db, a)); err == nil {
		t.Error("it planned blind: what the account already has would be created again")
	}
}

func TestScope_TakesTheSnapshotAgainUntilTheFirstWrite(t *testing.T) {
	db, a := rehearse.Warehouse(t, 1), rehearse.Account(t, 1)
	scoped := func() int {
		if _, err := scope.Run(context.Background(), rehearse.Connect(t, db, a)); err != nil {
			t.Fatal(err)
		}
		return count(t, db, "SELECT count(*) FROM dest_record")
	}
	scoped()
	if _, err := a.Create("organizations", map[string]any{"name": "Came later"}); err != nil {
		t.Fatal(err)
	}
	if n := scoped(); n != 1 {
		t.Errorf("the snapshot holds %d records, want the one that came after the first look", n)
	}
	if err := through(t, db, a); err != nil {
		t.Fatal(err)
	}
	if n := scoped(); n != 1 {
		t.Errorf("after the load the snapshot holds %d records, want what was there before us", n)
	}
}

func TestScope_KnowsWhatUsersMadeAndDeletedSinceTheFirstWrite(t *testing.T) {
	db, a := rehearse.Warehouse(t, 2), rehearse.Account(t, 1)
	if err := a.Populate(2, 0, 0); err != nil {
		t.Fatal(err)
	}
	if err := through(t, db, a); err != nil {
		t.Fatal(err)
	}
	foreign := func(want string) {
		t.Helper()
		if _, err := scope.Run(context.Background(), rehearse.Connect(t, db, a)); err != nil {
			t.Fatal(err)
		}
		var names string
		if err := db.Read().QueryRow("SELECT coalesce(group_concat(name, ', '), '') FROM (SELECT name FROM dest_record ORDER BY name)").Scan(&names); err != nil {
			t.Fatal(err)
		}
		if names != want {
			t.Errorf("the snapshot holds %s, want %s", names, want)
		}
	}
	a.Clock().Advance(time.Hour)
	if _, err := a.Create("persons", map[string]any{"name": "Made by hand"}); err != nil {
		t.Fatal(err)
	}
	foreign("Existing company 1, Existing company 2, Made by hand")
	id, err := a.Records("organizations")[0]["id"].(json.Number).Int64()
	if err = errors.Join(err, a.Delete("organizations", id), verifyOnly(t, db, a)); err != nil {
		t.Fatal(err)
	}
	foreign("Existing company 2, Made by hand")
}
