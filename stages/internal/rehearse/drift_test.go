package rehearse_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"nextpipe/fixtures/sandbox"
	"nextpipe/stages/internal/rehearse"
	"nextpipe/stages/internal/warehouse"
	"nextpipe/stages/load"
	"nextpipe/stages/plan"
	"nextpipe/stages/provision"
	"nextpipe/stages/scope"
)

// bound is the id that a symbol is bound to.
func boundID(t *testing.T, db *warehouse.DB, kind, symbol string) (id string) {
	t.Helper()
	if err := db.Read().QueryRow("SELECT pipedrive_id FROM bind WHERE kind = ? AND symbol = ?", kind, symbol).Scan(&id); err != nil {
		t.Fatal(symbol, err)
	}
	return id
}

// What an operation stands on vanishes between planning and sending: that
// operation alone is held back, with what hangs on it; when it is there again,
// the operation is made up for.
func TestPlan_AnOperationWhoseGroundVanishedIsHeldBackAlone(t *testing.T) {
	for _, c := range []struct {
		name, finals string
		vanish       func(t *testing.T, db *warehouse.DB, a *sandbox.Account)
		entity       string
		want         int // of 3 that are made at once
		again        int // after the runs that follow
	}{
		{"a stage", `UPDATE final_deal SET payload = json_set(payload, '$.status', 'open', '$.stage_id."@ref"', 'stage:renewals/due') WHERE final_key = 'deal:2';
			UPDATE final_deal SET payload = json_remove(payload, '$.won_time') WHERE final_key = 'deal:2'`,
			func(t *testing.T, db *warehouse.DB, a *sandbox.Account) {
				act(t, a, "DELETE", "/api/v2/stages/"+boundID(t, db, "stage", "renewals/due"), nil)
			}, "deals", 2, 3},
		{"an option", `UPDATE final_person SET payload = json_set(payload, '$.custom_fields."@field:person.tier"."@ref"', 'option:person.tier:Free') WHERE final_key = 'contact:2'`,
			func(t *testing.T, db *warehouse.DB, a *sandbox.Account) {
				act(t, a, "DELETE", "/api/v2/personFields/"+boundID(t, db, "field", "person.tier")+"/options", []any{map[string]any{"id": option(t, db, "person.tier:Free")}})
			}, "persons", 2, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			db, a := rehearse.Warehouse(t, 3), rehearse.Account(t, 1)
			exec(t, db, c.finals)
			s, ctx := rehearse.Connect(t, db, a), context.Background()
			for _, step := range []func() error{
				func() error { _, err := scope.Run(ctx, s); return err },
				func() error { _, err := plan.Run(ctx, s); return err },
				func() error { _, err := provision.Run(ctx, s); return err },
				func() error { c.vanish(t, db, a); return nil },
				func() error { _, err := load.Run(ctx, s, ""); return err },
			} {
				if err := step(); err != nil {
					t.Fatal(err)
				}
			}
			if n := len(a.Records(c.entity)); n != c.want {
				t.Errorf("%d %s are there, want %d: %s", n, c.entity, c.want, rejects(t, db))
			}
			if text := rejects(t, db); !strings.Contains(text, strings.TrimSuffix(c.entity, "s")) {
				t.Errorf("what was held back is told as %s", text)
			}
			for range 3 { // provision makes it anew, then the plan sees that it is another one
				if err := through(t, db, a); err != nil {
					t.Error(err, differences(t, db))
				}
			}
			if n := len(a.Records(c.entity)); n != c.again || rejects(t, db) != "rejects: none" {
				t.Errorf("later %d %s are there, want %d: %s", n, c.entity, c.again, rejects(t, db))
			}
		})
	}
}

// A record that was there before us and is deleted between planning and
// updating is not made again, and the others are changed.
func TestPlan_AnUpdateOfADeletedRecordIsHeldBackAlone(t *testing.T) {
	db, a := rehearse.Warehouse(t, 3), rehearse.Account(t, 1)
	if err := through(t, db, a); err != nil {
		t.Fatal(err)
	}
	exec(t, db, "UPDATE final_deal SET payload = json_set(payload, '$.title', 'New ' || final_key)")
	s, ctx := rehearse.Connect(t, db, a), context.Background()
	if _, err := plan.Run(ctx, s); err != nil {
		t.Fatal(err)
	}
	if err := a.Delete("deals", idOf(t, db, "deal:2")); err != nil {
		t.Fatal(err)
	}
	res, err := load.Run(ctx, s, "")
	if err != nil {
		t.Fatal(err)
	}
	var titles []string
	for _, d := range a.Records("deals") {
		titles = append(titles, fmt.Sprint(d["title"]))
	}
	slices.Sort(titles)
	if got := strings.Join(titles, ", "); got != "New deal:1, New deal:3" || res.Left != 1 {
		t.Errorf("the deals are %s, %d left; %s", got, res.Left, rejects(t, db))
	}
}

// Drift names what a plan stands on and is not as it was; what users added, and
// what they did before the last look, is none.
func TestDrift_NamesWhatChanged(t *testing.T) {
	for _, c := range []struct {
		name, want string
		do         func(t *testing.T, db *warehouse.DB, a *sandbox.Account)
	}{
		{"nothing", "", func(*testing.T, *warehouse.DB, *sandbox.Account) {}},
		{"a field more", "", func(t *testing.T, _ *warehouse.DB, a *sandbox.Account) {
			if _, err := a.AddField("persons", "Theirs", "text"); err != nil {
				t.Fatal(err)
			}
		}},
		{"a field gone", "field person.tier is gone; option person.tier:Free is gone; option person.tier:Paid is gone", func(t *testing.T, db *warehouse.DB, a *sandbox.Account) {
			act(t, a, "DELETE", "/api/v2/personFields/"+boundID(t, db, "field", "person.tier"), nil)
		}},
		{"a field renamed", `field person.tier was "Tier (enum)", is "Rank (enum)"`, func(t *testing.T, db *warehouse.DB, a *sandbox.Account) {
			act(t, a, "PATCH", "/api/v2/personFields/"+boundID(t, db, "field", "person.tier"), map[string]any{"field_name": "Rank"})
		}},
		{"an option that means something else", `option person.tier:Free was "Free", is "Trial"`, func(t *testing.T, db *warehouse.DB, a *sandbox.Account) {
			act(t, a, "PATCH", "/api/v2/personFields/"+boundID(t, db, "field", "person.tier")+"/options", []any{map[string]any{"id": option(t, db, "person.tier:Free"), "label": "Trial"}})
		}},
		{"a stage gone", "stage renewals/due is gone", func(t *testing.T, db *warehouse.DB, a *sandbox.Account) {
			act(t, a, "DELETE", "/api/v2/stages/"+boundID(t, db, "stage", "renewals/due"), nil)
		}},
	} {
		for _, looked := range []bool{true, false} { // whether the things were known to the last look, or made after it
			t.Run(fmt.Sprint(c.name, looked), func(t *testing.T) {
				db, a := rehearse.BroadWarehouse(t), rehearse.Account(t, 1)
				if err := through(t, db, a); err != nil {
					t.Fatal(err)
				}
				s := rehearse.Connect(t, db, a)
				if looked {
					if _, err := scope.Run(t.Context(), s); err != nil {
						t.Fatal(err)
					}
				}
				c.do(t, db, a)
				before := count(t, db, "SELECT count(*) FROM dest_field")
				err := scope.Drift(t.Context(), s)
				switch {
				case c.want == "" && err != nil, c.want != "" && err == nil:
					t.Errorf("got %v, want %q", err, c.want)
				case c.want != "" && !strings.Contains(err.Error(), c.want+";"):
					t.Errorf("got %v, want %q", err, c.want)
				}
				if now := count(t, db, "SELECT count(*) FROM dest_field"); now != before {
					t.Errorf("looking changed what is known of %d fields to %d", before, now)
				}
				if _, err := scope.Run(t.Context(), s); err != nil {
					t.Fatal(err)
				}
				if err := scope.Drift(t.Context(), s); err != nil && !strings.Contains(c.name, "gone") {
					t.Errorf("after a look: %v", err)
				}
			})
		}
	}
}
