package stages

import (
	"context"
	"database/sql"
	"go/ast"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	sqlfiles "nextpipe/sql"
	"nextpipe/stages/clean"
	"nextpipe/stages/internal/model"
	"nextpipe/stages/internal/nextcrm"
	"nextpipe/stages/internal/warehouse"
)

// A column that is staged and that nothing reads would be lost without anybody
// having said so: either a transform or a document reads it, or fates.tsv names
// it as staying in the warehouse, with a reason.
func TestCoverage_EveryStagedColumnIsReadOrNamedAsStaying(t *testing.T) {
	if err := clean.RegisterFunctions(); err != nil {
		t.Fatal(err)
	}
	db, err := warehouse.Open(context.Background(), filepath.Join(t.TempDir(), "np.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	read := columnsThatTransformsRead(t, db)
	readInGo(t, read)
	fates, err := nextcrm.Fates()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range fates {
		o, _ := nextcrm.Lookup(f.Object)
		for _, column := range append([]string{"extra"}, o.Columns...) {
			isRead, stays := read["stg_"+f.Object+"."+column], f.Kept[column] != ""
			if !isRead && !stays {
				t.Errorf("stg_%s.%s: no transform or document reads it, and fates.tsv does not say why", f.Object, column)
			}
		}
	}
}

// The CSV files that fates.tsv promises are written by a file of sql/document.
func TestCoverage_TheFilesItNamesAreWritten(t *testing.T) {
	models, err := model.Load(sqlfiles.Files, "document")
	if err != nil {
		t.Fatal(err)
	}
	written := map[string]bool{}
	for _, m := range models {
		if head := regexp.MustCompile(`(?m)^-- file: (\S+)$`).FindStringSubmatch(m.SQL); head != nil {
			written[head[1]] = true
		}
	}
	fates, err := nextcrm.Fates()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range fates {
		for _, name := range regexp.MustCompile(`[a-z_/]+\.csv`).FindAllString(f.What, -1) {
			if !written[name] {
				t.Errorf("%s: no document writes %s", f.Object, name)
			}
		}
	}
}

// columnsThatTransformsRead asks SQLite which columns of which tables the
// SELECTs of sql/ fetch, as "table.column".
func columnsThatTransformsRead(t *testing.T, db *warehouse.DB) map[string]bool {
	t.Helper()
	read := map[string]bool{}
	for _, dir := range []string{"clean", "dedupe", "crosswalk", "final", "document"} {
		models, err := model.Load(sqlfiles.Files, dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range models {
			if err := db.Write(context.Background(), func(tx *sql.Tx) error { return fetched(tx, m.SQL, read) }); err != nil {
				t.Fatalf("%s: %v", m.File, err)
			}
		}
	}
	return read
}

// fetched reads the byte code of a SELECT: OpenRead gives a table to a cursor,
// Column fetches a column from it by number.
func fetched(tx *sql.Tx, query string, read map[string]bool) error {
	rows, err := tx.Query("EXPLAIN " + query)
	if err != nil {
		return err
	}
	type fetch struct{ cursor, column int64 }
	tables, fetches := map[int64]int64{}, []fetch{}
	for rows.Next() {
		var addr, p1, p2, p3 int64
		var opcode string
		var p4, p5, comment sql.NullString
		if err := rows.Scan(&addr, &opcode, &p1, &p2, &p3, &p4, &p5, &comment); err != nil {
			return err
		}
		switch {
		case opcode == "OpenRead" && p3 == 0:
			tables[p1] = p2
		case opcode == "Column":
			fetches = append(fetches, fetch{p1, p2})
		}
	}
	if err := rows.Close(); err != nil {
		return err
	}
	for _, f := range fetches {
		var name sql.NullString
		err := tx.QueryRow(`SELECT s.name || '.' || c.name FROM sqlite_schema AS s, pragma_table_info(s.name) AS c
			WHERE s.type = 'table' AND s.rootpage = ? AND c.cid = ?`, tables[f.cursor], f.column).Scan(&name)
		if err != nil && err != sql.ErrNoRows { // cursors of indexes and of intermediate results
			return err
		}
		read[name.String] = true
	}
	return nil
}

// readInGo adds the columns that Go code names beside a staging table: queries
// that are put together, and readers of definitions.
func readInGo(t *testing.T, read map[string]bool) {
	t.Helper()
	for _, dir := range []string{"clean", "dedupe", "mapping", "build", "report"} {
		eachGoFile(t, dir, func(path string, _ *ast.File, _ *token.FileSet) {
			if strings.HasSuffix(path, "_test.go") {
				return
			}
			code, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for _, o := range nextcrm.Objects {
				if !regexp.MustCompile(`\bstg_` + o.Name + `\b`).Match(code) {
					continue
				}
				for _, column := range append([]string{"extra"}, o.Columns...) {
					if regexp.MustCompile(`\b` + column + `\b`).Match(code) {
						read["stg_"+o.Name+"."+column] = true
					}
				}
			}
		})
	}
}
