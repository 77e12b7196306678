package rehearse_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nextpipe/fixtures/sandbox"
	"nextpipe/stages/internal/rehearse"
	"nextpipe/stages/internal/warehouse"
	"nextpipe/stages/plan"
	"nextpipe/stages/rollback"
	"nextpipe/stages/verify"
)

// edited is a loaded account in which somebody changed a record an hour later.
func edited(t *testing.T, entity, key string, by map[string]any) (*warehouse.DB, *sandbox.Account, int64) {
	t.Helper()
	db, a := rehearse.Warehouse(t, 2), rehearse.Account(t, 1)
	if err := through(t, db, a); err != nil {
		t.Fatal(err)
	}
	id := idOf(t, db, key)
	byHand(t, a, entity, id, by)
	return db, a, id
}

func byHand(t *testing.T, a *sandbox.Account, entity string, id int64, changes map[string]any) {
	t.Helper()
	a.Clock().Advance(time.Hour)
	if err := a.Edit(entity, id, changes); err != nil {
		t.Fatal(err)
	}
}

// open lists the open conflicts.
func open(t *testing.T, db *warehouse.DB) (out string) {
	t.Helper()
	if err := db.Read().QueryRow(`SELECT coalesce(group_concat(line, '; '), '') FROM (SELECT final_key || ' ' || field_name || ': ' || coalesce(base, '–') || ' | '
		|| coalesce(in_pipedrive, '–') || ' | ' || coalesce(in_nextcrm, '–') AS line FROM conflict WHERE resolved_at IS NULL ORDER BY final_key, field_name)`).Scan(&out); err != nil {
		t.Fatal(err)
	}
	return out
}

// sends runs once more and gives the bodies of the updates that were sent.
func sends(t *testing.T, db *warehouse.DB, a *sandbox.Account) (bodies []string) {
	t.Helper()
	after := count(t, db, "SELECT coalesce(max(op_id), 0) FROM load_op")
	if err := through(t, db, a); err != nil {
		t.Error(err, differences(t, db))
	}
	rows, err := db.Read().Query("SELECT body FROM load_op WHERE op_id > ? AND state = 'done' ORDER BY op_id", after)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var b string
		if err := rows.Scan(&b); err != nil {
			t.Fatal(err)
		}
		bodies = append(bodies, b)
	}
	return bodies
}

// quiet runs twice more: nothing is sent, the conflicts stay as they are and
// are not found anew, and verify calls no value of people a difference.
func quiet(t *testing.T, db *warehouse.DB, a *sandbox.Account) {
	t.Helper()
	const found = "SELECT count(*) * 1000 + coalesce(sum(conflict_id), 0) FROM conflict"
	was, lines, writes := count(t, db, found), open(t, db), len(a.Writes())
	for range 2 {
		if err := through(t, db, a); err != nil {
			t.Error(err, differences(t, db))
		}
	}
	if n := len(a.Writes()) - writes; n != 0 {
		t.Errorf("runs without a change sent %d writes", n)
	}
	if now := count(t, db, found); now != was || open(t, db) != lines {
		t.Errorf("conflicts were %s, are %s (%d, %d)", lines, open(t, db), was, now)
	}
}

func TestMerge_OnlyTheFieldThatBothChangedIsLeftAndTheRestIsSent(t *testing.T) {
	db, a, id := edited(t, "deals", "deal:1", map[string]any{"title": "By hand", "expected_close_date": "2027-01-31"})
	exec(t, db, `UPDATE final_deal SET payload = json_set(payload, '$.title', 'From NextCRM', '$.value', 77) WHERE final_key = 'deal:1'`)
	if diff := cmp.Diff([]string{`{"currency":"EUR","value":77}`}, sends(t, db, a)); diff != "" {
		t.Errorf("sent (-want +got):\n%s", diff)
	}
	if got, want := open(t, db), "deal:1 title: Deal 1 | By hand | From NextCRM"; got != want {
		t.Errorf("in conflict: %s, want %s", got, want)
	}
	if got, want := rejects(t, db), "rejects: deal changed_in_pipedrive title was Deal 1, is now By hand, NextCRM says From NextCRM"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if n := count(t, db, "SELECT blocked FROM reconcile_final WHERE entity = 'deal'"); n != 1 {
		t.Errorf("the ledger counts %d deals as held back, want 1", n)
	}
	rec := mustRecord(t, a, "deals", id)
	if got := fmt.Sprint(rec["title"], rec["value"], rec["expected_close_date"]); got != "By hand772027-01-31" {
		t.Errorf("the deal holds %s", got)
	}
	quiet(t, db, a)
}

// A conflict ends when both say the same again, whoever gave way, and when one
// of them takes his change back.
func TestMerge_AConflictEndsWhenBothAgreeAgain(t *testing.T) {
	nextcrm := func(title string) func(*testing.T, *warehouse.DB, *sandbox.Account, int64) {
		return func(t *testing.T, db *warehouse.DB, _ *sandbox.Account, _ int64) {
			exec(t, db, "UPDATE final_deal SET payload = json_set(payload, '$.title', ?) WHERE final_key = 'deal:1'", title)
		}
	}
	user := func(title string) func(*testing.T, *warehouse.DB, *sandbox.Account, int64) {
		return func(t *testing.T, _ *warehouse.DB, a *sandbox.Account, id int64) {
			byHand(t, a, "deals", id, map[string]any{"title": title})
		}
	}
	decide := func(keep string) func(*testing.T, *warehouse.DB, *sandbox.Account, int64) {
		return func(t *testing.T, db *warehouse.DB, _ *sandbox.Account, _ int64) {
			exec(t, db, "UPDATE conflict SET keep = ?, decided_by = 'Ana'", keep)
		}
	}
	for _, c := range []struct {
		name, want, conflict string
		then                 []func(*testing.T, *warehouse.DB, *sandbox.Account, int64)
	}{
		{"the user takes over NextCRM's", "From NextCRM", "", []func(*testing.T, *warehouse.DB, *sandbox.Account, int64){user("From NextCRM")}},
		{"NextCRM takes over the user's", "By hand", "", []func(*testing.T, *warehouse.DB, *sandbox.Account, int64){nextcrm("By hand")}},
		{"the user goes back", "From NextCRM", "", []func(*testing.T, *warehouse.DB, *sandbox.Account, int64){user("Deal 1")}},
		{"NextCRM goes back", "By hand", "", []func(*testing.T, *warehouse.DB, *sandbox.Account, int64){nextcrm("Deal 1")}},
		{"NextCRM says a third thing", "By hand", "deal:1 title: Deal 1 | By hand | Third", []func(*testing.T, *warehouse.DB, *sandbox.Account, int64){nextcrm("Third")}},
		{"somebody decides for NextCRM", "From NextCRM", "", []func(*testing.T, *warehouse.DB, *sandbox.Account, int64){decide("nextcrm")}},
		{"somebody decides for Pipedrive", "By hand", "", []func(*testing.T, *warehouse.DB, *sandbox.Account, int64){decide("pipedrive")}},
		{"a decision about another value", "Later", "deal:1 title: Deal 1 | Later | From NextCRM", []func(*testing.T, *warehouse.DB, *sandbox.Account, int64){decide("nextcrm"), user("Later")}},
	} {
		t.Run(c.name, func(t *testing.T) {
			db, a, id := edited(t, "deals", "deal:1", map[string]any{"title": "By hand"})
			nextcrm("From NextCRM")(t, db, a, id)
			if sent := sends(t, db, a); len(sent) > 0 {
				t.Errorf("sent %s", sent)
			}
			for _, do := range c.then {
				do(t, db, a, id)
			}
			_ = sends(t, db, a)
			if got := mustRecord(t, a, "deals", id)["title"]; got != c.want || open(t, db) != c.conflict {
				t.Errorf("the title is %v, want %s; in conflict: %s, want %s", got, c.want, open(t, db), c.conflict)
			}
			quiet(t, db, a)
		})
	}
}

// What Pipedrive reads together is left together, and what both changed alike
// is nothing to send; values are shown in people's words.
func TestMerge_ByFieldInPeoplesWords(t *testing.T) {
	for _, c := range []struct {
		name, entity, key string
		by                func(db *warehouse.DB) map[string]any
		source            string
		sent              []string
		conflict          string
	}{
		{"an amount and its currency", "deals", "deal:1", func(*warehouse.DB) map[string]any { return map[string]any{"value": 12} },
			`UPDATE final_deal SET payload = json_set(payload, '$.currency', 'USD', '$.title', 'New') WHERE final_key = 'deal:1'`,
			[]string{`{"title":"New"}`}, "deal:1 currency: EUR | EUR | USD; deal:1 value: 10.50 | 12 | 10.50"},
		{"both alike", "deals", "deal:1", func(*warehouse.DB) map[string]any { return map[string]any{"title": "Same"} },
			`UPDATE final_deal SET payload = json_set(payload, '$.title', 'Same') WHERE final_key = 'deal:1'`, nil, ""},
		{"both alike, and more", "deals", "deal:1", func(*warehouse.DB) map[string]any { return map[string]any{"title": "Same"} },
			`UPDATE final_deal SET payload = json_set(payload, '$.title', 'Same', '$.value', 7) WHERE final_key = 'deal:1'`, []string{`{"currency":"EUR","value":7}`}, ""},
		{"a custom field", "organizations", "account:1", func(db *warehouse.DB) map[string]any {
			return map[string]any{"custom_fields": map[string]any{code(t, db, "organization.budget"): map[string]any{"value": 20, "currency": "EUR"}}}
		}, `UPDATE final_organization SET payload = json_set(payload, '$.name', 'New', '$.custom_fields."@field:organization.budget".value', 30) WHERE final_key = 'account:1'`,
			[]string{`{"name":"New"}`}, "account:1 Budget: 12.50 EUR | 20 EUR | 30 EUR"},
		{"an option", "persons", "contact:1", func(db *warehouse.DB) map[string]any {
			return map[string]any{"custom_fields": map[string]any{code(t, db, "person.tier"): option(t, db, "person.tier:Free")}}
		}, `UPDATE final_person SET payload = json_remove(payload, '$.custom_fields."@field:person.tier"') WHERE final_key = 'contact:1'`,
			nil, "contact:1 Tier: Paid | Free | –"},
		{"a link", "persons", "contact:1", func(db *warehouse.DB) map[string]any { return map[string]any{"org_id": idOf(t, db, "account:3")} },
			`UPDATE final_person SET payload = json_set(payload, '$.org_id."@ref"', 'organization:account:2') WHERE final_key = 'contact:1'`,
			nil, "contact:1 organization: Org 1 | Org 3 | Org 2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			db, a := rehearse.Warehouse(t, 3), rehearse.Account(t, 1)
			if err := through(t, db, a); err != nil {
				t.Fatal(err)
			}
			byHand(t, a, c.entity, idOf(t, db, c.key), c.by(db))
			exec(t, db, c.source)
			if diff := cmp.Diff(c.sent, sends(t, db, a)); diff != "" {
				t.Errorf("sent (-want +got):\n%s", diff)
			}
			if got := open(t, db); got != c.conflict {
				t.Errorf("in conflict: %s, want %s", got, c.conflict)
			}
			quiet(t, db, a)
		})
	}
}

func code(t *testing.T, db *warehouse.DB, symbol string) (out string) {
	t.Helper()
	if err := db.Read().QueryRow("SELECT pipedrive_id FROM bind WHERE kind = 'field' AND symbol = ?", symbol).Scan(&out); err != nil {
		t.Fatal(symbol, err)
	}
	return out
}

func option(t *testing.T, db *warehouse.DB, symbol string) int {
	t.Helper()
	return count(t, db, "SELECT CAST(pipedrive_id AS INTEGER) FROM bind WHERE kind IN ('option', 'label') AND symbol = ?", symbol)
}

// Sets take what NextCRM adds and removes and keep what people added, more than once.
func TestMerge_SetsKeepWhatPeopleAdded(t *testing.T) {
	db, a := rehearse.Warehouse(t, 2), rehearse.Account(t, 1)
	exec(t, db, `INSERT INTO final_label VALUES ('person', 'Old', 2); INSERT INTO final_option VALUES ('person', 'likes', 'Milk', 3), ('person', 'likes', 'Rum', 4)`)
	if err := through(t, db, a); err != nil {
		t.Fatal(err)
	}
	id := idOf(t, db, "contact:1")
	likes := code(t, db, "person.likes")
	byHand(t, a, "persons", id, map[string]any{
		"emails":        []any{map[string]any{"value": "p1@example.com", "primary": false, "label": "home"}, map[string]any{"value": "hers@example.com", "primary": true, "label": "work"}},
		"label_ids":     []any{option(t, db, "person:VIP"), option(t, db, "person:Old")},
		"custom_fields": map[string]any{likes: []any{option(t, db, "person.likes:Coffee"), option(t, db, "person.likes:Rum")}}}) // Tea is gone, Rum is new
	for _, change := range []string{
		`json_set(payload, '$.emails[1]', json('{"value":"new@example.com","primary":false,"label":"work"}'), '$.custom_fields."@field:person.likes"[2]', json('{"@ref":"option:person.likes:Milk"}'))`,
		`json_set(payload, '$.emails[1].value', 'newer@example.com', '$.label_ids', json('[]'))`,
	} {
		exec(t, db, "UPDATE final_person SET payload = "+change+" WHERE final_key = 'contact:1'")
		if sent := sends(t, db, a); len(sent) != 1 {
			t.Errorf("sent %s", sent)
		}
	}
	rec := mustRecord(t, a, "persons", id)
	got, err := json.Marshal([]any{rec["emails"], rec["label_ids"], rec["custom_fields"].(map[string]any)[likes]})
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf(`[[{"label":"home","primary":false,"value":"p1@example.com"},{"label":"work","primary":true,"value":"hers@example.com"},{"label":"work","primary":false,"value":"newer@example.com"}],[%d],[%d,%d,%d]]`,
		option(t, db, "person:Old"), option(t, db, "person.likes:Coffee"), option(t, db, "person.likes:Rum"), option(t, db, "person.likes:Milk"))
	if string(got) != want || open(t, db) != "" {
		t.Errorf("the person holds\n%s, want\n%s; in conflict: %s", got, want, open(t, db))
	}
	quiet(t, db, a)
}

// What only people changed stays, and verify counts it; what the account
// changed without anybody's doing remains a difference.
func TestMerge_WhatOnlyPeopleChangedStaysAndIsNoDifference(t *testing.T) {
	db, a, id := edited(t, "deals", "deal:1", map[string]any{"title": "By hand"})
	exec(t, db, `UPDATE final_deal SET payload = json_set(payload, '$.value', 77) WHERE final_key = 'deal:1'`)
	if sent := sends(t, db, a); len(sent) != 1 {
		t.Errorf("sent %s", sent)
	}
	if got := mustRecord(t, a, "deals", id)["title"]; got != "By hand" || open(t, db) != "" {
		t.Errorf("the title is %v; in conflict: %s", got, open(t, db))
	}
	if n := count(t, db, "SELECT count(*) FROM kept_value WHERE final_key = 'deal:1' AND field = 'title' AND kept = '\"By hand\"'"); n != 1 {
		t.Errorf("%d values are kept by users, want the title", n)
	}
	quiet(t, db, a)
	if err := verifyOnly(t, db, a); err != nil {
		t.Errorf("verify alone: %v %s", err, differences(t, db))
	}
}

func TestMerge_WhatChangedWithoutAnybodysDoingRemainsADifference(t *testing.T) {
	db, a := rehearse.Warehouse(t, 2), rehearse.Account(t, 1)
	if err := through(t, db, a); err != nil {
		t.Fatal(err)
	}
	id := idOf(t, db, "deal:1")
	// In the very second of our own writing: nothing tells that somebody was there.
	if err := a.Edit("deals", id, map[string]any{"title": "Garbled"}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := through(t, db, a); !errors.Is(err, verify.ErrDifferences) {
			t.Errorf("the run ended with %v, want differences", err)
		}
	}
}

// The answer to the part of an update that may be sent is lost: what is in
// conflict is judged again, and nothing is sent twice.
func TestMerge_ALostAnswerForgetsNoConflict(t *testing.T) {
	for _, fault := range []sandbox.Fault{{Do: sandbox.DropAfter}, {Do: sandbox.DropBefore}, {Do: sandbox.Hold, LookUps: 1}, {Do: sandbox.FailAfter, Status: 502}} {
		t.Run(string(fault.Do), func(t *testing.T) {
			db, a, id := edited(t, "deals", "deal:1", map[string]any{"title": "By hand"})
			exec(t, db, `UPDATE final_deal SET payload = json_set(payload, '$.title', 'From NextCRM', '$.value', 77) WHERE final_key = 'deal:1'`)
			fault.Writes, fault.Nth = true, 1
			a.Script(fault)
			if err := through(t, db, a); err != nil {
				t.Error(err, differences(t, db))
			}
			a.Script()
			rec := mustRecord(t, a, "deals", id)
			if got := fmt.Sprint(rec["title"], rec["value"]); got != "By hand77" || !strings.HasPrefix(open(t, db), "deal:1 title") {
				t.Errorf("the deal holds %s; in conflict: %s", got, open(t, db))
			}
			quiet(t, db, a)
		})
	}
}

// A record of ours whose sets were merged with what people added is still a
// record that people touched: a rollback leaves it.
func TestMerge_ARollbackKeepsARecordWhoseSetsPeopleAddedTo(t *testing.T) {
	vip := func(db *warehouse.DB) []any { return []any{option(t, db, "person:VIP"), option(t, db, "person:Old")} }
	for _, c := range []struct {
		name   string
		by     func(db *warehouse.DB) map[string]any
		source string
	}{
		{"an e-mail", func(*warehouse.DB) map[string]any {
			return map[string]any{"emails": []any{map[string]any{"value": "p1@example.com", "primary": true, "label": "work"}, map[string]any{"value": "hers@example.com", "primary": false, "label": "home"}}}
		}, `json_set(payload, '$.emails[1]', json('{"value":"new@example.com","primary":false,"label":"work"}'))`},
		{"another label of an e-mail", func(*warehouse.DB) map[string]any {
			return map[string]any{"emails": []any{map[string]any{"value": "p1@example.com", "primary": true, "label": "home"}}}
		}, `json_set(payload, '$.emails[1]', json('{"value":"new@example.com","primary":false,"label":"work"}'))`},
		{"a label", func(db *warehouse.DB) map[string]any { return map[string]any{"label_ids": vip(db)} }, `json_set(payload, '$.label_ids', json('[]'))`},
		{"a label, and NextCRM says what holds already", func(db *warehouse.DB) map[string]any { return map[string]any{"label_ids": vip(db)} },
			`json_set(payload, '$.label_ids[1]', json('{"@ref":"label:person:Old"}'), '$.name', 'New')`},
	} {
		t.Run(c.name, func(t *testing.T) {
			db, a := rehearse.Warehouse(t, 2), rehearse.Account(t, 1)
			exec(t, db, "INSERT INTO final_label VALUES ('person', 'Old', 2)")
			if err := through(t, db, a); err != nil {
				t.Fatal(err)
			}
			byHand(t, a, "persons", idOf(t, db, "contact:1"), c.by(db))
			exec(t, db, "UPDATE final_person SET payload = "+c.source+" WHERE final_key = 'contact:1'")
			if sent := sends(t, db, a); len(sent) != 1 {
				t.Errorf("sent %s", sent)
			}
			quiet(t, db, a)
			if _, err := rollback.Run(t.Context(), rehearse.Connect(t, db, a), rollback.Part{}, false); err != nil {
				t.Fatal(err)
			}
			if left := len(a.Records("persons")); left != map[bool]int{true: 0, false: 1}[strings.HasSuffix(c.name, "already")] {
				t.Errorf("%d persons are left; kept: %s", left, keptRecords(t, db))
			}
		})
	}
}

// What is left beside a conflict and is refused is not asked for again and again.
func TestMerge_WhatIsRefusedBesideAConflictIsAskedForOnce(t *testing.T) {
	db, a, _ := edited(t, "deals", "deal:1", map[string]any{"title": "By hand"})
	exec(t, db, `UPDATE final_deal SET payload = json_set(payload, '$.title', 'From NextCRM', '$.nonsense', 1) WHERE final_key = 'deal:1'`)
	if sent := sends(t, db, a); len(sent) > 0 {
		t.Errorf("sent %s", sent)
	}
	if text := rejects(t, db); !strings.Contains(text, "nonsense") || !strings.Contains(text, "title was") {
		t.Errorf("%s, want the refusal and the conflict", text)
	}
	quiet(t, db, a)
}

// The plan shows what it would change as it was seen last, and warns where
// people were there before.
func TestPlan_ShowsValuesAsSeenLastAndWhereAConflictWaits(t *testing.T) {
	db, a, _ := edited(t, "deals", "deal:1", map[string]any{"title": "By hand"})
	if err := through(t, db, a); err != nil { // its verify sees the title
		t.Fatal(err)
	}
	exec(t, db, `UPDATE final_deal SET payload = json_set(payload, '$.title', 'From NextCRM', '$.stage_id."@ref"', 'stage:sales/new') WHERE final_key = 'deal:1';
		INSERT INTO final_organization SELECT 'account:9', 9, 'abc123/account:9', 'Org 9', NULL, json_object('name', 'Org 9', 'custom_fields', json_object('@field:organization.nextcrm_id', 'abc123/account:9'));
		DELETE FROM final_deal WHERE final_key = 'deal:2'`)
	if _, err := plan.Run(t.Context(), rehearse.Connect(t, db, a)); err != nil {
		t.Fatal(err)
	}
	var got string
	if err := db.Read().QueryRow(`SELECT group_concat(line, char(10)) FROM (SELECT concat_ws(' | ', action, final_key, coalesce(field, '–'), coalesce(before, '–'), coalesce(after, '–'), note) AS line
		FROM v_plan_diff ORDER BY action, final_key, field)`).Scan(&got); err != nil {
		t.Fatal(err)
	}
	want := strings.Join([]string{
		"create | account:9 | name | – | Org 9",
		"create | account:9 | organization.nextcrm_id | – | abc123/account:9",
		"kept | deal:2 | – | – | – | NextCRM no longer has it; setting gone_records = keep leaves it",
		"update | deal:1 | stage | Signed | New | changed since it was sent",
		"update | deal:1 | title | By hand | From NextCRM | changed in Pipedrive meanwhile: in conflict, and left as it is there, unless both agree",
	}, "\n")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the plan shows (-want +got):\n%s", diff)
	}
}
