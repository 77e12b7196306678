package stages

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"nextpipe/fixtures/nextcrm/pgtest"
	"nextpipe/fixtures/sandbox"
)

// In NextCRM, after the first load: a new contact, changed fields of an account,
// a deal, an activity and a line, a deal won, a line and an activity gone, and a
// second contact who is the first one of another cluster.
const sourceChanges = `
INSERT INTO "crm_Contacts" ("id", "first_name", "last_name", "email", "account", "cratedAt", "created_on", "last_activity")
VALUES ('c0000000-0000-4000-8000-000000000901', 'Nova', 'Poslova', 'nova@omega.example', 'a0000000-0000-4000-8000-000000000009', '2026-01-02', '2026-01-02', '2026-01-02'),
	('c0000000-0000-4000-8000-000000000902', 'Tomáš', 'Marek', 'tomas.marek@gama-invest.example', 'a0000000-0000-4000-8000-000000000005', '2024-01-12 21:00', '2024-01-12', '2024-01-12');
UPDATE "crm_Contacts" SET "mobile_phone" = '+420 602 999 888' WHERE "id" = 'c0000000-0000-4000-8000-000000000902';
UPDATE "crm_Accounts" SET "website" = 'https://omega-new.example', "office_phone" = '+44 20 7946 0999' WHERE "id" = 'a0000000-0000-4000-8000-000000000009';
UPDATE "crm_Opportunities" SET "name" = 'Waiting no more', "budget" = 777.70, "description" = 'they called' WHERE "id" = 'd0000000-0000-4000-8000-000000000006';
UPDATE "crm_Opportunities" SET "status" = 'CLOSED', "close_date" = '2026-02-03' WHERE "id" = 'd0000000-0000-4000-8000-000000000017';
UPDATE "crm_Activities" SET "title" = 'Activity 3, moved' WHERE "id" = '90000000-0000-4000-8000-000000000003';
UPDATE "crm_OpportunityLineItems" SET "quantity" = 3 WHERE "id" = '60000000-0000-4000-8000-000000012201';
DELETE FROM "crm_OpportunityLineItems" WHERE "id" = '60000000-0000-4000-8000-000000012204';
DELETE FROM "crm_ActivityLinks" WHERE "activityId" = '90000000-0000-4000-8000-000000000004';
DELETE FROM "crm_Activities" WHERE "id" = '90000000-0000-4000-8000-000000000004';`

// byHand is what users do in Pipedrive meanwhile: three values that NextCRM does
// not touch, and one, the title, that it changes too.
func byHand(t *testing.T, e *Env, a *sandbox.Account) {
	t.Helper()
	a.Clock().Advance(time.Hour)
	edit := func(entity, kind, key string, changes map[string]any) {
		if err := a.Edit(entity, linkedTo(t, e, kind, key), changes); err != nil {
			t.Fatal(err)
		}
	}
	edit("deals", "deal", "deal:d0000000-0000-4000-8000-000000000006", map[string]any{"title": "Waiting for Ana", "expected_close_date": "2027-03-01"})
	edit("activities", "activity", "activity:90000000-0000-4000-8000-000000000003", map[string]any{"duration": "02:00"})
	edit("persons", "person", "contact:c0000000-0000-4000-8000-000000000015", map[string]any{"emails": []any{
		map[string]any{"value": "tomas.marek@gama-invest.example", "primary": true, "label": "work"}, map[string]any{"value": "tomas@home.example", "primary": false, "label": "home"}}})
}

func linkedTo(t *testing.T, e *Env, kind, key string) (id int64) {
	t.Helper()
	if err := e.DB.Read().QueryRow("SELECT CAST(pipedrive_id AS INTEGER) FROM link WHERE entity = ? AND final_key = ? AND state = 'live'", kind, key).Scan(&id); err != nil {
		t.Fatal(key, err)
	}
	return id
}

// sentBy lists what the last run sent: verb, record and the keys of the body,
// custom fields by their symbols.
func sentBy(t *testing.T, e *Env) []string {
	t.Helper()
	rows, err := e.DB.Read().Query("SELECT verb, entity, final_key, coalesce(body, '{}') FROM load_op WHERE run_id = ? AND state = 'done'", e.run.ID)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var verb, kind, key, body string
		if err := rows.Scan(&verb, &kind, &key, &body); err != nil {
			t.Fatal(err)
		}
		out = append(out, strings.TrimSpace(fmt.Sprintf("%s %s %s: %s", verb, kind, key, keysOf(t, e, body))))
	}
	slices.Sort(out)
	return out
}

func keysOf(t *testing.T, e *Env, body string) string {
	t.Helper()
	var props map[string]json.RawMessage
	if err := json.Unmarshal([]byte(body), &props); err != nil {
		t.Fatal(err)
	}
	var keys []string
	for k, v := range props {
		if k != "custom_fields" {
			keys = append(keys, k)
			continue
		}
		var custom map[string]json.RawMessage
		if err := json.Unmarshal(v, &custom); err != nil {
			t.Fatal(err)
		}
		for code := range custom {
			symbol, err := e.strings(t.Context(), "SELECT symbol FROM bind WHERE kind = 'field' AND pipedrive_id = ?", code)
			if err != nil || len(symbol) != 1 {
				t.Fatal(code, symbol, err)
			}
			keys = append(keys, symbol[0])
		}
	}
	slices.Sort(keys)
	return strings.Join(keys, " ")
}

// calls lists method and path of writes, ids left out.
func calls(writes []sandbox.Call) []string {
	var out []string
	for _, w := range writes {
		out = append(out, w.Method+" "+regexp.MustCompile(`/\d+`).ReplaceAllString(w.Path, "/N"))
	}
	slices.Sort(out)
	return out
}

// The database changes, users change the account, and the delta sends exactly
// this; the run after it sends nothing, and what users did is still there.
func TestDelta_OfAChangedDatabaseSendsExactlyTheChanges(t *testing.T) {
	server, err := pgtest.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Stop() })
	e, a := databaseEnv(t, server, sandbox.Options{Seed: 1, Projects: true})
	run := func() {
		t.Helper()
		if err := e.Execute(t.Context(), "run", wholeRun...); !errors.Is(err, ErrRejects) {
			t.Fatal(err) // the sample plants one contact without a name
		}
	}
	run()
	conn, err := pgx.Connect(t.Context(), e.opt.Source)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.PgConn().Exec(t.Context(), sourceChanges).ReadAll(); err != nil {
		t.Fatal(err)
	}
	byHand(t, e, a)
	writes := len(a.Writes())
	run()
	if diff := cmp.Diff(expectedWrites, sentBy(t, e)); diff != "" {
		t.Errorf("the delta sent (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(expectedCalls, calls(a.Writes()[writes:])); diff != "" {
		t.Errorf("the account was written to by (-want +got):\n%s", diff)
	}
	writes = len(a.Writes())
	run()
	if more := a.Writes()[writes:]; len(more) != 0 {
		t.Errorf("the run after it sent %v", calls(more))
	}
	checkHands(t, e, a)
}

// checkHands looks whether what users did is there, and is told.
func checkHands(t *testing.T, e *Env, a *sandbox.Account) {
	t.Helper()
	holds := func(entity, kind, key, want string, props ...string) {
		t.Helper()
		rec, err := a.Record(entity, linkedTo(t, e, kind, key))
		if err != nil {
			t.Fatal(err)
		}
		var got []any
		for _, p := range props {
			got = append(got, rec[p])
		}
		if text, err := json.Marshal(got); err != nil || string(text) != want {
			t.Errorf("%s holds %s, want %s (%v)", key, text, want, err)
		}
	}
	holds("deals", "deal", "deal:d0000000-0000-4000-8000-000000000006", `["Waiting for Ana",777.70,"2027-03-01"]`, "title", "value", "expected_close_date")
	holds("activities", "activity", "activity:90000000-0000-4000-8000-000000000003", `["Activity 3, moved","02:00:00"]`, "subject", "duration")
	holds("persons", "person", "contact:c0000000-0000-4000-8000-000000000015",
		`[[{"label":"work","primary":true,"value":"tomas.marek@gama-invest.example"},{"label":"home","primary":false,"value":"tomas@home.example"}],[{"label":"mobile","primary":true,"value":"+420 602 999 888"}]]`, "emails", "phones")
	list, err := e.strings(t.Context(), `SELECT concat_ws(' | ', final_key, field_name, base, in_pipedrive, in_nextcrm) FROM conflict WHERE resolved_at IS NULL
		UNION ALL SELECT final_key || ' keeps ' || field FROM kept_value ORDER BY 1`)
	want := []string{"contact:c0000000-0000-4000-8000-000000000015 keeps emails",
		"deal:d0000000-0000-4000-8000-000000000006 | title | Waiting | Waiting for Ana | Waiting no more"}
	if diff := cmp.Diff(want, list); diff != "" || err != nil {
		t.Errorf("%v told (-want +got):\n%s", err, diff)
	}
}

// expectedWrites are verb, record and keys of each operation. A line changes with
// the one that keeps the deal at its value.
var expectedWrites = []string{
	"create person contact:c0000000-0000-4000-8000-000000000901: add_time emails name org_id owner_id person.is_active person.last_activity person.nextcrm_id",
	"delete deal_product deal_line:60000000-0000-4000-8000-000000012204:",
	"update activity activity:90000000-0000-4000-8000-000000000003: subject",
	"update deal deal:d0000000-0000-4000-8000-000000000006: currency deal.description value",
	"update deal deal:d0000000-0000-4000-8000-000000000017: deal.nextcrm_details expected_close_date status won_time",
	"update deal_product deal_line:60000000-0000-4000-8000-000000012201: comments quantity",
	"update deal_product deal_line:adjustment:d0000000-0000-4000-8000-000000000021: comments item_price",
	"update organization account:a0000000-0000-4000-8000-000000000009: organization.phone website",
	"update person contact:c0000000-0000-4000-8000-000000000015: phones",
}

var expectedCalls = []string{
	"DELETE /api/v2/deals/N/products/N",
	"PATCH /api/v2/activities/N",
	"PATCH /api/v2/deals/N",
	"PATCH /api/v2/deals/N",
	"PATCH /api/v2/deals/N/products/N",
	"PATCH /api/v2/deals/N/products/N",
	"PATCH /api/v2/organizations/N",
	"PATCH /api/v2/persons/N",
	"POST /api/v2/persons",
}
