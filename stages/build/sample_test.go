package build_test

import (
	"database/sql"
	"path/filepath"
	"testing"

	nextcrmsample "nextpipe/fixtures/nextcrm"
	"nextpipe/stages/build"
	"nextpipe/stages/clean"
	"nextpipe/stages/extract"
	"nextpipe/stages/internal/nextcrm"
	"nextpipe/stages/internal/warehouse"
	"nextpipe/stages/mapping"
)

// crosswalk stands in for dedupe in a source in which nothing is merged further.
const crosswalk = `
	INSERT INTO xw_account (row_id, source_id, account_key, fate, final_key) SELECT row_id, source_id, account_key, 'final', account_key FROM clean_account;
	INSERT INTO xw_contact (row_id, source_id, contact_key, fate, final_key) SELECT row_id, source_id, contact_key, 'final', contact_key FROM clean_contact;
	INSERT INTO xw_deal (row_id, source_id, deal_key, fate, final_key) SELECT row_id, source_id, deal_key, 'final', deal_key FROM clean_deal;`

func open(t testing.TB) *warehouse.DB {
	t.Helper()
	db, err := warehouse.Open(t.Context(), filepath.Join(t.TempDir(), "w.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func exec(t testing.TB, db *warehouse.DB, statements string, args ...any) {
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
	if err := clean.RegisterFunctions(); err != nil {
		t.Fatal(err)
	}
	db := open(t)
	if _, err := extract.Run(t.Context(), db, src, "test", func(string, int64) {}); err != nil {
		t.Fatal(err)
	}
	if _, err := clean.Run(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	exec(t, db, crosswalk)
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
		"SELECT count(*) FROM final_person":       one(t, db, "SELECT count(*) FROM clean_contact"),
		"SELECT count(*) FROM final_deal":         one(t, db, "SELECT count(*) FROM clean_deal"),
		"SELECT count(*) FROM final_organization": one(t, db, "SELECT (SELECT count(*) FROM clean_account) + (SELECT count(*) FROM clean_account_mention)"),
	} {
		if got := one(t, db, query); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
}
