package rehearse_test

import (
	"database/sql"
	"encoding/json"
	"testing"

	"nextpipe/fixtures/sandbox"
	"nextpipe/stages/internal/rehearse"
	"nextpipe/stages/internal/warehouse"
)

func write(t *testing.T, db *warehouse.DB, statements string) {
	t.Helper()
	if err := db.Write(t.Context(), func(tx *sql.Tx) error { _, err := tx.Exec(statements); return err }); err != nil {
		t.Fatal(err)
	}
}

// loadedThen is a loaded account whose finals have changed since.
func loadedThen(t *testing.T, statements string) (*warehouse.DB, *sandbox.Account) {
	t.Helper()
	db, a := rehearse.BroadWarehouse(t), rehearse.Account(t, 1)
	if err := through(t, db, a); err != nil {
		t.Fatal(err)
	}
	write(t, db, statements)
	return db, a
}

func live(t *testing.T, db *warehouse.DB, entity string) (n int) {
	t.Helper()
	if err := db.Read().QueryRow("SELECT count(*) FROM link WHERE entity = ? AND state = 'live'", entity).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestDelta_WhatHangsInsideARecordIsTakenAwayWithTheSource(t *testing.T) {
	db, a := loadedThen(t, `DELETE FROM final_deal_product; DELETE FROM final_deal_discount; DELETE FROM final_participant;
		DELETE FROM final_follower; DELETE FROM final_relationship;`)
	for range 2 { // what comes to nothing in the second run
		if err := through(t, db, a); err != nil {
			t.Fatal(err, differences(t, db))
		}
	}
	for _, entity := range []string{"deal_product", "deal_discount", "participant", "organization_follower", "relationship"} {
		if n := live(t, db, entity); n != 0 {
			t.Errorf("%d of %s are still linked", n, entity)
		}
	}
	if n := len(a.Records("dealProducts")); n != 0 {
		t.Errorf("the account still holds %d lines", n)
	}
}

func TestDelta_WholeRecordsStayUnlessTheMapSaysDelete(t *testing.T) {
	db, a := loadedThen(t, "DELETE FROM final_note; DELETE FROM final_activity")
	if err := through(t, db, a); err != nil {
		t.Fatal(err, differences(t, db))
	}
	if n := live(t, db, "note"); n != 1 {
		t.Errorf("%d notes are linked, want the one that is kept", n)
	}
	write(t, db, "INSERT INTO map_setting VALUES ('gone_records', 'delete', 'test', NULL, 'test')")
	if err := through(t, db, a); err != nil {
		t.Fatal(err, differences(t, db))
	}
	if notes, activities := len(a.Records("notes")), len(a.Records("activities")); notes != 0 || activities != 0 {
		t.Errorf("%d notes and %d activities are left", notes, activities)
	}
}

func TestDelta_ARecordThatSomebodyChangedIsNotDeleted(t *testing.T) {
	db, a := loadedThen(t, "DELETE FROM final_note; INSERT INTO map_setting VALUES ('gone_records', 'delete', 'test', NULL, 'test')")
	id, err := a.Records("notes")[0]["id"].(json.Number).Int64()
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Edit("notes", id, map[string]any{"content": "<p>Ours now</p>"}); err != nil {
		t.Fatal(err)
	}
	_ = through(t, db, a) // verify reports the changed content
	if n := len(a.Records("notes")); n != 1 {
		t.Errorf("%d notes are left, want the one that somebody changed", n)
	}
	var code string
	if err := db.Read().QueryRow("SELECT error_code FROM v_rejects WHERE entity = 'note'").Scan(&code); err != nil || code != "changed_in_pipedrive" {
		t.Errorf("it is reported as %q, %v", code, err)
	}
}

func TestDelta_TheBrakeHoldsWhenMostOfTheSourceIsGone(t *testing.T) {
	db, a := rehearse.Warehouse(t, 12), rehearse.Account(t, 1)
	if err := through(t, db, a); err != nil {
		t.Fatal(err)
	}
	write(t, db, "DELETE FROM final_deal; INSERT INTO map_setting VALUES ('gone_records', 'delete', 'test', NULL, 'test')")
	_ = through(t, db, a)
	if n := len(a.Records("deals")); n != 12 {
		t.Errorf("%d of 12 deals are left: the brake did not hold", n)
	}
}

// The value of a deal and its lines change together; a third change must not
// take the second one for a user's.
func TestDelta_ADealAndItsLinesChangeTogetherAgainAndAgain(t *testing.T) {
	db, a := rehearse.BroadWarehouse(t), rehearse.Account(t, 1)
	for _, price := range []string{"6.25", "8.25", "3.75"} {
		write(t, db, `UPDATE final_deal_product SET payload = json_set(payload, '$.item_price', `+price+`);
			UPDATE final_deal SET payload = json_set(payload, '$.value', 2 * `+price+` - 2) WHERE final_key = 'deal:1'`)
		if err := through(t, db, a); err != nil {
			t.Fatalf("price %s: %v %s", price, err, differences(t, db))
		}
	}
}

func TestVerify_SeesTheMarketingStatusOfPersons(t *testing.T) {
	db, a := rehearse.Warehouse(t, 1), rehearse.AccountWith(t, sandbox.Options{Seed: 1, Campaigns: true})
	write(t, db, `UPDATE final_person SET payload = json_set(payload, '$.marketing_status', 'unsubscribed');
		INSERT INTO map_setting VALUES ('marketing_status', 'native', 'test', NULL, 'test')`)
	if err := through(t, db, a); err != nil {
		t.Fatal(err, differences(t, db))
	}
}
