package rehearse_test

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nextpipe/fixtures/process"
	"nextpipe/fixtures/sandbox"
	"nextpipe/stages/internal/entity"
	"nextpipe/stages/internal/rehearse"
	"nextpipe/stages/internal/warehouse"
	"nextpipe/stages/rollback"
)

// undisturbedBroad is what an account holds after a load of every kind without faults.
func undisturbedBroad(t *testing.T) (dump string, writes int) {
	t.Helper()
	a := rehearse.Account(t, 1)
	if err := through(t, rehearse.BroadWarehouse(t), a); err != nil {
		t.Fatal(err)
	}
	return a.Dump(marker), len(a.Writes())
}

func TestLoad_EveryKindOfRecordArrives(t *testing.T) {
	db, a := rehearse.BroadWarehouse(t), rehearse.Account(t, 1)
	if err := through(t, db, a); err != nil {
		t.Fatal(err, differences(t, db))
	}
	for _, e := range entity.All {
		var final, live int
		if err := db.Read().QueryRow("SELECT (SELECT count(*) FROM final_item WHERE entity = ?1), (SELECT count(*) FROM link WHERE entity = ?1 AND state = 'live')", e.Name).
			Scan(&final, &live); err != nil || final != live {
			t.Errorf("%s: %d final records, %d linked, %v", e.Name, final, live, err)
		}
	}
	writes := len(a.Writes())
	if err := through(t, db, a); err != nil {
		t.Fatal(err)
	}
	if again := len(a.Writes()) - writes; again != 0 {
		t.Errorf("the second run wrote %d times, want 0: %v", again, a.Writes()[writes:])
	}
}

// differences is table difference as text.
func differences(t *testing.T, db *warehouse.DB) string {
	t.Helper()
	var out string
	if err := db.Read().QueryRow("SELECT coalesce(group_concat(entity || ' ' || coalesce(final_key, '') || ' ' || kind || ' ' || coalesce(field, '') || ': want ' || coalesce(want, '') || ', got ' || coalesce(got, ''), char(10)), '') FROM difference").
		Scan(&out); err != nil {
		t.Fatal(err)
	}
	return "\n" + out
}

func TestLoad_EveryKindSurvivesALostAnswer(t *testing.T) {
	want, writes := undisturbedBroad(t)
	for _, fault := range []sandbox.Fault{{Do: sandbox.DropBefore}, {Do: sandbox.DropAfter}, {Do: sandbox.Hold, LookUps: 1}} {
		for k := 1; k <= writes; k += process.Stride {
			t.Run(fmt.Sprintf("%s at write %d", fault.Do, k), func(t *testing.T) {
				t.Parallel()
				db, a := rehearse.BroadWarehouse(t), rehearse.Account(t, 1)
				nth := fault
				nth.Writes, nth.Nth = true, k
				a.Script(nth)
				if err := through(t, db, a); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, a.Dump(marker)); diff != "" {
					t.Errorf("the account differs from an undisturbed one:\n%s", diff)
				}
			})
		}
	}
}

func TestRollback_LeavesNothingOfAnyKind(t *testing.T) {
	db, a := rehearse.BroadWarehouse(t), rehearse.Account(t, 1)
	before := a.Dump(marker)
	if err := through(t, db, a); err != nil {
		t.Fatal(err)
	}
	res, err := rollback.Run(t.Context(), rehearse.Connect(t, db, a), rollback.Part{}, false)
	if err != nil || res.Left != 0 {
		t.Errorf("rollback: %v, %s", err, res)
	}
	if diff := cmp.Diff(before, a.Dump(marker)); diff != "" {
		t.Errorf("traces are left (-before +after):\n%s", diff)
	}
}

func TestRollback_OfEveryKindSurvivesALostAnswer(t *testing.T) {
	for _, fault := range []sandbox.Fault{{Do: sandbox.DropBefore}, {Do: sandbox.FailAfter, Status: 502}, {Do: sandbox.Hold, LookUps: 1}} {
		t.Run(string(fault.Do), func(t *testing.T) {
			t.Parallel()
			for k := 1; ; k += process.Stride {
				db, a := rehearse.BroadWarehouse(t), rehearse.Account(t, 1)
				before := a.Dump(marker)
				if err := through(t, db, a); err != nil {
					t.Fatal(err)
				}
				loaded := len(a.Writes())
				fault.Writes, fault.Nth = true, k
				a.Script(fault)
				if _, err := rollback.Run(t.Context(), rehearse.Connect(t, db, a), rollback.Part{}, false); err != nil {
					t.Fatalf("write %d: %v", k, err)
				}
				if diff := cmp.Diff(before, a.Dump(marker)); diff != "" {
					t.Fatalf("write %d left traces (-before +after):\n%s", k, diff)
				}
				if len(a.Writes())-loaded < k {
					return
				}
			}
		})
	}
}

func TestLoad_WhoIsInASetAlreadyIsLinkedAndNotAddedTwice(t *testing.T) {
	db, a := rehearse.BroadWarehouse(t), rehearse.Account(t, 1)
	edit := func(statement string) {
		t.Helper()
		if err := db.Write(t.Context(), func(tx *sql.Tx) error { _, err := tx.Exec(statement); return err }); err != nil {
			t.Fatal(err)
		}
	}
	edit("CREATE TABLE later AS SELECT * FROM final_follower; DELETE FROM final_follower")
	if err := through(t, db, a); err != nil {
		t.Fatal(err)
	}
	var org, sam string
	if err := db.Read().QueryRow("SELECT pipedrive_id, (SELECT pipedrive_id FROM dest_user WHERE email = 'sam@sandbox.example') FROM link WHERE final_key = 'account:1'").Scan(&org, &sam); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Act("POST", "/api/v2/organizations/"+org+"/followers", map[string]any{"user_id": json.Number(sam)}); err != nil {
		t.Fatal(err)
	}
	edit("INSERT INTO final_follower SELECT * FROM later")
	if err := through(t, db, a); err != nil {
		t.Fatal(err, differences(t, db))
	}
	var origin string
	if err := db.Read().QueryRow("SELECT origin FROM link WHERE entity = 'organization_follower'").Scan(&origin); err != nil || origin != "matched" {
		t.Errorf("the follower who was there is linked as %q, %v; want matched, so that a rollback leaves him", origin, err)
	}
}

// sevenLines gives the second deal seven lines that add up to its value, and
// no other deal any.
func sevenLines(t *testing.T, db *warehouse.DB) {
	t.Helper()
	err := db.Write(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.Exec(`DELETE FROM final_deal_product; DELETE FROM final_deal_discount; INSERT INTO final_deal_product
			SELECT 'line:' || value, 10 + value, 'abc123/line:' || value, 'deal:2', 'product:1', '1', '1.5',
				'{"deal_id":{"@ref":"deal:deal:2"},"product_id":{"@ref":"product:product:1"},"item_price":1.5,"quantity":1,"comments":"Part ' || value || ' [NextCRM abc123/line:' || value || ']"}'
			FROM json_each('[1,2,3,4,5,6,7]')`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestLoad_ManyLinesOfADealGoInOneRequest(t *testing.T) {
	for _, fault := range []sandbox.Fault{{}, {Do: sandbox.Half}, {Do: sandbox.DropAfter}, {Do: sandbox.DropBefore}, {Do: sandbox.FailAfter, Status: 502}} {
		t.Run(string(fault.Do), func(t *testing.T) {
			db, a := rehearse.BroadWarehouse(t), rehearse.Account(t, 1)
			sevenLines(t, db)
			if fault.Do != "" {
				fault.Path, fault.Nth, fault.Writes = "/api/v2/deals/", 1, true
				a.Script(fault)
			}
			if err := through(t, db, a); err != nil {
				t.Fatal(err, differences(t, db))
			}
			var sent, lines int
			if err := db.Read().QueryRow(`SELECT (SELECT count(*) FROM http_log WHERE method = 'POST' AND path LIKE '/api/v2/deals/%/products%'),
				(SELECT count(*) FROM seen_record WHERE entity = 'deal_product')`).Scan(&sent, &lines); err != nil || lines != 7 {
				t.Errorf("%d lines arrived, %v; want 7", lines, err)
			}
			if disturbed := fault.Do != "" && fault.Do != sandbox.DropAfter && fault.Do != sandbox.FailAfter; disturbed != (sent > 1) {
				t.Errorf("the lines took %d requests", sent)
			}
		})
	}
}

func TestLoad_AFileUploadedAfterBothLooksIsRemoved(t *testing.T) {
	want, _ := undisturbedBroad(t)
	for _, looks := range []int{2, 3} {
		db, a := rehearse.BroadWarehouse(t), rehearse.Account(t, 1)
		a.Script(sandbox.Fault{Writes: true, Path: "/api/v1/files", Nth: 1, Do: sandbox.Hold, LookUps: looks})
		if err := through(t, db, a); err != nil {
			t.Logf("%d looks: the run in which it appeared: %v", looks, err)
		}
		a.ReleaseAll()
		// One run may be needed to see it and one to remove it.
		for range 2 {
			if err := through(t, db, a); err != nil {
				t.Logf("%d looks: %v", looks, err)
			}
		}
		var removed int
		if err := db.Read().QueryRow("SELECT count(*) FROM load_op WHERE entity = 'file' AND verb = 'delete' AND state = 'done'").Scan(&removed); err != nil || removed != 1 {
			t.Errorf("%d looks: %d twins were removed, %v; want 1", looks, removed, err)
		}
		if diff := cmp.Diff(want, a.Dump(marker)); diff != "" {
			t.Errorf("%d looks: the account differs from an undisturbed one:\n%s", looks, diff)
		}
	}
}

// The view of all final records and the table of one kind say the same.
func TestForOne_ReadsOfOneKindWhatTheViewOfAllShows(t *testing.T) {
	db := rehearse.BroadWarehouse(t)
	const rows = "SELECT json_group_array(json_array(entity, final_key, seq, marker, payload)) FROM (SELECT * FROM final_item WHERE entity = ? ORDER BY final_key)"
	for _, name := range entity.Names() {
		var all, one string
		if err := db.Read().QueryRow(rows, name).Scan(&all); err != nil {
			t.Fatal(err)
		}
		if err := db.Read().QueryRow(entity.ForOne(rows, name), name).Scan(&one); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if all == "[]" && name != "person_follower" && name != "deal_follower" || one != all {
			t.Errorf("%s: the view shows %s, the table %s", name, all, one)
		}
	}
}
