package rehearse_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"nextpipe/fixtures/process"
	"nextpipe/fixtures/sandbox"
	"nextpipe/stages/internal/rehearse"
	"nextpipe/stages/internal/warehouse"
	"nextpipe/stages/rollback"
	"nextpipe/stages/verify"
)

// A user writes below the text of a record whose answer was lost.
func TestUsers_WhoWritesBelowATextWhoseAnswerWasLostGetsNoSecondOne(t *testing.T) {
	for _, c := range []struct{ path, table, text string }{
		{"/api/v1/notes", "notes", "content"},
		{"/api/v2/activities", "activities", "note"},
	} {
		t.Run(c.table, func(t *testing.T) {
			db, a := rehearse.BroadWarehouse(t), rehearse.Account(t, 1)
			a.Script(sandbox.Fault{Method: "POST", Path: c.path, Nth: 1, Do: sandbox.DropAfter, Hook: func(p sandbox.Phase, _ *http.Request) {
				if p != sandbox.Executed {
					return
				}
				rec := a.Records(c.table)[0]
				if err := a.Edit(c.table, number64(rec["id"]), map[string]any{c.text: fmt.Sprint(rec[c.text]) + "<p>called again, wants a call in May</p>"}); err != nil {
					t.Error(err)
				}
			}})
			err := through(t, db, a)
			if n := len(a.Records(c.table)); n != 1 {
				t.Errorf("the account holds %d %s, want 1 (the run ended with %v)", n, c.table, err)
			}
		})
	}
}

// An upload is lost, and a user uploads another file of that name and size.
func TestUsers_AnotherUsersFileOfTheSameNameAndSizeIsNotTakenForOurs(t *testing.T) {
	db, a := rehearse.BroadWarehouse(t), rehearse.Account(t, 1)
	a.Script(sandbox.Fault{Method: "POST", Path: "/api/v1/files", Nth: 1, Do: sandbox.DropBefore, Hook: func(p sandbox.Phase, _ *http.Request) {
		if p != sandbox.Received {
			return
		}
		if _, err := a.AddFile("offer.txt", []byte("OFFER, DRAFT!\n"), map[string]any{"deal_id": recordNamed(a, "deals", "title", "Deal 1")}); err != nil {
			t.Error(err)
		}
	}})
	err := through(t, db, a)
	var arrived bool
	for _, f := range a.Records("files") {
		content, _ := a.FileContent(number64(f["id"]))
		arrived = arrived || string(content) == "offer, signed\n"
	}
	if !arrived {
		t.Errorf("the signed offer is nowhere in the account, and the run ended with %v", err)
	}
}

// The same, after our file has arrived: the census removes the user's.
func TestUsers_TheCensusNeverDeletesAnotherUsersFile(t *testing.T) {
	db, a := rehearse.BroadWarehouse(t), rehearse.Account(t, 1)
	var theirs int64
	a.Script(sandbox.Fault{Method: "POST", Path: "/api/v1/files", Nth: 1, Do: sandbox.DropBefore},
		sandbox.Fault{Method: "POST", Path: "/api/v1/files", Nth: 2, Hook: func(p sandbox.Phase, _ *http.Request) {
			if p != sandbox.Executed || theirs != 0 {
				return
			}
			var err error
			if theirs, err = a.AddFile("offer.txt", []byte("OFFER, DRAFT!\n"), map[string]any{"deal_id": recordNamed(a, "deals", "title", "Deal 1")}); err != nil {
				t.Error(err)
			}
		}})
	err := through(t, db, a)
	if theirs == 0 {
		t.Fatal("the user did not come to uploading", err)
	}
	if _, gone := a.FileContent(theirs); gone != nil {
		t.Errorf("the user's file was deleted: %v (the run ended with %v)", gone, err)
	}
}

// The same a week later: a user uploads the very file again.
func TestUsers_AFileThatAUserUploadsAWeekLaterIsNotDeleted(t *testing.T) {
	db, a := rehearse.BroadWarehouse(t), rehearse.Account(t, 1)
	a.Script(sandbox.Fault{Method: "POST", Path: "/api/v1/files", Nth: 1, Do: sandbox.DropBefore})
	if err := through(t, db, a); err != nil {
		t.Fatal(err)
	}
	a.Script()
	a.Clock().Advance(7 * 24 * time.Hour)
	theirs, err := a.AddFile("offer.txt", []byte("OFFER, DRAFT!\n"), map[string]any{"deal_id": idOf(t, db, "deal:1")})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		t.Log(through(t, db, a), differences(t, db))
	}
	if _, gone := a.FileContent(theirs); gone != nil {
		t.Errorf("the user's file was deleted: %v", gone)
	}
}

// What the source no longer says stays in the account, and nothing tells.
func TestUsers_WhatTheSourceTookAwayIsTakenAwayOrReported(t *testing.T) {
	for _, c := range []struct{ table, path, key, entity, property string }{
		{"final_person", "$.emails", "contact:1", "persons", "emails"},
		{"final_person", "$.label_ids", "contact:1", "persons", "label_ids"},
		{"final_person", "$.org_id", "contact:1", "persons", "org_id"},
		{"final_activity", "$.deal_id", "activity:1", "activities", "deal_id"},
		{"final_activity", "$.due_time", "activity:1", "activities", "due_time"},
	} {
		t.Run(c.property+" of "+c.table, func(t *testing.T) {
			db, a := rehearse.BroadWarehouse(t), rehearse.Account(t, 1)
			if err := through(t, db, a); err != nil {
				t.Fatal(err)
			}
			exec(t, db, "UPDATE "+c.table+" SET payload = json_remove(payload, ?) WHERE final_key = ?", c.path, c.key)
			err := through(t, db, a)
			got := mustRecord(t, a, c.entity, idOf(t, db, c.key))[c.property]
			is, _ := json.Marshal(got)
			if s := string(is); s == "null" || s == "[]" || s == `""` {
				return
			}
			waiting := count(t, db, "SELECT count(*) FROM plan_op WHERE action = 'blocked' AND reason LIKE '%clear it in Pipedrive%'")
			if rejects := waiting + count(t, db, "SELECT count(*) FROM v_rejects"); err == nil && rejects == 0 {
				t.Errorf("the account still says %s, and the run is green: 0 rejects, 0 differences, %d of %d done", is,
					count(t, db, "SELECT sum(done) FROM reconcile_final"), count(t, db, "SELECT sum(planned) FROM reconcile_final"))
			}
		})
	}
}

// A deal with lines whose value changes in the source twice.
func TestUsers_TheValueOfADealWithLinesFollowsTheSourceTwice(t *testing.T) {
	db, a := rehearse.BroadWarehouse(t), rehearse.Account(t, 1)
	if err := through(t, db, a); err != nil {
		t.Fatal(err)
	}
	for _, price := range []float64{7.25, 8.25, 9.25} {
		exec(t, db, "UPDATE final_deal SET payload = json_set(payload, '$.value', ?) WHERE final_key = 'deal:1'", 2*price-2)
		exec(t, db, "UPDATE final_deal_product SET payload = json_set(payload, '$.item_price', ?)", price)
		err := through(t, db, a)
		if n := count(t, db, "SELECT count(*) FROM v_rejects"); err != nil || n > 0 {
			t.Errorf("at price %v: %v, %d conflicts though nobody touched the deal %s", price, err, n, differences(t, db))
		}
	}
}

// A line that moves to another deal in the source.
func TestUsers_ALineThatMovedToAnotherDealMoves(t *testing.T) {
	db, a := rehearse.BroadWarehouse(t), rehearse.Account(t, 1)
	exec(t, db, "DELETE FROM final_deal_discount")
	exec(t, db, "UPDATE final_deal SET payload = json_set(payload, '$.value', 12.5)")
	if err := through(t, db, a); err != nil {
		t.Fatal(err, differences(t, db))
	}
	exec(t, db, `UPDATE final_deal_product SET payload = json_set(payload, '$.deal_id', json('{"@ref":"deal:deal:2"}'))`)
	err := through(t, db, a)
	lines := a.Records("dealProducts")
	if len(lines) != 1 || number64(lines[0]["deal_id"]) != idOf(t, db, "deal:2") {
		t.Errorf("the line is %v, want on deal %d; rejects %d, %v %s", lines, idOf(t, db, "deal:2"), count(t, db, "SELECT count(*) FROM v_rejects"), err, differences(t, db))
	}
}

// An update that is carried out after both looks, then a rollback.
func TestUsers_ALatePatchOfTheirRecordIsTakenBackByARollback(t *testing.T) {
	for _, looks := range []int{0, 1, 2, 3} {
		db, a := rehearse.BroadWarehouse(t), rehearse.Account(t, 1)
		id, err := a.Create("products", map[string]any{"name": "Setup", "code": "S-1"})
		if err != nil {
			t.Fatal(err)
		}
		if looks > 0 {
			a.Script(sandbox.Fault{Method: "PATCH", Path: "/api/v2/products", Nth: 1, Do: sandbox.Hold, LookUps: looks})
		}
		t.Log(through(t, db, a))
		a.ReleaseAll()
		t.Log(through(t, db, a))
		if _, err := rollback.Run(context.Background(), rehearse.Connect(t, db, a), rollback.Part{}, false); err != nil {
			t.Log(err)
		}
		custom, _ := mustRecord(t, a, "products", id)["custom_fields"].(map[string]any)
		for code, value := range custom {
			if value != nil {
				t.Errorf("%d looks: after the rollback their product still says %v in %s; kept: %s", looks, value, code, keptRecords(t, db))
			}
		}
	}
}

// A user moves an activity to another day; the source changes its time.
func TestUsers_AnActivityNeverGetsTheDayOfOneAndTheTimeOfTheOther(t *testing.T) {
	db, a := rehearse.BroadWarehouse(t), rehearse.Account(t, 1)
	if err := through(t, db, a); err != nil {
		t.Fatal(err)
	}
	id := idOf(t, db, "activity:1")
	if err := a.Edit("activities", id, map[string]any{"due_date": "2024-03-10", "due_time": "23:30:00"}); err != nil {
		t.Fatal(err)
	}
	exec(t, db, `UPDATE final_activity SET payload = json_set(payload, '$.due_time', '08:00:00')`)
	_ = through(t, db, a)
	rec := mustRecord(t, a, "activities", id)
	if got := fmt.Sprint(rec["due_date"], " ", rec["due_time"]); strings.HasPrefix(got, "2024-03-10 08") {
		t.Errorf("the activity is at %s: neither NextCRM (2024-02-29 08:00) nor the user (2024-03-10 23:30) said so", got)
	}
}

// The API cannot change a file: one that has another name now is made anew.
func TestUsers_AFileOfAnotherNameIsMadeAnewUnlessSomebodyRenamedIt(t *testing.T) {
	for _, renamed := range []bool{false, true} {
		db, a := rehearse.BroadWarehouse(t), rehearse.AccountWith(t, sandbox.Options{Seed: 1, Projects: true})
		if err := through(t, db, a); err != nil {
			t.Fatal(err)
		}
		if renamed {
			rename(t, a, idOf(t, db, "document:1"), "theirs.txt")
		}
		exec(t, db, `UPDATE final_file SET payload = json_set(payload, '$.name', 'contract.txt', '$."@blob".name', 'contract.txt')`)
		_ = through(t, db, a) // verify reports the name that somebody else gave it
		files := a.Records("files")
		if want := map[bool]string{false: "contract.txt", true: "theirs.txt"}[renamed]; len(files) != 1 || files[0]["name"] != want {
			t.Errorf("the account has %v, want one file called %s", files, want)
		}
	}
}

// Records that NextCRM no longer has, and users' work on them.
func TestUsers_ADeltaNeverDeletesWhatUsersWorkOn(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(t *testing.T, db *warehouse.DB, a *sandbox.Account)
	}{
		{"a note of theirs", func(t *testing.T, db *warehouse.DB, a *sandbox.Account) {
			if _, err := a.Create("notes", map[string]any{"content": "he will sign on Monday", "deal_id": idOf(t, db, "deal:2")}); err != nil {
				t.Fatal(err)
			}
		}},
		{"an activity of theirs", func(t *testing.T, db *warehouse.DB, a *sandbox.Account) {
			if _, err := a.Create("activities", map[string]any{"subject": "sign", "type": "call", "deal_id": idOf(t, db, "deal:2")}); err != nil {
				t.Fatal(err)
			}
		}},
		{"a lost reason that was blank", func(t *testing.T, db *warehouse.DB, a *sandbox.Account) {
			if err := a.Edit("deals", idOf(t, db, "deal:2"), map[string]any{"expected_close_date": "2027-01-31"}); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			db, a := rehearse.BroadWarehouse(t), rehearse.Account(t, 1)
			if err := through(t, db, a); err != nil {
				t.Fatal(err)
			}
			c.do(t, db, a)
			id := idOf(t, db, "deal:2")
			exec(t, db, "DELETE FROM final_deal WHERE final_key = 'deal:2'; INSERT INTO map_setting VALUES ('gone_records', 'delete', 'test', NULL, 'test')")
			err := through(t, db, a)
			if recordNamed(a, "deals", "title", "Deal 2") != id {
				t.Errorf("deal %d, on which a user works, was deleted: %v, %s", id, err, rejects(t, db))
			}
		})
	}
}

// What verify does not see.
func TestUsers_VerifySeesACorruptionOfEveryKind(t *testing.T) {
	path := func(format string, keys ...string) func(t *testing.T, db *warehouse.DB) string {
		return func(t *testing.T, db *warehouse.DB) string {
			ids := make([]any, len(keys))
			for i, k := range keys {
				ids[i] = idOf(t, db, k)
			}
			return fmt.Sprintf(format, ids...)
		}
	}
	for _, c := range []struct {
		name, method string
		path         func(*testing.T, *warehouse.DB) string
		body         map[string]any
	}{
		{"custom amount of an organization", "", path("", "account:1"), nil},
		{"stage of a deal", "PATCH", path("/api/v2/deals/%d", "deal:1"), map[string]any{"status": "open"}},
		{"labels of a deal", "PATCH", path("/api/v2/deals/%d", "deal:1"), map[string]any{"label_ids": []any{}}},
		{"value of a deal without lines", "PATCH", path("/api/v2/deals/%d", "deal:2"), map[string]any{"value": 10.51}},
		{"amount of a discount", "", path("", "deal:1"), nil},
		{"label of an e-mail", "PATCH", path("/api/v2/persons/%d", "contact:1"), map[string]any{"emails": []any{map[string]any{"value": "p1@example.com", "primary": true, "label": "home"}}}},
		{"price of a product", "PATCH", path("/api/v2/products/%d", "product:1"), map[string]any{"prices": []any{map[string]any{"currency": "EUR", "price": 99}}}},
		{"comments of a line", "PATCH", path("/api/v2/deals/%d/products/%d", "deal:1", "deal_line:1"), map[string]any{"comments": "gone"}},
		{"product of a line removed", "DELETE", path("/api/v2/deals/%d/products/%d", "deal:1", "deal_line:1"), nil},
		{"discount of a line", "PATCH", path("/api/v2/deals/%d/products/%d", "deal:1", "deal_line:1"), map[string]any{"discount": 50, "discount_type": "percentage"}},
		{"tax of a line", "PATCH", path("/api/v2/deals/%d/products/%d", "deal:1", "deal_line:1"), map[string]any{"tax": 19}},
		{"a line switched off", "PATCH", path("/api/v2/deals/%d/products/%d", "deal:1", "deal_line:1"), map[string]any{"is_enabled": false}},
		{"type of a relationship", "PUT", nil, nil},
		{"lead value", "PATCH", nil, map[string]any{"value": map[string]any{"amount": 1, "currency": "EUR"}}},
		{"lead labels", "PATCH", nil, map[string]any{"label_ids": []any{}}},
		{"activity day", "PATCH", path("/api/v2/activities/%d", "activity:1"), map[string]any{"due_date": "2024-03-01"}},
		{"activity duration", "PATCH", path("/api/v2/activities/%d", "activity:1"), map[string]any{"duration": "01:00"}},
		{"activity not done", "PATCH", path("/api/v2/activities/%d", "activity:1"), map[string]any{"done": false}},
		{"activity type", "PATCH", path("/api/v2/activities/%d", "activity:1"), map[string]any{"type": "call"}},
		{"activity participants", "PATCH", path("/api/v2/activities/%d", "activity:1"), map[string]any{"participants": []any{}}},
		{"note text", "PUT", path("/v1/notes/%d", "note:1"), map[string]any{"content": "x"}},
		{"note time", "PUT", path("/v1/notes/%d", "note:1"), map[string]any{"add_time": "2020-01-01 00:00:00"}},
		{"file", "DELETE", path("/v1/files/%d", "document:1"), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			db, a := rehearse.BroadWarehouse(t), rehearse.Account(t, 1)
			if err := through(t, db, a); err != nil {
				t.Fatal(err)
			}
			at, body := "", c.body
			switch {
			case strings.HasPrefix(c.name, "lead"):
				at = "/v1/leads/" + fmt.Sprint(a.Records("leads")[0]["id"])
			case c.name == "type of a relationship":
				r := a.Records("organizationRelationships")[0]
				at, body = fmt.Sprint("/v1/organizationRelationships/", r["id"]), map[string]any{"type": "related"}
			case c.name == "custom amount of an organization":
				code := ""
				_ = db.Read().QueryRow("SELECT pipedrive_id FROM bind WHERE symbol = 'organization.budget'").Scan(&code)
				c.method, at = "PATCH", fmt.Sprintf("/api/v2/organizations/%d", idOf(t, db, "account:1"))
				body = map[string]any{"custom_fields": map[string]any{code: map[string]any{"value": 12.51, "currency": "EUR"}}}
			case c.name == "amount of a discount":
				c.method, at = "PATCH", fmt.Sprintf("/api/v2/deals/%d/discounts/%v", idOf(t, db, "deal:1"), a.Records("dealDiscounts")[0]["id"])
				body = map[string]any{"amount": 1}
			default:
				at = c.path(t, db)
			}
			var in any
			if body != nil {
				in = body
			}
			if _, err := a.Act(c.method, at, in); err != nil {
				t.Fatal(err)
			}
			if err := verifyOnly(t, db, a); !errors.Is(err, verify.ErrDifferences) {
				t.Errorf("verify gave %v", err)
			}
		})
	}
}

// What a plan promises and what is spent on its kinds by load and verify.
func TestUsers_APlanNamesWhatIsSpent(t *testing.T) {
	db, a := rehearse.BroadWarehouse(t), rehearse.Account(t, 1)
	if err := through(t, db, a); err != nil {
		t.Fatal(err)
	}
	const snapshot = 4*10 + 20 // stands on a line of its own; archived deals have a list of theirs
	promised := count(t, db, "SELECT tokens FROM plan")
	spent := count(t, db, `SELECT sum(tokens) FROM http_log WHERE path NOT GLOB '*Fields*' AND path NOT GLOB '*Types*' AND path NOT GLOB '*users*'
		AND path NOT GLOB '*currencies*' AND path NOT GLOB '*leadLabels*' AND path NOT GLOB '*pipelines*' AND path NOT GLOB '*stages*'
		AND path NOT GLOB '*boards*' AND path NOT GLOB '*phases*'`) - snapshot
	if spent*100 > promised*102 {
		t.Errorf("the plan says %d tokens, load and verify spent %d", promised, spent)
	}
}

// A block in the middle of a request for many.
func TestUsers_ABulkRequestThatIsBlockedOrToldToWait(t *testing.T) {
	for _, effect := range []sandbox.Effect{sandbox.Cloudflare, sandbox.TooManyBurst, sandbox.TooManyDaily, sandbox.Unauthorized, sandbox.Truncate} {
		t.Run(string(effect), func(t *testing.T) {
			db, a := rehearse.BroadWarehouse(t), rehearse.Account(t, 1)
			sevenLines(t, db)
			a.Script(sandbox.Fault{Path: "/api/v2/deals/", Nth: 1, Writes: true, Do: effect})
			err := through(t, db, a)
			a.Script()
			if err != nil {
				t.Log(err)
				a.Clock().Advance(25 * 60 * 60 * 1e9)
				err = through(t, db, a)
			}
			if n := len(a.Records("dealProducts")); err != nil || n != 7 {
				t.Errorf("%d lines, want 7: %v", n, err)
			}
		})
	}
}

// A user's copy of our activity, note or deal.
func TestUsers_ACopyThatAUserMadeOfAnActivityIsNoDifferenceOfOurs(t *testing.T) {
	db, a := rehearse.BroadWarehouse(t), rehearse.Account(t, 1)
	if err := through(t, db, a); err != nil {
		t.Fatal(err)
	}
	a.Clock().Advance(7 * 24 * time.Hour)
	rec := mustRecord(t, a, "activities", idOf(t, db, "activity:1"))
	if _, err := a.Create("activities", map[string]any{"subject": "Visit again", "type": rec["type"], "due_date": "2027-01-01", "note": rec["note"]}); err != nil {
		t.Fatal(err)
	}
	if err := verifyOnly(t, db, a); err != nil {
		t.Errorf("%v %s", err, differences(t, db))
	}
}

// A user merges an organization of ours between the phases.
func TestUsers_AnOrganizationMergedBetweenThePhases(t *testing.T) {
	db, a := rehearse.BroadWarehouse(t), rehearse.Account(t, 1)
	done := false
	a.Script(sandbox.Fault{Method: "POST", Path: "/api/v2/persons", Nth: 1, Hook: func(p sandbox.Phase, _ *http.Request) {
		if p != sandbox.Received || done {
			return
		}
		done = true
		orgs := a.Records("organizations")
		if _, err := a.Act("PUT", fmt.Sprintf("/v1/organizations/%v/merge", orgs[1]["id"]), map[string]any{"merge_with_id": orgs[0]["id"]}); err != nil {
			t.Error(err)
		}
	}})
	for range 3 {
		t.Log(through(t, db, a), differences(t, db))
	}
	linked, bad := count(t, db, "SELECT count(*) FROM link WHERE state IN ('live', 'gone')"), count(t, db, "SELECT count(*) FROM v_rejects")
	if all := count(t, db, "SELECT count(*) FROM final_item"); linked+bad != all || len(a.Records("organizations")) != 1 || len(a.Records("persons")) > 2 {
		t.Errorf("%d linked and %d rejects of %d; %s", linked, bad, all, rejects(t, db))
	}
}

// delta changes a final record of every kind that can be changed.
const delta = `UPDATE final_organization SET payload = json_set(payload, '$.name', 'Org 1 new') WHERE final_key = 'account:1';
UPDATE final_person SET payload = json_set(payload, '$.emails[0].value', 'new1@example.com') WHERE final_key = 'contact:1';
UPDATE final_product SET payload = json_set(payload, '$.name', 'Setup 2', '$.prices[0].price', 6);
UPDATE final_deal SET payload = json_set(payload, '$.title', 'Deal 1 new', '$.value', 12.5) WHERE final_key = 'deal:1';
UPDATE final_relationship SET payload = json_set(payload, '$.type', 'related');
UPDATE final_deal_product SET payload = json_set(payload, '$.item_price', 7.25, '$.discount', 0);
UPDATE final_deal_discount SET payload = json_set(payload, '$.description', 'Rounding 2 [NextCRM abc123/deal_discount:1]');
UPDATE final_lead SET payload = json_set(payload, '$.title', 'Very interested', '$.value.amount', 8);
UPDATE final_activity SET payload = json_set(payload, '$.subject', 'Visit 2', '$.note', '<p>Saw the cellar</p><p><small>[NextCRM abc123/activity:1]</small></p>', '$.done', json('false'));
UPDATE final_note SET payload = json_set(payload, '$.content', '<p>b</p><p><small>[NextCRM abc123/note:1]</small></p>');`

// A delta of every kind but filters, undisturbed and with lost answers.
func TestUsers_ADeltaOfEveryKind(t *testing.T) {
	run := func(t *testing.T, fault *sandbox.Fault) (dump string, writes int) {
		db, a := rehearse.BroadWarehouse(t), rehearse.Account(t, 1)
		if err := through(t, db, a); err != nil {
			t.Fatal(err)
		}
		exec(t, db, delta)
		before := len(a.Writes())
		if fault != nil {
			a.Script(*fault)
		}
		err := through(t, db, a)
		if err != nil || count(t, db, "SELECT count(*) FROM v_rejects") > 0 {
			t.Errorf("the delta: %v, %s %s", err, rejects(t, db), differences(t, db))
		}
		a.Script()
		writes = len(a.Writes()) - before
		again := len(a.Writes())
		if err := through(t, db, a); err != nil || len(a.Writes()) != again {
			t.Errorf("the run after it: %v, %d writes", err, len(a.Writes())-again)
		}
		return a.Dump(marker), writes
	}
	want, writes := run(t, nil)
	t.Log(writes, "writes")
	for _, fault := range []sandbox.Fault{{Do: sandbox.DropAfter}, {Do: sandbox.DropBefore}, {Do: sandbox.Hold, LookUps: 1}, {Do: sandbox.FailAfter, Status: 500}} {
		for k := 1; k <= writes; k += process.Stride {
			t.Run(fmt.Sprint(fault.Do, k), func(t *testing.T) {
				f := fault
				f.Writes, f.Nth = true, k
				if got, _ := run(t, &f); got != want {
					t.Error("the account differs from an undisturbed one")
				}
			})
		}
	}
}

// A rollback after a delta of every kind.
func TestUsers_RollbackAfterADeltaLeavesNothingOfAnyKind(t *testing.T) {
	db, a := rehearse.BroadWarehouse(t), rehearse.Account(t, 1)
	before := a.Dump(marker)
	if err := through(t, db, a); err != nil {
		t.Fatal(err)
	}
	exec(t, db, delta)
	t.Log(through(t, db, a), differences(t, db), rejects(t, db))
	res, err := rollback.Run(t.Context(), rehearse.Connect(t, db, a), rollback.Part{}, false)
	if after := a.Dump(marker); err != nil || res.Left != 0 || after != before {
		t.Errorf("%v; left %d, as before: %t; kept:\n%s", err, res.Left, after == before, keptRecords(t, db))
	}
}

// Users changed what the source changes, in every kind of v1 and nested.
func TestUsers_AConflictInEveryKindIsReportedAndTheUsersWordStays(t *testing.T) {
	db, a := rehearse.BroadWarehouse(t), rehearse.Account(t, 1)
	if err := through(t, db, a); err != nil {
		t.Fatal(err)
	}
	lead := fmt.Sprint(a.Records("leads")[0]["id"])
	act(t, a, "PATCH", "/v1/leads/"+lead, map[string]any{"title": "By hand"})
	act(t, a, "PUT", fmt.Sprintf("/v1/notes/%d", idOf(t, db, "note:1")), map[string]any{"content": "By hand"})
	act(t, a, "PATCH", fmt.Sprintf("/api/v2/activities/%d", idOf(t, db, "activity:1")), map[string]any{"note": "By hand"})
	act(t, a, "PATCH", fmt.Sprintf("/api/v2/deals/%d/products/%d", idOf(t, db, "deal:1"), idOf(t, db, "deal_line:1")), map[string]any{"item_price": 99})
	act(t, a, "PATCH", fmt.Sprintf("/api/v2/products/%d", idOf(t, db, "product:1")), map[string]any{"name": "By hand"})
	exec(t, db, delta)
	_ = through(t, db, a)
	for _, c := range []struct{ entity, key string }{{"leads", "title"}, {"notes", "content"}, {"activities", "note"}, {"products", "name"}} {
		if got := a.Records(c.entity)[0][c.key]; got != "By hand" {
			t.Errorf("%s: %v", c.entity, got)
		}
	}
	if got := fmt.Sprint(a.Records("dealProducts")[0]["item_price"]); got != "99" {
		t.Errorf("the line costs %s", got)
	}
	if n := count(t, db, "SELECT count(*) FROM v_rejects WHERE error_code = 'changed_in_pipedrive'"); n < 5 {
		t.Errorf("%d conflicts", n)
	}
}

// The first organization is refused: everything that hangs on it.
func TestUsers_WhatHangsOnARefusedRecordIsReportedAndComesLater(t *testing.T) {
	want, _ := undisturbedBroad(t)
	db, a := rehearse.BroadWarehouse(t), rehearse.Account(t, 1)
	exec(t, db, `UPDATE final_organization SET payload = json_set(payload, '$.nonsense', 1) WHERE final_key = 'account:1'`)
	for range 2 {
		if err := through(t, db, a); err != nil {
			t.Error(err)
		}
	}
	linked, rejects, off := count(t, db, "SELECT count(*) FROM link WHERE state IN ('live', 'gone')"), count(t, db, "SELECT count(*) FROM v_rejects"), count(t, db, "SELECT sum(off_by) + sum(pending) FROM reconcile_final")
	if linked+rejects != count(t, db, "SELECT count(*) FROM final_item") || off != 0 {
		t.Errorf("%d linked, %d rejects, of %d; off %d", linked, rejects, count(t, db, "SELECT count(*) FROM final_item"), off)
	}
	exec(t, db, `UPDATE final_organization SET payload = json_remove(payload, '$.nonsense') WHERE final_key = 'account:1'`)
	if err := through(t, db, a); err != nil {
		t.Error(err)
	}
	if a.Dump(marker) != want {
		t.Error("the account differs from an undisturbed one")
	}
}

// A user deletes a record of ours that the source leaves as it is.
func TestUsers_WhatAUserDeletedIsNotReportedAsLostForEver(t *testing.T) {
	db, a := rehearse.BroadWarehouse(t), rehearse.Account(t, 1)
	if err := through(t, db, a); err != nil {
		t.Fatal(err)
	}
	if err := a.Delete("notes", idOf(t, db, "note:1")); err != nil {
		t.Fatal(err)
	}
	var err error
	for range 3 {
		err = through(t, db, a)
	}
	if err != nil {
		t.Errorf("the third run after a user's deletion: %v %s; links gone: %d", err, differences(t, db), count(t, db, "SELECT count(*) FROM link WHERE state = 'gone'"))
	}
}

// A user's word about an e-mail.
func TestUsers_ALabelThatAUserGaveAnEmailIsNotOverwritten(t *testing.T) {
	db, a := rehearse.BroadWarehouse(t), rehearse.Account(t, 1)
	if err := through(t, db, a); err != nil {
		t.Fatal(err)
	}
	id := idOf(t, db, "contact:1")
	if err := a.Edit("persons", id, map[string]any{"emails": []any{map[string]any{"value": "p1@example.com", "primary": true, "label": "home"}}}); err != nil {
		t.Fatal(err)
	}
	exec(t, db, `UPDATE final_person SET payload = json_set(payload, '$.emails[1]', json('{"value":"p1b@example.com","primary":false,"label":"work"}')) WHERE final_key = 'contact:1'`)
	err := through(t, db, a)
	if got := fmt.Sprint(mustRecord(t, a, "persons", id)["emails"]); !strings.Contains(got, "home") {
		t.Errorf("the user called it home, now it is %s (%v, %d rejects)", got, err, count(t, db, "SELECT count(*) FROM v_rejects"))
	}
}

// A line whose text a user rewrote while its answer was lost.
func TestUsers_ALineWhoseTextAUserRewroteIsNotMadeAgain(t *testing.T) {
	db, a := rehearse.BroadWarehouse(t), rehearse.Account(t, 1)
	a.Script(sandbox.Fault{Method: "POST", Path: "/api/v2/deals/", Nth: 1, Do: sandbox.DropAfter, Hook: func(p sandbox.Phase, r *http.Request) {
		if p == sandbox.Executed && strings.HasSuffix(r.URL.Path, "/products") {
			l := a.Records("dealProducts")[0]
			if _, err := a.Act("PATCH", fmt.Sprintf("/api/v2/deals/%v/products/%v", l["deal_id"], l["id"]), map[string]any{"comments": fmt.Sprint(l["comments"], " - with discount")}); err != nil {
				t.Error(err)
			}
		}
	}})
	err := through(t, db, a)
	if n := len(a.Records("dealProducts")); n != 1 {
		t.Errorf("the deal has %d lines, want 1; verify: %v %s", n, err, differences(t, db))
	}
}

// A list gets another name, or a filter another condition, in the source.
func TestUsers_AFilterFollowsTheSource(t *testing.T) {
	for _, change := range []string{"json_set(payload, '$.name', 'NextCRM list: Big news')"} {
		db, a := rehearse.BroadWarehouse(t), rehearse.Account(t, 1)
		if err := through(t, db, a); err != nil {
			t.Fatal(err)
		}
		exec(t, db, "UPDATE final_filter SET payload = "+change)
		if err := through(t, db, a); err != nil || rejects(t, db) != "rejects: none" {
			t.Errorf("%s: %v, %s %s", change, err, rejects(t, db), differences(t, db))
		}
	}
}

// Users delete parents between the phases.
func TestUsers_ParentsDeletedBetweenThePhases(t *testing.T) {
	for _, c := range []struct{ table, key, title string }{{"deals", "title", "Deal 1"}, {"persons", "name", "Person 2"}, {"organizations", "name", "Org 1"}} {
		t.Run(c.table, func(t *testing.T) {
			db, a := rehearse.BroadWarehouse(t), rehearse.Account(t, 1)
			done := false
			a.Script(sandbox.Fault{Method: "POST", Path: "/api/v1/organizationRelationships", Nth: 1, Hook: func(p sandbox.Phase, _ *http.Request) {
				if p == sandbox.Received && !done {
					done = true
					if err := a.Delete(c.table, recordNamed(a, c.table, c.key, c.title)); err != nil {
						t.Error(err)
					}
				}
			}})
			for range 2 {
				err := through(t, db, a)
				if err != nil && !errors.Is(err, verify.ErrDifferences) {
					t.Error(err)
				}
			}
			linked, bad := count(t, db, "SELECT count(*) FROM link WHERE state IN ('live', 'gone')"), count(t, db, "SELECT count(*) FROM v_rejects")
			if all := count(t, db, "SELECT count(*) FROM final_item"); linked+bad != all {
				t.Errorf("%d linked and %d rejects of %d; %s", linked, bad, all, rejects(t, db))
			}
			t.Log(linked, rejects(t, db))
		})
	}
}

// A price list of theirs: a delta of prices must not drop it.
func TestUsers_PricesThatUsersAddedAreAConflict(t *testing.T) {
	db, a := rehearse.BroadWarehouse(t), rehearse.Account(t, 1)
	if err := through(t, db, a); err != nil {
		t.Fatal(err)
	}
	id := idOf(t, db, "product:1")
	if err := a.Edit("products", id, map[string]any{"prices": []any{map[string]any{"currency": "EUR", "price": 5.25}, map[string]any{"currency": "USD", "price": 6}}}); err != nil {
		t.Fatal(err)
	}
	exec(t, db, `UPDATE final_product SET payload = json_set(payload, '$.prices[0].price', 7)`)
	_ = through(t, db, a)
	if got := mustRecord(t, a, "products", id)["prices"].([]any); len(got) != 2 {
		t.Errorf("the price a user added is gone: %v", got)
	}
}

// A cost that a user wrote beside our price.
func TestUsers_ACostThatAUserWroteBesideOurPriceStays(t *testing.T) {
	db, a := rehearse.BroadWarehouse(t), rehearse.Account(t, 1)
	if err := through(t, db, a); err != nil {
		t.Fatal(err)
	}
	id := idOf(t, db, "product:1")
	if err := a.Edit("products", id, map[string]any{"prices": []any{map[string]any{"currency": "EUR", "price": 5.25, "cost": 3}}}); err != nil {
		t.Fatal(err)
	}
	exec(t, db, `UPDATE final_product SET payload = json_set(payload, '$.prices[0].price', 7)`)
	err := through(t, db, a)
	if got := fmt.Sprint(mustRecord(t, a, "products", id)["prices"]); !strings.Contains(got, "cost:3") {
		t.Errorf("the cost a user wrote is gone: %s (%v, %s)", got, err, rejects(t, db))
	}
}

// The same with the parts of an address.
func TestUsers_AddressPartsThatAUserAddedStay(t *testing.T) {
	db, a := rehearse.BroadWarehouse(t), rehearse.Account(t, 1)
	exec(t, db, `UPDATE final_organization SET payload = json_set(payload, '$.address', json('{"value":"Brno","country":"Czechia"}')) WHERE final_key = 'account:1'`)
	if err := through(t, db, a); err != nil {
		t.Fatal(err)
	}
	id := idOf(t, db, "account:1")
	if err := a.Edit("organizations", id, map[string]any{"address": map[string]any{"value": "Brno", "country": "Czechia", "postal_code": "60200", "route": "Orli"}}); err != nil {
		t.Fatal(err)
	}
	exec(t, db, `UPDATE final_organization SET payload = json_set(payload, '$.address', json('{"value":"Praha","country":"Czechia"}')) WHERE final_key = 'account:1'`)
	err := through(t, db, a)
	if got := fmt.Sprint(mustRecord(t, a, "organizations", id)["address"]); !strings.Contains(got, "60200") && strings.HasPrefix(rejects(t, db), "rejects: none") {
		t.Errorf("what a user added to the address is gone and no conflict is reported: %s (%v)", got, err)
	}
}

// Another user's participant of an activity of ours.
func TestUsers_AParticipantThatAUserAddedIsAConflict(t *testing.T) {
	db, a := rehearse.BroadWarehouse(t), rehearse.Account(t, 1)
	if err := through(t, db, a); err != nil {
		t.Fatal(err)
	}
	p, err := a.Create("persons", map[string]any{"name": "Theirs"})
	if err != nil {
		t.Fatal(err)
	}
	id := idOf(t, db, "activity:1")
	one, two := idOf(t, db, "contact:1"), idOf(t, db, "contact:2")
	if err := a.Edit("activities", id, map[string]any{"participants": []any{map[string]any{"person_id": one, "primary": true}, map[string]any{"person_id": two, "primary": false}, map[string]any{"person_id": p, "primary": false}}}); err != nil {
		t.Fatal(err)
	}
	exec(t, db, `UPDATE final_activity SET payload = json_remove(payload, '$.participants[1]')`)
	_ = through(t, db, a)
	if got := mustRecord(t, a, "activities", id)["participants"].([]any); len(got) != 3 {
		t.Errorf("participants are %v", got)
	}
}

// A user duplicates a deal of ours whose first sending was lost.
func TestUsers_ADuplicateThatAUserMadeIsNotDeletedAsATwin(t *testing.T) {
	db, a := rehearse.Warehouse(t, 1), rehearse.Account(t, 1)
	a.Script(sandbox.Fault{Method: "POST", Path: "/api/v2/deals", Nth: 1, Do: sandbox.DropBefore})
	if err := through(t, db, a); err != nil {
		t.Fatal(err)
	}
	a.Script()
	a.Clock().Advance(7 * 24 * time.Hour)
	rec, body := mustRecord(t, a, "deals", idOf(t, db, "deal:1")), map[string]any{}
	for _, key := range []string{"title", "value", "currency", "status", "won_time", "stage_id", "org_id", "person_id", "label_ids", "owner_id", "custom_fields"} {
		body[key] = rec[key]
	}
	theirs, err := a.Create("deals", body)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		t.Log(through(t, db, a), differences(t, db))
	}
	for _, d := range a.Records("deals") {
		if number64(d["id"]) == theirs {
			return
		}
	}
	t.Error("the copy that a user made a week after the load was deleted")
}

// Two files of one name and size on one deal, both sendings in doubt.
func TestUsers_TwoFilesOfOneNameAndSizeBothArrive(t *testing.T) {
	for try := range 6 {
		db, a := rehearse.BroadWarehouse(t), rehearse.Account(t, 1)
		other := []byte("OFFER, SIGNED\n")
		if err := os.WriteFile(db.Path()+".files/other", other, 0o600); err != nil {
			t.Fatal(err)
		}
		hash := fmt.Sprintf("%x", sha256.Sum256(other))
		exec(t, db, `INSERT INTO final_file VALUES ('document:2', 2, 'abc123/document:2', 'offer.txt', 14, ?1, 'other', 'deal:1', NULL, NULL,
			'{"name":"offer.txt","deal_id":{"@ref":"deal:deal:1"},"@blob":{"path":"other","name":"offer.txt","size":14,"sha256":"' || ?1 || '"}}')`, hash)
		a.Script(sandbox.Fault{Method: "POST", Path: "/api/v1/files", Nth: 1 + try%2, Do: sandbox.DropBefore}, sandbox.Fault{Method: "POST", Path: "/api/v1/files", Nth: 2 - try%2, Do: sandbox.DropAfter})
		err := through(t, db, a)
		bytes := map[string]int{}
		for _, f := range a.Records("files") {
			content, _ := a.FileContent(number64(f["id"]))
			bytes[string(content)]++
		}
		if len(bytes) != 2 {
			t.Fatalf("the account holds %v, and the run ended with %v", bytes, err)
		}
	}
}
