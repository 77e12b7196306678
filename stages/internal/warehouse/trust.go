package warehouse

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/pressly/goose/v3"

	"nextpipe/schema"
	"nextpipe/stages/internal/stage"
)

// A warehouse travels: it is copied, handed to auditors, mailed back. Whoever
// had it in his hands can have put into its schema what acts when we read or
// write: a trigger that empties the journal, a view in place of a table, a
// column that is computed. So before anything of a file is used, its schema has
// to be, letter by letter, what our migrations make.

// object is a line of sqlite_schema.
type object struct {
	kind, name, table string
	root              int64 // first page; 0 for what has none
	sql               string
}

func (o object) String() string { return fmt.Sprintf("%s %q", o.kind, o.name) }

// same tells that two objects differ in nothing but where they lie.
func (o object) same(as object) bool {
	return o.kind == as.kind && o.name == as.name && o.table == as.table && o.sql == as.sql && (o.root == 0) == (as.root == 0)
}

// refuseStrangeSchema compares the file with what its version should be. An
// empty file has nothing to compare.
func (db *DB) refuseStrangeSchema(ctx context.Context) error {
	have, version, err := db.schema(ctx)
	if err != nil || len(have) == 0 {
		return err
	}
	want, err := expected(ctx, version)
	if err != nil {
		return err
	}
	return compare(have, want)
}

// schema reads the objects of the file and the migration it is at, in one
// moment: another process may be about to migrate it.
func (db *DB) schema(ctx context.Context) (all []object, version int64, err error) {
	tx, err := db.r.BeginTx(ctx, nil)
	if err != nil {
		return nil, 0, err
	}
	defer tx.Rollback()
	if all, err = objects(ctx, tx); err != nil || len(all) == 0 {
		return nil, 0, err
	}
	if err := refuseForeign(all); err != nil {
		return nil, 0, err
	}
	err = tx.QueryRowContext(ctx, "SELECT coalesce(max(version_id), 0) FROM goose_db_version").Scan(&version)
	return all, version, err
}

func objects(ctx context.Context, tx *sql.Tx) ([]object, error) {
	rows, err := tx.QueryContext(ctx, "SELECT type, name, tbl_name, coalesce(rootpage, 0), coalesce(sql, '') FROM main.sqlite_schema ORDER BY rowid")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []object
	for rows.Next() {
		var o object
		if err := rows.Scan(&o.kind, &o.name, &o.table, &o.root, &o.sql); err != nil {
			return nil, err
		}
		all = append(all, o)
	}
	return all, rows.Err()
}

// migrationTable is how a warehouse is told from the database of something else.
const migrationTable = "goose_db_version"

// refuseForeign keeps our tables out of a database that is something else's. In
// ours the version must lie in a table: reading it is reading the file.
func refuseForeign(all []object) error {
	i := slices.IndexFunc(all, func(o object) bool { return o.name == migrationTable && o.kind != "index" })
	if i < 0 {
		return stage.Input(fmt.Errorf("it is a database of something else; name another file with --db"))
	}
	if all[i].kind != "table" || all[i].root == 0 {
		return strange("%s stands in place of a table", all[i])
	}
	return nil
}

// made keeps the schema of each version, which takes a moment to make.
var made sync.Map

// expected is the schema of a version: what its migrations make of nothing.
func expected(ctx context.Context, version int64) ([]object, error) {
	if known, ok := made.Load(version); ok {
		return known.([]object), nil
	}
	db, err := sql.Open("sqlite", "file::memory:")
	if err != nil {
		return nil, err
	}
	defer db.Close()
	db.SetMaxOpenConns(1) // each connection to memory is a database of its own
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, schema.Migrations)
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	if sources := provider.ListSources(); version > sources[len(sources)-1].Version {
		return nil, stage.Input(fmt.Errorf("it was made by a newer nextpipe (schema %d); use that one", version))
	}
	if _, err := provider.UpTo(ctx, version); err != nil {
		return nil, fmt.Errorf("make schema %d: %w", version, err)
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer tx.Rollback()
	all, err := objects(ctx, tx)
	if err == nil {
		made.Store(version, all)
	}
	return all, err
}

// Ours is the SQL of every object that the migrations of a warehouse make, by
// name: what else is in it is somebody's own.
func Ours(ctx context.Context, tx *sql.Tx) (map[string]string, error) {
	var version int64
	if err := tx.QueryRowContext(ctx, "SELECT coalesce(max(version_id), 0) FROM goose_db_version").Scan(&version); err != nil {
		return nil, damaged(err)
	}
	all, err := expected(ctx, version)
	ours := map[string]string{}
	for _, o := range all {
		ours[o.name] = o.sql
	}
	return ours, err
}

// compare names the first object that is wrong: one of ours that is altered or
// missing, before one that was added and is not harmless.
func compare(have, want []object) error {
	ours, seen, pages := map[string]object{}, map[string]bool{}, map[int64]object{}
	for _, o := range want {
		ours[fold(o.name)] = o
	}
	var added []object
	for _, o := range have {
		if other, taken := pages[o.root]; taken && o.root != 0 {
			return strange("%s and %s share their pages", other, o)
		}
		pages[o.root] = o
		w, isOurs := ours[fold(o.name)]
		switch {
		case !isOurs:
			added = append(added, o)
		case !o.same(w) || seen[o.name]:
			return strange("%s is not as nextpipe makes it", o)
		}
		seen[o.name] = true
	}
	for _, o := range want {
		if !seen[o.name] {
			return strange("%s is missing", o)
		}
	}
	for _, o := range added {
		if err := harmless(o, ours); err != nil {
			return err
		}
	}
	return nil
}

var (
	// builtin are tables that SQLite makes by itself.
	builtin = map[string]string{
		"sqlite_sequence": "CREATE TABLE sqlite_sequence(name,seq)",
		"sqlite_stat1":    "CREATE TABLE sqlite_stat1(tbl,idx,stat)",
		"sqlite_stat4":    "CREATE TABLE sqlite_stat4(tbl,idx,neq,nlt,ndlt,sample)",
	}
	// taken are names that would hide a function we call.
	taken = regexp.MustCompile(`^(sqlite|pragma|json|nextpipe|np)_`)
	// acting are words by which a table computes, checks or reaches for others.
	acting = regexp.MustCompile(`(?i)\b(as|check|collate|default|generated|references|virtual)\b`)
)

// harmless lets people have views and plain tables of their own: nothing of ours
// reads them. Triggers act on our tables, and so do further indexes of them.
func harmless(o object, ours map[string]object) error {
	_, onOurs := ours[fold(o.table)]
	switch {
	case builtin[o.name] != "" && o.sql == builtin[o.name] && o.kind == "table":
		return nil
	case o.kind == "index" && o.sql == "" && !onOurs: // of a PRIMARY KEY
		return nil
	case o.kind == "trigger":
		return strange("%s on %q acts by itself; `DROP TRIGGER` removes it", o, o.table)
	case onOurs:
		return strange("%s on %q is not nextpipe's; `DROP %s` removes it", o, o.table, strings.ToUpper(o.kind))
	case taken.MatchString(fold(o.name)):
		return strange("%s has a name that nextpipe or SQLite needs; rename or drop it", o)
	case o.kind == "table" && (o.root == 0 || acting.MatchString(o.sql)):
		return strange("%s is more than a plain table; `DROP TABLE` removes it, tables of your own may hold plain columns only", o)
	}
	return nil
}

func strange(what string, args ...any) error {
	return fmt.Errorf("%w: "+what+"; nothing was read or sent. If that was nobody you trust, go on with a copy from before", append([]any{ErrDamaged}, args...)...)
}

// fold compares names as SQLite does.
func fold(name string) string { return strings.ToLower(name) }
