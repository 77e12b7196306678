package rehearse_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nextpipe/fixtures/sandbox"
	"nextpipe/stages/internal/pipedrive"
	"nextpipe/stages/internal/rehearse"
	"nextpipe/stages/internal/target"
	"nextpipe/stages/internal/warehouse"
	"nextpipe/stages/load"
	"nextpipe/stages/scope"
	"nextpipe/stages/verify"
)

func exec(t *testing.T, db *warehouse.DB, query string, args ...any) {
	t.Helper()
	if err := db.Write(context.Background(), func(tx *sql.Tx) error { _, err := tx.Exec(query, args...); return err }); err != nil {
		t.Fatal(err)
	}
}

func count(t *testing.T, db *warehouse.DB, query string, args ...any) (n int) {
	t.Helper()
	if err := db.Read().QueryRow(query, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestLoad_OneWarehouseFillsTwoAccountsFromTheSameFinals(t *testing.T) {
	db := rehearse.Warehouse(t, 3)
	one, two := rehearse.Account(t, 1), rehearse.Account(t, 2)
	for _, a := range []*sandbox.Account{one, two} {
		if err := through(t, db, a); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(one.Dump(marker), two.Dump(marker)); diff != "" {
		t.Errorf("the two accounts differ:\n%s", diff)
	}
	if n := count(t, db, "SELECT count(DISTINCT pipedrive_id) FROM bind WHERE kind = 'field' AND symbol = 'person.nextcrm_id'"); n != 2 {
		t.Errorf("the marker field has %d codes, want one for each account", n)
	}
}

func TestLoad_ChangedRowsArePatchedWithChangedKeysOnly(t *testing.T) {
	db, a := rehearse.Warehouse(t, 2), rehearse.Account(t, 1)
	if err := through(t, db, a); err != nil {
		t.Fatal(err)
	}
	exec(t, db, `UPDATE final_deal SET payload = json_set(payload, '$.title', 'Renamed', '$.value', 99) WHERE final_key = 'deal:2'`)
	writes := len(a.Writes())
	if err := through(t, db, a); err != nil {
		t.Fatal(err)
	}
	if sent := a.Writes()[writes:]; len(sent) != 1 || sent[0].Method != "PATCH" {
		t.Fatalf("a changed deal sent %+v, want one PATCH", sent)
	}
	var body string
	if err := db.Read().QueryRow("SELECT body FROM load_op WHERE verb = 'update'").Scan(&body); err != nil {
		t.Fatal(err)
	}
	if want := `{"currency":"EUR","title":"Renamed","value":99}`; body != want {
		t.Errorf("sent %s, want %s", body, want)
	}
}

func TestLoad_WhatAUserChangedMeanwhileIsLeftAloneAndReported(t *testing.T) {
	db, a := rehearse.Warehouse(t, 2), rehearse.Account(t, 1)
	if err := through(t, db, a); err != nil {
		t.Fatal(err)
	}
	id := int64(count(t, db, "SELECT CAST(pipedrive_id AS INTEGER) FROM link WHERE final_key = 'account:1'"))
	if err := a.Edit("organizations", id, map[string]any{"name": "By hand"}); err != nil {
		t.Fatal(err)
	}
	exec(t, db, `UPDATE final_organization SET payload = json_set(payload, '$.name', 'From NextCRM') WHERE final_key = 'account:1'`)
	if err := through(t, db, a); err != nil {
		t.Errorf("got %v, want no difference: the name is in conflict, and listed there", err)
	}
	rec, err := a.Record("organizations", id)
	if err != nil || rec["name"] != "By hand" {
		t.Errorf("the user's name is %v (%v)", rec["name"], err)
	}
	if n := count(t, db, "SELECT count(*) FROM v_rejects WHERE error_code = 'changed_in_pipedrive'"); n != 1 {
		t.Errorf("%d conflicts are reported, want 1", n)
	}
}

func TestLoad_RecordsThatUsersDeletedAreNotCreatedAgain(t *testing.T) {
	db, a := rehearse.Warehouse(t, 2), rehearse.Account(t, 1)
	if err := through(t, db, a); err != nil {
		t.Fatal(err)
	}
	id := int64(count(t, db, "SELECT CAST(pipedrive_id AS INTEGER) FROM link WHERE final_key = 'deal:1'"))
	if err := a.Delete("deals", id); err != nil {
		t.Fatal(err)
	}
	exec(t, db, `UPDATE final_deal SET payload = json_set(payload, '$.title', 'Renamed') WHERE final_key = 'deal:1'`)
	for range 2 {
		_ = through(t, db, a)
		if n := len(a.Records("deals")); n != 1 {
			t.Fatalf("the account holds %d deals, want 1", n)
		}
	}
	if n := count(t, db, "SELECT count(*) FROM link WHERE final_key = 'deal:1' AND state = 'gone'"); n != 1 {
		t.Error("the deleted deal is not marked as gone")
	}
}

func TestLoad_ARefusedRecordBlocksItsChildrenAndIsRetriedOnlyAfterACorrection(t *testing.T) {
	db, a := rehearse.Warehouse(t, 2), rehearse.Account(t, 1)
	exec(t, db, `UPDATE final_organization SET payload = json_set(payload, '$.nonsense', 1) WHERE final_key = 'account:1'`)
	exec(t, db, `INSERT INTO xw_account (row_id, source_id, account_key, fate, final_key) VALUES (7, 'A7', 'account:7', 'merged', 'account:1'), (1, 'A1', 'account:1', 'final', 'account:1')`)
	if err := through(t, db, a); err != nil {
		t.Fatal(err)
	}
	if n := count(t, db, "SELECT count(*) FROM v_rejects"); n != 3 {
		t.Errorf("%d rejects, want the organization, its person and its deal", n)
	}
	if n := count(t, db, "SELECT count(*) FROM v_rejects WHERE entity = 'organization' AND source_ids = 'A1, A7' AND field = 'nonsense'"); n != 1 {
		t.Errorf("the reject does not name its source row and its field: %s", rejects(t, db))
	}
	if n := count(t, db, "SELECT sum(off_by) + sum(pending) FROM reconcile_final"); n != 0 {
		t.Errorf("the final ledger is off by %d", n)
	}
	writes := len(a.Writes())
	if err := through(t, db, a); err != nil {
		t.Fatal(err)
	}
	if more := len(a.Writes()) - writes; more != 0 {
		t.Errorf("the same refusal was asked for again in %d writes", more)
	}
	exec(t, db, `UPDATE final_organization SET payload = json_remove(payload, '$.nonsense') WHERE final_key = 'account:1'`)
	if err := through(t, db, a); err != nil {
		t.Fatal(err)
	}
	if n := len(a.Records("deals")); n != 2 {
		t.Errorf("after the correction the account holds %d deals, want 2", n)
	}
}

func TestLoad_TheSameServerErrorTwiceIsARefusal(t *testing.T) {
	db, a := rehearse.Warehouse(t, 2), rehearse.Account(t, 1)
	a.Script(sandbox.Fault{Method: "POST", Path: "/api/v2/deals", Do: sandbox.FailBefore, Status: 500})
	if err := through(t, db, a); err != nil {
		t.Fatal(err)
	}
	if n := count(t, db, "SELECT count(*) FROM load_op WHERE entity = 'deal' AND state = 'refused' AND status = 500"); n != 2 {
		t.Errorf("%d deals are refused, want 2", n)
	}
}

func TestLoad_ProductionStaysShutWithoutASignedRehearsal(t *testing.T) {
	db := rehearse.Warehouse(t, 2)
	a, err := sandbox.New(sandbox.Options{Seed: 3, Role: "production"})
	if err != nil {
		t.Fatal(err)
	}
	if err := through(t, db, a); !errors.Is(err, load.ErrGate) {
		t.Errorf("got %v, want a closed gate", err)
	}
	if n := len(a.Records("organizations")); n != 0 {
		t.Errorf("%d organizations were sent through a closed gate", n)
	}
}

func TestConnect_ASecondProductionAccountIsDrift(t *testing.T) {
	db := rehearse.Warehouse(t, 1)
	ctx := context.Background()
	connect := func(seed int64) error {
		a, err := sandbox.New(sandbox.Options{Seed: seed, Role: "production"})
		if err != nil {
			t.Fatal(err)
		}
		url, stop, err := a.Start()
		if err != nil {
			t.Fatal(err)
		}
		defer stop()
		run, err := db.BeginRun(ctx, "test")
		if err != nil {
			t.Fatal(err)
		}
		_, err = target.Connect(ctx, db, run, target.Config{URL: url, Token: a.Token(), Now: a.Clock().Now, Wait: a.Clock().Sleep})
		return err
	}
	if err := connect(7); err != nil {
		t.Fatal(err)
	}
	if err := connect(7); err != nil {
		t.Errorf("the same account again: %v", err)
	}
	if err := connect(8); !errors.Is(err, warehouse.ErrDrift) {
		t.Errorf("another account gave %v, want drift", err)
	}
}

func TestConnect_AStandInNeverTakesTheRowOfARealCompany(t *testing.T) {
	db, a := rehearse.Warehouse(t, 1), rehearse.Account(t, 1)
	rehearse.Connect(t, db, a)
	exec(t, db, "UPDATE target SET is_local = 0")
	run, err := db.BeginRun(context.Background(), "test")
	if err != nil {
		t.Fatal(err)
	}
	url, stop, err := a.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	if _, err := target.Connect(context.Background(), db, run, target.Config{URL: url, Token: a.Token()}); !errors.Is(err, warehouse.ErrDrift) {
		t.Errorf("got %v, want drift", err)
	}
}

func TestVerify_SeesEveryKindOfCorruption(t *testing.T) {
	for _, c := range []struct {
		name    string
		corrupt func(t *testing.T, a *sandbox.Account, id int64)
		kind    string
	}{
		{"a changed value", func(t *testing.T, a *sandbox.Account, id int64) {
			if err := a.Edit("persons", id, map[string]any{"name": "Somebody"}); err != nil {
				t.Fatal(err)
			}
		}, "value"},
		{"a deleted record", func(t *testing.T, a *sandbox.Account, id int64) {
			if err := a.Delete("persons", id); err != nil {
				t.Fatal(err)
			}
		}, "missing"},
		{"a copy", func(t *testing.T, a *sandbox.Account, id int64) {
			rec, err := a.Record("persons", id)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := a.Create("persons", map[string]any{"name": "Copy", "custom_fields": rec["custom_fields"]}); err != nil {
				t.Fatal(err)
			}
		}, "surplus"},
	} {
		t.Run(c.name, func(t *testing.T) {
			db, a := rehearse.Warehouse(t, 2), rehearse.Account(t, 1)
			if err := through(t, db, a); err != nil {
				t.Fatal(err)
			}
			c.corrupt(t, a, int64(count(t, db, "SELECT CAST(pipedrive_id AS INTEGER) FROM link WHERE final_key = 'contact:1'")))
			if _, err := verify.Run(context.Background(), rehearse.Connect(t, db, a)); !errors.Is(err, verify.ErrDifferences) {
				t.Errorf("verify gave %v, want differences", err)
			}
			if n := count(t, db, "SELECT count(*) FROM difference WHERE kind = ?", c.kind); n == 0 {
				t.Errorf("no difference of kind %s", c.kind)
			}
		})
	}
}

func TestScope_AnInterruptedSnapshotStartsAgain(t *testing.T) {
	db, a := rehearse.Warehouse(t, 1), rehearse.Account(t, 1)
	if err := a.Populate(700, 5, 5); err != nil {
		t.Fatal(err)
	}
	a.Script(sandbox.Fault{Method: "GET", Path: "/api/v2/persons", Times: 10, Nth: 1, Do: sandbox.Cloudflare})
	if _, err := scope.Run(context.Background(), rehearse.Connect(t, db, a)); err == nil {
		t.Fatal("a blocked snapshot succeeded")
	}
	a.Script()
	a.Clock().Advance(20 * time.Minute)
	if _, err := scope.Run(context.Background(), rehearse.Connect(t, db, a)); err != nil {
		t.Fatal(err)
	}
	if n := count(t, db, "SELECT count(*) FROM dest_record"); n != 710 {
		t.Errorf("the snapshot holds %d records, want 710", n)
	}
}

func TestToken_IsNowhereInTheWarehouse(t *testing.T) {
	canaries := []string{"canarytoken0123456789", "secondcanary9876543210"}
	users := admins()[:2]
	users[0].Token, users[1].Token = canaries[0], canaries[1]
	db := rehearse.Warehouse(t, 4)
	a := rehearse.AccountWith(t, sandbox.Options{Seed: 1, Users: users})
	a.Script(sandbox.Fault{Writes: true, Nth: 3, Do: sandbox.FailBefore, Status: 400}, sandbox.Fault{Writes: true, Nth: 9, Do: sandbox.Truncate})
	err := loadInto(t, rehearse.ConnectWith(t, db, a, target.Config{Token: strings.Join(canaries, ",")}))
	for _, canary := range canaries {
		if err != nil && strings.Contains(err.Error(), canary) {
			t.Error("a token is in an error")
		}
		if n := count(t, db, "SELECT count(*) FROM http_log WHERE path LIKE ?", "%"+canary+"%"); n != 0 {
			t.Error("a token is in the request log")
		}
		assertNotInFile(t, db.Path(), canary)
		assertNotInFile(t, db.Path()+"-wal", canary)
	}
}

func assertNotInFile(t *testing.T, path, secret string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(data, []byte(secret)) {
		t.Errorf("the token is in %s", filepath.Base(path))
	}
}

func TestLoad_ACappedEntityStopsAloneAndIsCounted(t *testing.T) {
	db := rehearse.Warehouse(t, 5)
	a, err := sandbox.New(sandbox.Options{Seed: 1, DealCap: 2})
	if err != nil {
		t.Fatal(err)
	}
	if err := through(t, db, a); err != nil {
		t.Fatal(err)
	}
	if n := len(a.Records("deals")); n != 2 {
		t.Errorf("the account holds %d deals, want its cap of 2", n)
	}
	if n := count(t, db, "SELECT pending FROM reconcile_final WHERE entity = 'deal'"); n != 3 {
		t.Errorf("%d deals are pending, want 3", n)
	}
}

func TestLoad_ASpentBudgetStopsAndTheNextDayGoesOn(t *testing.T) {
	db := rehearse.Warehouse(t, 10)
	a, err := sandbox.New(sandbox.Options{Seed: 1, DailyTokens: 330, Projects: true})
	if err != nil {
		t.Fatal(err)
	}
	want, _ := undisturbed(t, 10)
	days := 0
	for days = 1; days < 6; days++ {
		err := through(t, db, a)
		if err == nil {
			break
		}
		if !errors.Is(err, pipedrive.ErrBudgetSpent) {
			t.Fatalf("day %d ended with %v, want a spent budget", days, err)
		}
		a.Clock().Advance(24 * time.Hour)
	}
	if days == 1 || days == 6 {
		t.Fatalf("it took %d days", days)
	}
	if diff := cmp.Diff(want, a.Dump(marker)); diff != "" {
		t.Errorf("after %d days the account differs from an undisturbed one:\n%s", days, diff)
	}
}

func TestLoad_StopsAtOnceWhenBlockedOrUnauthorisedAndGoesOnLater(t *testing.T) {
	want, _ := undisturbed(t, 3)
	for _, effect := range []sandbox.Effect{sandbox.Cloudflare, sandbox.Unauthorized} {
		db, a := rehearse.Warehouse(t, 3), rehearse.Account(t, 1)
		a.Script(sandbox.Fault{Writes: true, Path: "/api/v2/persons", Do: effect})
		if err := through(t, db, a); err == nil {
			t.Fatalf("%s: the run went on", effect)
		}
		if n := count(t, db, "SELECT count(*) FROM load_op WHERE state = 'refused'"); n != 0 {
			t.Errorf("%s: %d operations count as refused", effect, n)
		}
		a.Script()
		a.Clock().Advance(time.Hour)
		if err := through(t, db, a); err != nil {
			t.Fatalf("%s: the next run: %v", effect, err)
		}
		if diff := cmp.Diff(want, a.Dump(marker)); diff != "" {
			t.Errorf("%s: the account differs from an undisturbed one:\n%s", effect, diff)
		}
	}
}

// A custom field is named by its name, not by its code.
func TestLoad_ARejectNamesTheCustomFieldAsPeopleKnowIt(t *testing.T) {
	db, a := rehearse.Warehouse(t, 1), rehearse.Account(t, 1)
	exec(t, db, `UPDATE final_person SET payload = json_set(payload, '$.custom_fields."@field:person.nextcrm_id"', 5)`)
	if err := through(t, db, a); err != nil {
		t.Fatal(err)
	}
	var field string
	if err := db.Read().QueryRow("SELECT coalesce(field, 'none') FROM v_rejects WHERE entity = 'person'").Scan(&field); err != nil || field != "NextCRM ID" {
		t.Errorf("the reject names %q, want NextCRM ID (%v, %s)", field, err, rejects(t, db))
	}
}
