package clean_test

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"nextpipe/stages/clean"
	"nextpipe/stages/internal/nextcrm"
	"nextpipe/stages/internal/stage"
	"nextpipe/stages/internal/warehouse"
)

func TestMain(m *testing.M) {
	if err := clean.RegisterFunctions(); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// newWarehouse opens an empty warehouse of one edition.
func newWarehouse(t testing.TB, edition, timezone string) *warehouse.DB {
	t.Helper()
	db, err := warehouse.Open(t.Context(), filepath.Join(t.TempDir(), "test.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	setup := warehouse.Setup{Edition: edition, Fingerprint: "0123456789abcdef", Name: "test", Timezone: timezone, ToolVersion: "test"}
	if err := db.UseSource(t.Context(), setup); err != nil {
		t.Fatal(err)
	}
	return db
}

func exec(t testing.TB, db *warehouse.DB, statements ...string) {
	t.Helper()
	err := db.Write(t.Context(), func(tx *sql.Tx) error {
		for _, s := range statements {
			if _, err := tx.Exec(s); err != nil {
				return fmt.Errorf("%s: %w", s, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// stageRows fills one staging table: a row is column → value; 'id' is the source id.
func stageRows(t testing.TB, db *warehouse.DB, object string, rows ...map[string]string) {
	t.Helper()
	for i, r := range rows {
		columns := []string{"source_table", "source_row", "row_hash"}
		values := []any{object + "s.csv", i + 2, fmt.Sprint(r)}
		for _, c := range slices.Sorted(maps.Keys(r)) {
			name := c
			if c == "id" {
				name = "source_id"
			}
			columns, values = append(columns, name), append(values, r[c])
		}
		insert(t, db, "stg_"+object, columns, values)
	}
}

func insert(t testing.TB, db *warehouse.DB, table string, columns []string, values []any) {
	t.Helper()
	err := db.Write(t.Context(), func(tx *sql.Tx) error {
		in, err := warehouse.NewInserter(tx, table, columns...)
		if err != nil {
			return err
		}
		if err := in.Add(values...); err != nil {
			return err
		}
		return in.Close()
	})
	if err != nil {
		t.Fatal(err)
	}
}

func run(t testing.TB, db *warehouse.DB) stage.Result {
	t.Helper()
	res, err := clean.Run(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// load copies a whole source into staging, as extraction does.
func load(t testing.TB, db *warehouse.DB, src nextcrm.Source) {
	t.Helper()
	for _, o := range nextcrm.Objects {
		if err := db.Write(t.Context(), func(tx *sql.Tx) error { return loadObject(t.Context(), tx, src, o) }); err != nil {
			t.Fatal(err)
		}
	}
}

func loadObject(ctx context.Context, tx *sql.Tx, src nextcrm.Source, o nextcrm.Object) error {
	columns := append([]string{"source_table", "source_row", "source_id", "extra", "row_hash"}, o.Columns...)
	in, err := warehouse.NewInserter(tx, "stg_"+o.Name, columns...)
	if err != nil {
		return err
	}
	err = src.Rows(ctx, o.Name, func(r *nextcrm.Row) error {
		sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %q", r.ID, r.Values, r.Extra))
		values := []any{r.Table, r.Number, text(r.ID), text(r.Extra), hex.EncodeToString(sum[:])}
		for _, v := range r.Values {
			values = append(values, text(v))
		}
		return in.Add(values...)
	})
	if err != nil {
		return err
	}
	return in.Close()
}

func text(b []byte) any {
	if b == nil {
		return nil
	}
	return string(b)
}

// query returns the rows of a query, each as one string of its columns.
func query(t testing.TB, db *warehouse.DB, q string, args ...any) []string {
	t.Helper()
	rows, err := db.Read().QueryContext(t.Context(), q, args...)
	if err != nil {
		t.Fatalf("%s: %v", q, err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	cells, into := make([]sql.NullString, len(columns)), make([]any, len(columns))
	for i := range cells {
		into[i] = &cells[i]
	}
	out := []string{}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		line := ""
		for i, c := range cells {
			if i > 0 {
				line += " | "
			}
			if !c.Valid {
				line += "NULL"
				continue
			}
			line += c.String
		}
		out = append(out, line)
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%s: %v", q, err)
	}
	return out
}

// value is the only cell of a query; nil for NULL.
func value(t testing.TB, db *warehouse.DB, q string, args ...any) *string {
	t.Helper()
	var s sql.NullString
	if err := db.Read().QueryRowContext(t.Context(), q, args...).Scan(&s); err != nil {
		t.Fatalf("%s %v: %v", q, args, err)
	}
	if !s.Valid {
		return nil
	}
	return &s.String
}

func number(t testing.TB, db *warehouse.DB, q string, args ...any) int {
	t.Helper()
	var n int
	if err := db.Read().QueryRowContext(t.Context(), q, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", q, err)
	}
	return n
}

func decodeJSON[T any](t testing.TB, text string) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("decode %s: %v", text, err)
	}
	return v
}
