package build_test

import (
	"database/sql"
	"path/filepath"
	"testing"

	nextcrmsample "nextpipe/fixtures/nextcrm"
	"nextpipe/stages/build"
	"nextpipe/stages/clean"
	"nextpipe/stages/dedupe"
	"nextpipe/stages/extract"
	"nextpipe/stages/internal/nextcrm"
	"nextpipe/stages/internal/warehouse"
	"nextpipe/stages/mapping"
)

// crosswalk is what dedupe writes when nothing is merged.
const crosswalk = `
	INSERT INTO xw_account (row_id, source_id, account_key, fate, final_key) SELECT row_id, source_id, account_key, 'final', account_key FROM clean_account;
	INSERT INTO xw_contact (row_id, source_id, contact_key, fate, final_key) SELECT row_id, source_id, contact_key, 'final', contact_key FROM clean_contact;
	INSERT INTO xw_deal (row_id, source_id, deal_key, fate, final_key) SELECT row_id, source_id, deal_key, 'final', deal_key FROM clean_deal;`

func open(t testing.TB) *warehouse.DB {
	t.Helper()
	if err := clean.RegisterFunctions(); err != nil { // transforms of the finals use them too
		t.Fatal(err)
	}
	db, err := warehouse.Open(t.Context(), filepath.Join(t.TempDir(), "w.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func execute(t testing.TB, db *warehouse.DB, statements string, args ...any) {
	t.Helper()
	err := db.Write(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.Exec(statements, args...)
		return err
	})
	if err != nil {
		t.Fatalf("%v\n%s", err, statements)
	}
}

// one reads a single value as text; NULL is "".
func one(t testing.TB, db *warehouse.DB, query string, args ...any) string {
	t.Helper()
	var v sql.NullString
	if err := db.Read().QueryRow(query, args...).Scan(&v); err != nil {
		t.Fatalf("%v\n%s", err, query)
	}
	return v.String
}

// sampleWarehouse is the sample export, cleaned, mapped and built.
func sampleWarehouse(t *testing.T) *warehouse.DB {
	t.Helper()
	dir := t.TempDir()
	if err := nextcrmsample.WritePluginExport(dir); err != nil {
		t.Fatal(err)
	}
	src, err := nextcrm.OpenExport(t.Context(), dir, nextcrm.ExportOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	db := open(t)
	if _, err := extract.Run(t.Context(), db, src, "test", func(string, int64) {}); err != nil {
		t.Fatal(err)
	}
	if _, err := clean.Run(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	if _, err := dedupe.Run(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	mapAndBuild(t, db)
	return db
}

func mapAndBuild(t testing.TB, db *warehouse.DB) {
	t.Helper()
	if _, err := mapping.Run(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	if _, err := build.Run(t.Context(), db); err != nil {
		t.Fatal(err)
	}
}

func TestTheSampleExportBuildsWithoutFailedChecks(t *testing.T) {
	db := sampleWarehouse(t)
	for query, want := range map[string]string{
		// Expected counts of the sample, as its manifest gives them.
		"SELECT count(*) FROM final_deal WHERE final_key LIKE 'deal:%'":                                                                              "58",
		`SELECT count(*) FROM final_person WHERE payload ->> '$.custom_fields."@field:person.plan_tier".@ref' = 'option:person.plan_tier:Platinum+'`: "1",
		"SELECT group_concat(name, ', ') FROM (SELECT name FROM final_pipeline ORDER BY position)":                                                   "Renewals, Sales, Campaigns",
		"SELECT count(*) FROM final_stage WHERE name = 'Kick-off'":                                                                                   "1",
		// What is in the crosswalk is in the finals.
		"SELECT count(*) FROM final_person":                                           one(t, db, "SELECT count(DISTINCT final_key) FROM xw_contact WHERE final_key IS NOT NULL"),
		"SELECT count(*) FROM final_organization":                                     one(t, db, "SELECT (SELECT count(DISTINCT final_key) FROM xw_account WHERE final_key IS NOT NULL) + (SELECT count(*) FROM clean_account_mention)"),
		"SELECT coalesce(sum(failures), 0) FROM final_check WHERE severity = 'error'": "0",
	} {
		if got := one(t, db, query); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	sameInShell(t, db)
}

// TestNoCustomValueOfTheSampleIsLost counts the values of every custom field on
// both sides of the build.
func TestNoCustomValueOfTheSampleIsLost(t *testing.T) {
	db := sampleWarehouse(t)
	rows, err := db.Read().Query(`SELECT f.source_field, f.target_field, count(*) FROM map_field AS f, golden_contact AS c, json_each(c.custom) AS j
		WHERE f.object = 'contact' AND f.action = 'custom' AND f.source_field = 'custom:' || j.key GROUP BY 1, 2`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	fields := 0
	for rows.Next() {
		var source, target, want string
		if err := rows.Scan(&source, &target, &want); err != nil {
			t.Fatal(err)
		}
		got := one(t, db, "SELECT count(*) FROM final_person, json_each(payload, '$.custom_fields') AS j WHERE j.key = '@field:person.' || ?", target)
		if got != want {
			t.Errorf("%s: %s values sent of %s", source, got, want)
		}
		fields++
	}
	if fields < 12 {
		t.Errorf("only %d custom fields compared, the sample has 12", fields)
	}
}
