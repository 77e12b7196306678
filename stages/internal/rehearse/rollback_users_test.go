package rehearse_test

import (
	"fmt"
	"strings"
	"testing"

	"nextpipe/fixtures/sandbox"
	"nextpipe/stages/internal/rehearse"
	"nextpipe/stages/internal/warehouse"
	"nextpipe/stages/rollback"
)

// madeByOthers creates a record that is not ours.
func madeByOthers(t *testing.T, a *sandbox.Account, table string, values map[string]any) int64 {
	t.Helper()
	id, err := a.Create(table, values)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestRollback_KeepsWhatPeopleHungOnOurRecordsOrReferTo(t *testing.T) {
	line := func(product int64) map[string]any {
		return map[string]any{"product_id": product, "item_price": 900, "quantity": 1}
	}
	for _, c := range []struct {
		name       string
		do         func(t *testing.T, a *sandbox.Account, id func(key string) int64)
		table, key string // what has to stay
	}{
		{"a line of theirs on our deal", func(t *testing.T, a *sandbox.Account, id func(string) int64) {
			p := madeByOthers(t, a, "products", map[string]any{"name": "Theirs"})
			act(t, a, "POST", fmt.Sprintf("/api/v2/deals/%d/products", id("deal:1")), line(p))
		}, "deals", "deal:1"},
		{"our product on a deal of theirs", func(t *testing.T, a *sandbox.Account, id func(string) int64) {
			d := madeByOthers(t, a, "deals", map[string]any{"title": "Theirs"})
			act(t, a, "POST", fmt.Sprintf("/api/v2/deals/%d/products", d), line(id("product:1")))
		}, "products", "product:1"},
		{"a line of ours that they changed", func(t *testing.T, a *sandbox.Account, id func(string) int64) {
			act(t, a, "PATCH", fmt.Sprintf("/api/v2/deals/%d/products/%d", id("deal:1"), id("deal_line:1")), map[string]any{"quantity": 7})
		}, "deals", "deal:1"},
		{"a discount of theirs beside ours", func(t *testing.T, a *sandbox.Account, id func(string) int64) {
			act(t, a, "POST", fmt.Sprintf("/api/v2/deals/%d/discounts", id("deal:1")), map[string]any{"description": "Loyal", "amount": 1, "type": "amount"})
		}, "deals", "deal:1"},
		{"our person takes part in a deal of theirs", func(t *testing.T, a *sandbox.Account, id func(string) int64) {
			d := madeByOthers(t, a, "deals", map[string]any{"title": "Theirs"})
			act(t, a, "POST", fmt.Sprintf("/v1/deals/%d/participants", d), map[string]any{"person_id": id("contact:2")})
		}, "persons", "contact:2"},
		{"their person takes part in our deal", func(t *testing.T, a *sandbox.Account, id func(string) int64) {
			p := madeByOthers(t, a, "persons", map[string]any{"name": "Theirs"})
			act(t, a, "POST", fmt.Sprintf("/v1/deals/%d/participants", id("deal:1")), map[string]any{"person_id": p})
		}, "deals", "deal:1"},
		{"our person is the second participant of an activity of theirs", func(t *testing.T, a *sandbox.Account, id func(string) int64) {
			p := madeByOthers(t, a, "persons", map[string]any{"name": "Theirs"})
			madeByOthers(t, a, "activities", map[string]any{"subject": "Theirs", "type": "call", "participants": []any{
				map[string]any{"person_id": p, "primary": true}, map[string]any{"person_id": id("contact:2"), "primary": false}}})
		}, "persons", "contact:2"},
		{"our person in a field of a deal of theirs", func(t *testing.T, a *sandbox.Account, id func(string) int64) {
			f := act(t, a, "POST", "/api/v2/dealFields", map[string]any{"field_name": "Decides", "field_type": "people"}).(map[string]any)
			madeByOthers(t, a, "deals", map[string]any{"title": "Theirs", "custom_fields": map[string]any{f["field_code"].(string): id("contact:2")}})
		}, "persons", "contact:2"},
		{"our organization in a field of a product of theirs", func(t *testing.T, a *sandbox.Account, id func(string) int64) {
			f := act(t, a, "POST", "/api/v2/productFields", map[string]any{"field_name": "Maker", "field_type": "org"}).(map[string]any)
			madeByOthers(t, a, "products", map[string]any{"name": "Theirs", "custom_fields": map[string]any{f["field_code"].(string): id("account:2")}})
		}, "organizations", "account:2"},
		{"our person in a field of a person of theirs", func(t *testing.T, a *sandbox.Account, id func(string) int64) {
			f := act(t, a, "POST", "/api/v2/personFields", map[string]any{"field_name": "Knows", "field_type": "people"}).(map[string]any)
			madeByOthers(t, a, "persons", map[string]any{"name": "Theirs", "custom_fields": map[string]any{f["field_code"].(string): id("contact:2")}})
		}, "persons", "contact:2"},
		{"a relationship of theirs with our organization", func(t *testing.T, a *sandbox.Account, id func(string) int64) {
			o := madeByOthers(t, a, "organizations", map[string]any{"name": "Theirs"})
			act(t, a, "POST", "/v1/organizationRelationships", map[string]any{"type": "related", "rel_owner_org_id": o, "rel_linked_org_id": id("account:2")})
		}, "organizations", "account:2"},
		{"a comment of theirs on our note", func(t *testing.T, a *sandbox.Account, id func(string) int64) {
			act(t, a, "POST", fmt.Sprintf("/v1/notes/%d/comments", id("note:1")), map[string]any{"content": "he was furious"})
		}, "notes", "note:1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			db, a := loadedBroad(t)
			id := func(key string) int64 { return idOf(t, db, key) }
			c.do(t, a, id)
			want := id(c.key)
			dry, err := rollback.Run(t.Context(), rehearse.Connect(t, db, a), rollback.Part{}, true)
			if err != nil {
				t.Fatal(err)
			}
			res, err := rollback.Run(t.Context(), rehearse.Connect(t, db, a), rollback.Part{}, false)
			if err != nil || res.Left == 0 {
				t.Errorf("%v; a rollback that kept something is green: %s", err, res)
			}
			if _, gone := a.Record(c.table, want); gone != nil {
				t.Errorf("%s %d was deleted along with it; kept are %s", c.table, want, keptRecords(t, db))
			}
			// What has to be asked record by record a dry run does not ask.
			if asked := c.table == "notes" || c.key == "account:2" && strings.Contains(c.name, "relationship"); !asked && dry.Rows != res.Rows {
				t.Errorf("the dry run promised %d records, %d were taken back", dry.Rows, res.Rows)
			}
			if kept := keptRecords(t, db); !strings.Contains(kept, " "+c.key+": ") {
				t.Errorf("nothing says why it stays: %s", kept)
			}
		})
	}
}

// loadedBroad is an account that a load of every kind went into.
func loadedBroad(t *testing.T) (*warehouse.DB, *sandbox.Account) {
	t.Helper()
	db, a := rehearse.BroadWarehouse(t), rehearse.Account(t, 1)
	if err := through(t, db, a); err != nil {
		t.Fatal(err)
	}
	return db, a
}

func TestRollback_KeepsADealWithADiscountOfTheirsOnLinesOfOurs(t *testing.T) {
	db, a := rehearse.BroadWarehouse(t), rehearse.Account(t, 1)
	sevenLines(t, db)
	if err := through(t, db, a); err != nil {
		t.Fatal(err)
	}
	act(t, a, "POST", fmt.Sprintf("/api/v2/deals/%d/discounts", idOf(t, db, "deal:2")), map[string]any{"description": "Loyal", "amount": 1, "type": "amount"})
	if _, err := rollback.Run(t.Context(), rehearse.Connect(t, db, a), rollback.Part{}, false); err != nil {
		t.Fatal(err)
	}
	if n := len(a.Records("dealDiscounts")); n != 1 {
		t.Errorf("%d discounts are left, want theirs; kept: %s", n, keptRecords(t, db))
	}
	if n := count(t, db, "SELECT count(*) FROM kept_record WHERE entity = 'deal'"); n != 1 {
		t.Errorf("%d deals are kept, want the one with the discount", n)
	}
}

func TestRollback_IsNotHeldUpByPeopleWhoMeetElsewhere(t *testing.T) {
	db, a := loadedBroad(t)
	d := madeByOthers(t, a, "deals", map[string]any{"title": "Theirs", "person_id": madeByOthers(t, a, "persons", map[string]any{"name": "One"})})
	act(t, a, "POST", fmt.Sprintf("/v1/deals/%d/participants", d), map[string]any{"person_id": madeByOthers(t, a, "persons", map[string]any{"name": "Two"})})
	s := rehearse.Connect(t, db, a)
	if res, err := rollback.Run(t.Context(), s, rollback.Part{}, false); err != nil || res.Left != 0 {
		t.Errorf("deals and people of others held the rollback up: %v, %s; kept %s", err, res, keptRecords(t, db))
	}
	if n := count(t, db, "SELECT count(*) FROM http_log WHERE run_id = ? AND path = ?", s.RunID, fmt.Sprintf("/api/v1/deals/%d/participants", d)); n != 0 {
		t.Errorf("the participants of a deal without anybody of ours were read %d times", n)
	}
}

func TestRollback_KeepsWhatTheirFiltersUse(t *testing.T) {
	for _, c := range []struct{ name, kind, object, field, operator, value, kept string }{
		{"a field", "people", "person", "person.likes", "IS NOT NULL", "", "field person.likes"},
		{"an option of a field", "people", "person", "person.tier", "=", "option person.tier:Paid", "field person.tier"},
		{"a label", "people", "person", "label_ids", "contains", "label person:VIP", "label person:VIP"},
		{"a stage", "deals", "deal", "stage_id", "=", "stage sales/won", "stage sales/won"},
		{"a pipeline", "deals", "deal", "pipeline", "=", "pipeline renewals", "pipeline renewals"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			db, a := loadedBroad(t)
			bound := func(kindAndSymbol string) (id string) {
				kind, symbol, _ := strings.Cut(kindAndSymbol, " ")
				if err := db.Read().QueryRow("SELECT pipedrive_id FROM bind WHERE kind = ? AND symbol = ?", kind, symbol).Scan(&id); err != nil {
					t.Fatal(kindAndSymbol, err)
				}
				return id
			}
			code, value := c.field, any(nil)
			if strings.Contains(code, ".") {
				code = bound("field " + code)
			}
			if c.value != "" {
				value = bound(c.value)
			}
			filter := act(t, a, "POST", "/v1/filters", map[string]any{"name": "Mine", "type": c.kind, "conditions": groups(map[string]any{
				"object": c.object, "field_id": numberOf(t, a, c.object, code), "operator": c.operator, "value": value})}).(map[string]any)
			if _, err := rollback.Run(t.Context(), rehearse.Connect(t, db, a), rollback.Part{}, false); err != nil {
				t.Error(err)
			}
			kind, symbol, _ := strings.Cut(c.kept, " ")
			if kept := keptRecords(t, db); !strings.Contains(kept, fmt.Sprintf("%s %s: in use by filter %v", kind, symbol, filter["id"])) ||
				count(t, db, "SELECT count(*) FROM provisioned WHERE kind = ? AND symbol = ? AND removed_at IS NULL", kind, symbol) != 1 {
				t.Errorf("what filter %v of theirs uses was removed; kept: %s", filter["id"], kept)
			}
			if n := count(t, db, "SELECT count(*) FROM provisioned WHERE removed_at IS NOT NULL"); n == 0 {
				t.Error("nothing was removed at all")
			}
		})
	}
}

// groups is the tree of a filter with one condition.
func groups(condition map[string]any) map[string]any {
	return map[string]any{"glue": "and", "conditions": []any{map[string]any{"glue": "and", "conditions": []any{condition}},
		map[string]any{"glue": "or", "conditions": []any{}}}}
}

// numberOf is how filters call a field.
func numberOf(t *testing.T, a *sandbox.Account, object, code string) string {
	t.Helper()
	for _, f := range act(t, a, "GET", "/v1/"+object+"Fields", nil).([]any) {
		if field := f.(map[string]any); field["key"] == code {
			return fmt.Sprint(field["id"])
		}
	}
	t.Fatalf("no field %s of %ss", code, object)
	return ""
}

func TestRollback_ADryRunNamesThePriceOfReadingToo(t *testing.T) {
	for _, c := range []struct {
		name string
		db   func(t *testing.T) *warehouse.DB
		more int // records of others of each kind
	}{
		{"every kind", func(t *testing.T) *warehouse.DB { return rehearse.BroadWarehouse(t) }, 0},
		{"many records of ours", func(t *testing.T) *warehouse.DB { return rehearse.Warehouse(t, 60) }, 0},
		{"many records of others", func(t *testing.T) *warehouse.DB { return rehearse.BroadWarehouse(t) }, 1100},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			db, a := c.db(t), rehearse.Account(t, 1)
			if err := a.Populate(c.more, c.more, c.more); err != nil {
				t.Fatal(err)
			}
			if err := through(t, db, a); err != nil {
				t.Fatal(err)
			}
			dry, err := rollback.Run(t.Context(), rehearse.Connect(t, db, a), rollback.Part{}, true)
			if err != nil {
				t.Fatal(err)
			}
			before := a.TokensSpent()
			real, err := rollback.Run(t.Context(), rehearse.Connect(t, db, a), rollback.Part{}, false)
			if err != nil {
				t.Fatal(err)
			}
			said, spent := dry.Counts[len(dry.Counts)-1].N, int64(a.TokensSpent()-before)
			if said*10 < spent*9 || spent*10 < said*9 {
				t.Errorf("the dry run says %d tokens, the real one spent %d", said, spent)
			}
			if dry.Rows != real.Rows {
				t.Errorf("the dry run promised %d records, the real one took back %d", dry.Rows, real.Rows)
			}
		})
	}
}
