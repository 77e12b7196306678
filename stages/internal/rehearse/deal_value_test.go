package rehearse_test

import (
	"encoding/json"
	"fmt"
	"math/big"
	"path/filepath"
	"strconv"
	"testing"

	nextcrmsample "nextpipe/fixtures/nextcrm"
	"nextpipe/fixtures/nextcrm/pgtest"
	"nextpipe/fixtures/sandbox"
	"nextpipe/stages/build"
	"nextpipe/stages/clean"
	"nextpipe/stages/dedupe"
	"nextpipe/stages/extract"
	"nextpipe/stages/internal/nextcrm"
	"nextpipe/stages/internal/rehearse"
	"nextpipe/stages/internal/warehouse"
	"nextpipe/stages/mapping"
)

// TestLoad_DealsHoldWhatTheMapSaysOnceTheirLinesAreThere moves the sample
// database under each policy and asks the account itself what its deals are
// worth: it adds up lines by its own rules.
func TestLoad_DealsHoldWhatTheMapSaysOnceTheirLinesAreThere(t *testing.T) {
	db := dedupedSample(t)
	for i, policy := range []string{"value wins", "lines win", "documented"} {
		t.Run(policy, func(t *testing.T) {
			exec(t, db, `INSERT INTO decide_map (map_table, map_key, column_name, value, by_name) VALUES ('map_setting', 'deal_value_policy', 'value', ?, 'test')
				ON CONFLICT DO UPDATE SET value = excluded.value`, policy)
			mapAndBuild(t, db)
			a := rehearse.Account(t, int64(i+1))
			if err := through(t, db, a); err != nil {
				t.Fatal(err, differences(t, db))
			}
			holds(t, db, a)
			if got, want := len(a.Records("dealProducts")), count(t, db, "SELECT count(*) FROM final_deal_product"); got != want {
				t.Errorf("the account has %d lines, want %d", got, want)
			}
			writes := len(a.Writes())
			if err := through(t, db, a); err != nil {
				t.Fatal(err)
			}
			if more := len(a.Writes()) - writes; more != 0 {
				t.Errorf("the second run wrote %d times", more)
			}
			if policy == "value wins" {
				follows(t, db, a)
			}
		})
	}
}

// follows raises a deal's value in the source: the adjustment that stands for
// the difference follows in a delta.
func follows(t *testing.T, db *warehouse.DB, a *sandbox.Account) {
	t.Helper()
	exec(t, db, "UPDATE clean_deal SET value = '4100.25' WHERE deal_key GLOB '*032'")
	exec(t, db, "UPDATE clean_deal_sum SET value_minor = 410025 WHERE deal_key GLOB '*032'")
	mapAndBuild(t, db)
	if err := through(t, db, a); err != nil {
		t.Fatal(err, differences(t, db))
	}
	holds(t, db, a)
}

func mapAndBuild(t *testing.T, db *warehouse.DB) {
	t.Helper()
	if _, err := mapping.Run(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	if _, err := build.Run(t.Context(), db); err != nil {
		t.Fatal(err)
	}
}

// holds compares the account's deals with table map_deal_value, and those
// without lines with the source.
func holds(t *testing.T, db *warehouse.DB, a *sandbox.Account) {
	t.Helper()
	rows, err := db.Read().Query(`SELECT l.final_key, l.pipedrive_id, coalesce(v.held_value, c.value, '0') FROM link AS l
		JOIN clean_deal AS c ON c.deal_key = l.final_key LEFT JOIN map_deal_value AS v ON v.map_key = l.final_key
		WHERE l.entity = 'deal' AND l.target_id = (SELECT max(target_id) FROM link)`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	deals := 0
	for rows.Next() {
		var key, id, want string
		if err := rows.Scan(&key, &id, &want); err != nil {
			t.Fatal(err)
		}
		n, err := strconv.ParseInt(id, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		record, err := a.Record("deals", n)
		if err != nil {
			t.Fatal(err)
		}
		if number(t, record["value"]).Cmp(number(t, json.Number(want))) != 0 {
			t.Errorf("%s is worth %v in the account, want %s", key, record["value"], want)
		}
		deals++
	}
	if deals != 148 {
		t.Errorf("%d deals compared, want 148", deals)
	}
}

func number(t *testing.T, v any) *big.Rat {
	t.Helper()
	r, ok := new(big.Rat).SetString(fmt.Sprint(v))
	if !ok {
		t.Fatalf("%v is no number", v)
	}
	return r
}

// dedupedSample is the sample database, ready to be mapped, without what other
// tests load.
func dedupedSample(t *testing.T) *warehouse.DB {
	t.Helper()
	server, err := pgtest.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Stop() })
	script, err := nextcrmsample.DatabaseSQL("latest")
	if err != nil {
		t.Fatal(err)
	}
	src, err := nextcrm.OpenDatabase(t.Context(), server.NewDatabase(t, script), nextcrm.DatabaseOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	if err := clean.RegisterFunctions(); err != nil {
		t.Fatal(err)
	}
	db, err := warehouse.Open(t.Context(), filepath.Join(t.TempDir(), "np.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if _, err := extract.Run(t.Context(), db, src, "test", func(string, int64) {}); err != nil {
		t.Fatal(err)
	}
	if _, err := clean.Run(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	if _, err := dedupe.Run(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	return db
}
