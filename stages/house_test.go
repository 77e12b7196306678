package stages

import (
	"context"
	"database/sql"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	nextcrmsample "nextpipe/fixtures/nextcrm"
	"nextpipe/fixtures/process"
	"nextpipe/fixtures/sandbox"
	sqlfiles "nextpipe/sql"
	"nextpipe/stages/clean"
	"nextpipe/stages/internal/model"
	"nextpipe/stages/internal/nextcrm"
	"nextpipe/stages/internal/warehouse"
)

// These tests keep the house in order: who may import whom, who may write
// what, and that SQL headers tell the truth.

func sampleEnv(t *testing.T) *Env {
	t.Helper()
	a, url := process.Account(t, sandbox.Options{Seed: 1})
	return envOn(t, a, url, Options{Source: sampleExport(t), OverrideCampaigns: nextcrmsample.ActiveCampaigns["plugin"]})
}

// shared tables are written by support packages on behalf of several stages.
var supportOwners = map[string]bool{"warehouse": true, "target": true, "journal": true, "stages": true}

// alsoWrites are columns of another stage's table that a stage may set: only
// rollback knows that something provisioned is gone.
var alsoWrites = map[string][]string{"rollback": {"provisioned", "bind"}}

func TestHouse_EachStageWritesItsOwnTablesOnly(t *testing.T) {
	e, ctx := sampleEnv(t), context.Background()
	owners := ownersOf(t, e.DB)
	before := hashTables(t, e.DB)
	for _, s := range All {
		if err := e.Execute(ctx, "test", s.Name); err != nil && ExitCode(err) != 3 {
			t.Fatalf("%s: %v", s.Name, err)
		}
		after := hashTables(t, e.DB)
		for table, hash := range after {
			owner := owners[table]
			pkg := map[string]string{"map": "mapping"}[s.Name]
			if pkg == "" {
				pkg = s.Name
			}
			if before[table] != hash && owner != pkg && !supportOwners[owner] && !slices.Contains(alsoWrites[s.Name], table) {
				t.Errorf("stage %s wrote %s, which belongs to %q", s.Name, table, owner)
			}
		}
		before = after
	}
}

func ownersOf(t *testing.T, db *warehouse.DB) map[string]string {
	t.Helper()
	rows, err := db.Read().Query("SELECT table_name, owner FROM data_dictionary WHERE column_name = ''")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	out := map[string]string{}
	for rows.Next() {
		var table, owner string
		if err := rows.Scan(&table, &owner); err != nil {
			t.Fatal(err)
		}
		out[table] = owner
	}
	return out
}

// hashTables gives each table a short text that changes with its rows.
func hashTables(t *testing.T, db *warehouse.DB) map[string]string {
	t.Helper()
	rows, err := db.Read().Query("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'goose_%'")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for rows.Next() {
		var n string
		if err := rows.Scan(&n); err != nil {
			t.Fatal(err)
		}
		names = append(names, n)
	}
	rows.Close()
	out := map[string]string{}
	for _, n := range names {
		out[n] = hashTable(t, db, n)
	}
	return out
}

func hashTable(t *testing.T, db *warehouse.DB, table string) string {
	t.Helper()
	rows, err := db.Read().Query("SELECT * FROM " + warehouse.Quote(table))
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for rows.Next() {
		values := make([]any, len(columns))
		for i := range values {
			values[i] = new(any)
		}
		if err := rows.Scan(values...); err != nil {
			t.Fatal(err)
		}
		var line strings.Builder
		for _, v := range values {
			fmt.Fprintf(&line, "%v|", *v.(*any))
		}
		lines = append(lines, line.String())
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func TestHouse_TheTableOfContentsNamesWhatStagesWrite(t *testing.T) {
	for table, owner := range ownersOf(t, sampleEnv(t).DB) {
		st, ok := Lookup(map[string]string{"mapping": "map"}[owner])
		if !ok {
			st, ok = Lookup(owner)
		}
		named := slices.ContainsFunc(strings.Fields(st.Writes), func(pattern string) bool {
			match, err := filepath.Match(pattern, table)
			return err == nil && match
		})
		if ok && !named {
			t.Errorf("%s writes %s, stages.All does not say so", st.Name, table)
		}
	}
}

func TestHouse_StagesDoNotImportEachOther(t *testing.T) {
	stage := map[string]bool{}
	for _, dir := range []string{"scope", "extract", "clean", "dedupe", "mapping", "build", "plan", "provision", "load", "verify", "relink", "rollback", "report", "doctor", "delta", "cutover", "audit"} {
		stage["nextpipe/stages/"+dir] = true
	}
	eachGoFile(t, ".", func(path string, file *ast.File, _ *token.FileSet) {
		own := "nextpipe/stages/" + filepath.ToSlash(filepath.Dir(path))
		if !stage[own] || strings.HasSuffix(path, "_test.go") {
			return
		}
		for _, imp := range file.Imports {
			name := strings.Trim(imp.Path.Value, `"`)
			if stage[name] || strings.HasPrefix(name, "nextpipe/fixtures") {
				t.Errorf("%s imports %s: stages meet only in tables", path, name)
			}
		}
	})
}

func TestHouse_TheSandboxSharesNothingWithTheClient(t *testing.T) {
	eachGoFile(t, "../fixtures/sandbox", func(path string, file *ast.File, _ *token.FileSet) {
		for _, imp := range file.Imports {
			if strings.Contains(imp.Path.Value, "nextpipe/stages") {
				t.Errorf("%s imports %s: a wrong name must fail instead of agreeing with itself", path, imp.Path.Value)
			}
		}
	})
}

// Budgets of the house; a function over them has become hard to live in.
const (
	maxFileLines     = 400
	maxFunctionLines = 50
)

func TestHouse_FilesAndFunctionsStaySmall(t *testing.T) {
	for _, root := range []string{".", "../cmd", "../fixtures", "../schema", "../sql"} {
		eachGoFile(t, root, func(path string, file *ast.File, set *token.FileSet) {
			if strings.HasSuffix(path, "_test.go") {
				return
			}
			if n := set.Position(file.End()).Line; n > maxFileLines {
				t.Errorf("%s has %d lines, the most is %d", path, n, maxFileLines)
			}
			for _, d := range file.Decls {
				if f, ok := d.(*ast.FuncDecl); ok {
					if n := set.Position(f.End()).Line - set.Position(f.Pos()).Line + 1; n > maxFunctionLines {
						t.Errorf("%s: %s has %d lines, the most is %d", path, f.Name.Name, n, maxFunctionLines)
					}
				}
			}
		})
	}
}

func eachGoFile(t *testing.T, root string, visit func(path string, file *ast.File, set *token.FileSet)) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".go" || strings.Contains(path, "node_modules") {
			return err
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		visit(path, file, set)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestHouse_SQLHeadersNameWhatTheSelectReads(t *testing.T) {
	if err := clean.RegisterFunctions(); err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	db, err := warehouse.Open(ctx, filepath.Join(t.TempDir(), "np.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, dir := range []string{"clean", "dedupe", "crosswalk", "final", "check", "report", "document"} {
		models, err := model.Load(sqlfiles.Files, dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range models {
			if err := db.Write(ctx, func(tx *sql.Tx) error { return checkHeader(ctx, t, tx, m) }); err != nil {
				t.Errorf("%s: %v", m.File, err)
			}
		}
	}
}

// checkHeader compares a header with what SQLite opens, views seen through.
func checkHeader(ctx context.Context, t *testing.T, tx *sql.Tx, m model.Model) error {
	opened, err := model.Opened(ctx, tx, m.SQL)
	if err != nil {
		return err
	}
	var named []string
	for _, table := range m.Reads {
		through, err := model.Opened(ctx, tx, "SELECT * FROM "+warehouse.Quote(table))
		if err != nil {
			return err
		}
		named = append(named, through...)
	}
	for _, table := range opened {
		if !slices.Contains(named, table) {
			t.Errorf("%s reads %s, its header does not say so", m.File, table)
		}
	}
	for _, table := range m.Reads {
		through, err := model.Opened(ctx, tx, "SELECT * FROM "+warehouse.Quote(table))
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(through, func(name string) bool { return slices.Contains(opened, name) }) {
			t.Errorf("%s says that it reads %s, it does not", m.File, table)
		}
	}
	return nil
}

func TestHouse_StagingTablesAgreeWithTheCatalogue(t *testing.T) {
	db, err := warehouse.Open(context.Background(), filepath.Join(t.TempDir(), "np.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, o := range nextcrm.Objects {
		rows, err := db.Read().Query(`SELECT name FROM pragma_table_info(?) WHERE name NOT IN
			('row_id', 'source_table', 'source_row', 'source_id', 'extra', 'row_hash')`, "stg_"+o.Name)
		if err != nil {
			t.Fatal(err)
		}
		var have []string
		for rows.Next() {
			var n string
			if err := rows.Scan(&n); err != nil {
				t.Fatal(err)
			}
			have = append(have, n)
		}
		rows.Close()
		if !slices.Equal(have, o.Columns) {
			t.Errorf("stg_%s has %v, the catalogue says %v", o.Name, have, o.Columns)
		}
	}
}
