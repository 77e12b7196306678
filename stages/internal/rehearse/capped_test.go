package rehearse_test

import (
	"errors"
	"strings"
	"testing"

	"nextpipe/fixtures/sandbox"
	"nextpipe/stages/internal/rehearse"
	"nextpipe/stages/internal/stage"
	"nextpipe/stages/internal/warehouse"
	"nextpipe/stages/verify"
)

// manyNotes are 200 notes on the first deal and one on the second.
func manyNotes(t *testing.T) *warehouse.DB {
	t.Helper()
	db := rehearse.BroadWarehouse(t)
	exec(t, db, `DELETE FROM final_note; WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 201)
		INSERT INTO final_note SELECT 'note:' || i, i, 'abc123/note:' || i, NULL, iif(i = 201, 'deal:2', 'deal:1'), NULL, NULL, NULL, NULL,
		'{"content":"<p>' || i || '</p><p><small>[NextCRM abc123/note:' || i || ']</small></p>","deal_id":{"@ref":"deal:deal:' || iif(i = 201, 2, 1) || '"}}' FROM n`)
	return db
}

func TestCapped_OneFullDealDoesNotKeepNotesFromTheOthers(t *testing.T) {
	db, a := manyNotes(t), rehearse.AccountWith(t, sandbox.Options{Seed: 1, NotesPerDeal: 2})
	if err := through(t, db, a); err != nil || len(a.Records("notes")) != 3 {
		t.Fatalf("%v; the account holds %d notes, want 2 on the full deal and 1 on the other", err, len(a.Records("notes")))
	}
	if n := count(t, db, "SELECT count(*) FROM v_rejects WHERE entity = 'note' AND error_code = 'capped' AND message LIKE '%limit%' AND payload IS NOT NULL"); n != 198 {
		t.Errorf("%d notes are listed as capped, want 198: %.300s", n, rejects(t, db))
	}
	if n := count(t, db, "SELECT sum(off_by) + sum(pending) FROM reconcile_final"); n != 0 {
		t.Errorf("the ledger is off by %d", n)
	}
	if n := count(t, db, "SELECT count(*) FROM http_log WHERE path = '/api/v1/notes' AND method = 'POST'"); n > 60 {
		t.Errorf("%d requests were made for 3 notes of one full deal", n)
	}
}

func TestCapped_WhatFoundNoRoomIsTriedAgainInTheNextRun(t *testing.T) {
	db, a := manyNotes(t), rehearse.AccountWith(t, sandbox.Options{Seed: 1, NotesPerDeal: 198})
	if err := through(t, db, a); err != nil || len(a.Records("notes")) != 199 {
		t.Fatalf("%v; the account holds %d notes, want 199", err, len(a.Records("notes")))
	}
	room := 0
	for _, n := range a.Records("notes") {
		if room < 2 && strings.HasPrefix(n["content"].(string), "<p>1") {
			room++
			act(t, a, "PUT", "/v1/notes/"+n["id"].(interface{ String() string }).String(), map[string]any{"deal_id": idOf(t, db, "deal:2")})
		}
	}
	_ = through(t, db, a) // its verify sees what was moved
	if n := count(t, db, "SELECT count(*) FROM v_rejects WHERE error_code = 'capped'"); n != 0 || len(a.Records("notes")) != 201 {
		t.Errorf("%d notes of 201 arrived, %d are capped", len(a.Records("notes")), n)
	}
}

func TestCapped_LinesGoOneByOneWhereNotAllOfThemFit(t *testing.T) {
	db, a := rehearse.BroadWarehouse(t), rehearse.AccountWith(t, sandbox.Options{Seed: 1, ProductsPerDeal: 3})
	sevenLines(t, db)
	exec(t, db, `INSERT INTO final_deal_product VALUES ('line:x', 99, 'abc123/line:x', 'deal:1', 'product:1', '1', '10.5',
		'{"deal_id":{"@ref":"deal:deal:1"},"product_id":{"@ref":"product:product:1"},"item_price":10.5,"quantity":1,"comments":"Part [NextCRM abc123/line:x]"}')`)
	// A deal without some of its lines is worth less, and that is no secret.
	err := through(t, db, a)
	if n := count(t, db, "SELECT count(*) FROM difference WHERE entity = 'deal' AND field = 'value' AND final_key = 'deal:2'"); !errors.Is(err, verify.ErrDifferences) || n != 1 {
		t.Errorf("%v; %s", err, differences(t, db))
	}
	if n := len(a.Records("dealProducts")); n != 4 {
		t.Errorf("the account holds %d lines, want 3 on the full deal and 1 on the other", n)
	}
	if n := count(t, db, "SELECT count(*) FROM v_rejects WHERE entity = 'deal_product' AND error_code = 'capped' AND state = 'blocked'"); n != 4 {
		t.Errorf("%d lines are listed, want 4: %s", n, rejects(t, db))
	}
}

func TestCapped_AnActivityTypeTooManyKeepsNothingElseAway(t *testing.T) {
	db, a := rehearse.BroadWarehouse(t), rehearse.AccountWith(t, sandbox.Options{Seed: 1, EntityCaps: map[string]int{"activityTypes": 6}})
	if err := through(t, db, a); err != nil || len(a.Records("organizations")) != 2 || len(a.Records("notes")) == 0 {
		t.Errorf("%v; %d of 2 organizations and %d notes arrived", err, len(a.Records("organizations")), len(a.Records("notes")))
	}
	if n := count(t, db, "SELECT count(*) FROM v_rejects WHERE entity = 'activity_type' AND error_code = 'capped'"); n == 0 {
		t.Errorf("the type is not listed: %s", rejects(t, db))
	}
	if n := count(t, db, "SELECT count(*) FROM v_rejects WHERE entity = 'activity' AND error_code = 'unbound_reference' AND message LIKE '%activity_type%'"); n == 0 {
		t.Errorf("no activity waits for its type: %s", rejects(t, db))
	}
}

// A user makes by hand what the account had no room for.
func TestCapped_ATypeThatSomebodyMadeIsUsedAndNoRejectIsLeft(t *testing.T) {
	db, a := rehearse.BroadWarehouse(t), rehearse.AccountWith(t, sandbox.Options{Seed: 1, EntityCaps: map[string]int{"activityTypes": 6}})
	if err := through(t, db, a); err != nil {
		t.Fatal(err)
	}
	var name string
	if err := db.Read().QueryRow(`SELECT t.name FROM final_activity_type AS t JOIN v_rejects AS r ON r.final_key = t.type_key AND r.entity = 'activity_type'`).Scan(&name); err != nil {
		t.Fatal(err)
	}
	exec(t, db, "UPDATE final_activity_type SET name = 'Lunch' WHERE name = ?", name) // a type that every account has
	_ = through(t, db, a)
	if got := rejects(t, db); got != "rejects: none" {
		t.Error(got)
	}
}

func TestCapped_FieldsTooManyLeaveOutTheRecordsThatNeedThem(t *testing.T) {
	// Room for the fields "NextCRM ID", which come first, and no more.
	db := rehearse.Warehouse(t, 1)
	exec(t, db, "UPDATE final_organization SET payload = json_remove(payload, '$.custom_fields.\"@field:organization.budget\"')")
	a := rehearse.AccountWith(t, sandbox.Options{Seed: 1, FieldCap: 3})
	if err := through(t, db, a); err != nil {
		t.Fatal(err)
	}
	if n := len(a.Records("organizations")); n != 1 {
		t.Errorf("%d organizations arrived, want the one that needs no other field", n)
	}
	if n := count(t, db, "SELECT count(*) FROM v_rejects WHERE error_code = 'capped'"); n != 3 {
		t.Errorf("%d fields are listed, want 3: %s", n, rejects(t, db))
	}
	if n := count(t, db, "SELECT count(*) FROM v_rejects WHERE entity IN ('person', 'deal') AND state = 'blocked' AND error_code = 'unbound_reference'"); n != 2 {
		t.Errorf("%d records wait, want the person and its deal: %s", n, rejects(t, db))
	}
}

func TestCapped_NothingIsSentWithoutTheFieldThatTellsOurRecords(t *testing.T) {
	db, a := rehearse.Warehouse(t, 1), rehearse.AccountWith(t, sandbox.Options{Seed: 1, FieldCap: 2})
	err := through(t, db, a)
	if !errors.Is(err, stage.ErrInput) || !strings.Contains(err.Error(), "NextCRM ID") {
		t.Errorf("%v, want one that names the field", err)
	}
	if n := len(a.Records("organizations")); n != 0 {
		t.Errorf("%d organizations arrived", n)
	}
}

func TestCapped_WithoutABoardItsProjectsWait(t *testing.T) {
	db, a := rehearse.BroadWarehouse(t), rehearse.AccountWith(t, sandbox.Options{Seed: 1, EntityCaps: map[string]int{"boards": 1, "pipelines": 1}})
	for len(a.Records("boards")) < 1 {
		if _, err := a.Create("boards", map[string]any{"name": "Theirs"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := through(t, db, a); err != nil {
		t.Fatal(err)
	}
	if n := count(t, db, "SELECT count(*) FROM v_rejects WHERE entity IN ('pipeline', 'board') AND error_code = 'capped'"); n != 3 {
		t.Errorf("%d of 2 pipelines and a board are listed: %s", n, rejects(t, db))
	}
	if n := count(t, db, "SELECT count(*) FROM v_rejects WHERE entity IN ('project', 'deal') AND state = 'blocked'"); n != 3 {
		t.Errorf("%d of 2 deals and a project wait: %s", n, rejects(t, db))
	}
	if n := len(a.Records("persons")); n != 2 {
		t.Errorf("%d of 2 persons arrived", n)
	}
}
