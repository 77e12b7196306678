// Package model runs the transforms in sql/: one file is one SELECT is one table.
//
//	reads   the .sql files and the tables their headers name
//	does    checks headers, inserts each SELECT's rows by column name
//	writes  the table that each file is named after
package model

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"sort"
	"strings"

	"nextpipe/stages/internal/warehouse"
)

// Model is one transform file.
type Model struct {
	File  string   // "clean/40_clean_contact.sql"
	Table string   // the table its rows go to: the file name without number and ending
	Grain string   // "one row per …"
	Reads []string // tables and views it reads, sorted
	SQL   string   // the SELECT, comments included
}

var (
	fileName = regexp.MustCompile(`^(\d+)_([a-z0-9_]+)\.sql$`)
	grain    = regexp.MustCompile(`(?m)^-- (one row per .+)$`)
	reads    = regexp.MustCompile(`(?m)^-- reads: (.+)$`)
)

// Load reads the transforms of one folder in the order of their file names.
// Several files may fill the same table; then they add to it in that order.
func Load(files fs.FS, dir string) ([]Model, error) {
	names, err := fs.Glob(files, path.Join(dir, "*.sql"))
	if err != nil {
		return nil, fmt.Errorf("list transforms: %w", err)
	}
	sort.Strings(names)
	var models []Model
	for _, name := range names {
		m, err := parse(files, name)
		if err != nil {
			return nil, fmt.Errorf("read transform %s: %w", name, err)
		}
		models = append(models, m)
	}
	return models, nil
}

func parse(files fs.FS, name string) (Model, error) {
	text, err := fs.ReadFile(files, name)
	if err != nil {
		return Model{}, err
	}
	base := fileName.FindStringSubmatch(path.Base(name))
	if base == nil {
		return Model{}, fmt.Errorf("name it NN_<table>.sql")
	}
	g, r := grain.FindStringSubmatch(string(text)), reads.FindStringSubmatch(string(text))
	if g == nil || r == nil {
		return Model{}, fmt.Errorf("its header lacks '-- one row per …' or '-- reads: …'")
	}
	tables := strings.Split(strings.ReplaceAll(r[1], " ", ""), ",")
	sort.Strings(tables)
	// SQLite numbers suffixes such as _2 are for files that add to the same table.
	return Model{File: name, Table: strings.TrimRight(base[2], "0123456789_"), Grain: g[1], Reads: tables, SQL: string(text)}, nil
}

// Tables lists the tables that models fill, each once, in order of first use.
func Tables(models []Model) []string {
	var out []string
	seen := map[string]bool{}
	for _, m := range models {
		if !seen[m.Table] {
			seen[m.Table] = true
			out = append(out, m.Table)
		}
	}
	return out
}

// Run inserts the rows of m's SELECT into its table, by column name, and
// returns how many there were. The SELECT is wrapped as a subquery, so that a
// second statement in the file is a syntax error; should text find a way out of
// it, it can still write no other table than m's.
func Run(ctx context.Context, db *warehouse.DB, tx *sql.Tx, m Model) (n int64, err error) {
	err = db.Only(m.Table, func() error {
		n, err = insert(ctx, tx, m)
		return err
	})
	return n, err
}

func insert(ctx context.Context, tx *sql.Tx, m Model) (int64, error) {
	columns, err := Columns(ctx, tx, m.SQL)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", m.File, err)
	}
	for i, c := range columns {
		columns[i] = warehouse.Quote(c)
	}
	list := strings.Join(columns, ", ")
	res, err := tx.ExecContext(ctx, "INSERT INTO "+warehouse.Quote(m.Table)+" ("+list+") SELECT "+list+" FROM (\n"+m.SQL+"\n)")
	if err != nil {
		return 0, fmt.Errorf("%s: %w", m.File, err)
	}
	return res.RowsAffected()
}

// Columns asks SQLite for the column names of a SELECT.
func Columns(ctx context.Context, tx *sql.Tx, query string) ([]string, error) {
	rows, err := tx.QueryContext(ctx, "SELECT * FROM (\n"+query+"\n) LIMIT 0")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	return rows.Columns()
}

// Opened asks SQLite which tables a SELECT really opens, by name, sorted. Views
// are seen through: their tables are named, not they.
func Opened(ctx context.Context, tx *sql.Tx, query string) ([]string, error) {
	roots, err := openedRoots(ctx, tx, query)
	if err != nil {
		return nil, err
	}
	var names []string
	for root := range roots {
		var name string
		if err := tx.QueryRowContext(ctx, "SELECT tbl_name FROM sqlite_schema WHERE rootpage = ?", root).Scan(&name); err != nil {
			return nil, fmt.Errorf("name root page %d: %w", root, err)
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	return names, nil
}

// openedRoots reads the root pages of the main database from the byte code.
func openedRoots(ctx context.Context, tx *sql.Tx, query string) (map[int64]bool, error) {
	rows, err := tx.QueryContext(ctx, "EXPLAIN "+query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	roots := map[int64]bool{}
	for rows.Next() {
		var addr, p1, p2, p3 int64
		var opcode string
		var p4, p5, comment sql.NullString
		if err := rows.Scan(&addr, &opcode, &p1, &p2, &p3, &p4, &p5, &comment); err != nil {
			return nil, err
		}
		if opcode == "OpenRead" && p3 == 0 {
			roots[p2] = true
		}
	}
	return roots, rows.Err()
}
