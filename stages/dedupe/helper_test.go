package dedupe_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"nextpipe/stages/dedupe"
	"nextpipe/stages/internal/stage"
	"nextpipe/stages/internal/warehouse"
)

// open makes a warehouse of the given edition.
func open(t testing.TB, edition string) *warehouse.DB {
	t.Helper()
	db, err := warehouse.Open(context.Background(), filepath.Join(t.TempDir(), "w.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	exec(t, db, `INSERT INTO setup (only_row, source_edition, source_id, source_tag, source_name, tool_version, created_at)
		VALUES (1, '`+edition+`', 'id', 'abcdef', 'test', 'test', '2026-01-01T00:00:00Z')`)
	return db
}

func exec(t testing.TB, db *warehouse.DB, statements ...string) {
	t.Helper()
	for _, s := range statements {
		if err := db.Write(context.Background(), execTx(s)); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// row is a clean row by column; what is not named is empty.
type row map[string]any

// contacts stores staging and clean rows, numbered in order from 1.
func contacts(t testing.TB, db *warehouse.DB, rows ...row) {
	t.Helper()
	for _, r := range rows {
		defaults(r, row{"name": strings.TrimSpace(fmt.Sprint(or(r["first_name"]), " ", or(r["last_name"]))), "name_origin": "name"})
		if email, ok := r["email"]; ok {
			defaults(r, row{"mailbox_key": email, "emails": fmt.Sprintf(`[{"value":%q,"label":"work","primary":true}]`, email)})
		}
		if phone, ok := r["phone_e164"]; ok {
			defaults(r, row{"phones": fmt.Sprintf(`[{"value":%q,"label":"work","primary":true,"e164":%q}]`, phone, phone)})
		}
		store(t, db, "contact", r)
	}
}

// accounts stores staging and clean rows.
func accounts(t testing.TB, db *warehouse.DB, rows ...row) {
	t.Helper()
	for _, r := range rows {
		folded := strings.ToLower(fmt.Sprint(r["name"]))
		defaults(r, row{"name_strict": folded, "name_loose": strings.TrimSuffix(folded, " gmbh")})
		store(t, db, "account", r)
	}
}

func or(v any) any {
	if v == nil {
		return ""
	}
	return v
}

func defaults(r, d row) {
	for k, v := range d {
		if _, ok := r[k]; !ok {
			r[k] = v
		}
	}
}

// store adds row "id" as <object>:<id>.
func store(t testing.TB, db *warehouse.DB, object string, r row) {
	t.Helper()
	id := fmt.Sprint(r["id"])
	delete(r, "id")
	r["row_id"] = one(t, db, "SELECT coalesce(max(row_id), 0) + 1 FROM stg_"+object)
	r[object+"_key"], r["source_id"], r["row_hash"] = object+":"+id, id, "h"+id
	exec(t, db, fmt.Sprintf("INSERT INTO stg_%s (source_table, source_id, row_hash) VALUES ('t', '%s', 'h')", object, id))
	var names, values []string
	for k, v := range r {
		names = append(names, k)
		values = append(values, "'"+strings.ReplaceAll(fmt.Sprint(v), "'", "''")+"'")
	}
	exec(t, db, fmt.Sprintf("INSERT INTO clean_%s (%s) VALUES (%s)", object, strings.Join(names, ","), strings.Join(values, ",")))
}

func run(t testing.TB, db *warehouse.DB) stage.Result {
	t.Helper()
	res, err := dedupe.Run(context.Background(), db)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// one reads a single value as text, "NULL" for NULL.
func one(t testing.TB, db *warehouse.DB, query string) string {
	t.Helper()
	var s *string
	if err := db.Read().QueryRow(query).Scan(&s); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	if s == nil {
		return "NULL"
	}
	return *s
}

// list reads rows as lines, columns joined by a blank.
func list(t testing.TB, db *warehouse.DB, query string) []string {
	t.Helper()
	rows, err := db.Read().Query(query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	columns, _ := rows.Columns()
	var out []string
	for rows.Next() {
		values, into := make([]*string, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		texts := make([]string, len(values))
		for i, v := range values {
			if texts[i] = "NULL"; v != nil {
				texts[i] = *v
			}
		}
		out = append(out, strings.Join(texts, " "))
	}
	return out
}

// fates is the crosswalk of an object: key, fate, final key.
func fates(t testing.TB, db *warehouse.DB, object string) []string {
	return list(t, db, fmt.Sprintf("SELECT coalesce(%[1]s_key, 'row:' || row_id), fate, final_key FROM xw_%[1]s ORDER BY row_id", object))
}

func execTx(statement string) func(*sql.Tx) error {
	return func(tx *sql.Tx) error {
		_, err := tx.Exec(statement)
		return err
	}
}

func runError(db *warehouse.DB) error {
	_, err := dedupe.Run(context.Background(), db)
	return err
}
