// Package warehouse is the SQLite file that everything meets in: opening and
// migrating it, the lock, runs, replacing tables, and bulk insertion.
//
//	reads   the file, the lock row, sqlite_schema
//	does    migrates, guards against a second run, replaces tables atomically
//	writes  setup, lock, run, stage_run, data_dictionary; rows on behalf of the stages
package warehouse

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"nextpipe/stages/internal/stage"
)

// Errors that decide an exit code.
var (
	// ErrDamaged means that the file is not a warehouse that can be trusted.
	ErrDamaged = errors.New("warehouse is damaged")
	// ErrLocked means that another run holds the warehouse.
	ErrLocked = errors.New("warehouse is locked by another run")
	// ErrDrift means that warehouse, source and account do not fit together, or no longer.
	ErrDrift = errors.New("warehouse, source and account do not fit together")
)

// DB is an open warehouse: one writing connection and a few reading ones, so
// that a long read never waits for a write nor blocks it (WAL).
type DB struct {
	path  string
	w, r  *sql.DB
	guard guard
	now   func() time.Time
}

// readers is how many connections may read at once.
const readers = 4

// pragmas hold for every connection, whichever the pool hands out.
// synchronous=FULL: an intent that is committed must survive a power cut, or a
// lost answer would turn into a duplicate. trusted_schema=off: triggers and
// views of a file that somebody sent must not reach functions with effects.
// Defensive mode beside them keeps every statement off the schema table itself.
var pragmas = []string{
	"journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(ON)", "busy_timeout(10000)",
	"trusted_schema(OFF)", "cell_size_check(ON)", "cache_size(-16384)", "temp_store(FILE)",
}

// dsn opens path with the common pragmas and more; lock is how transactions
// begin: a writer takes its lock at once, a reader never does.
func dsn(path, lock string, more ...string) string {
	q := url.Values{"_pragma": append(append([]string{}, pragmas...), more...), "_txlock": {lock}, "_defensive": {"1"}}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode()
}

// Open opens the warehouse at path, creating and migrating it when needed.
// A file that is not a sound SQLite database gives ErrDamaged.
func Open(ctx context.Context, path string) (*DB, error) {
	if err := refuseOddFile(path); err != nil {
		return nil, err
	}
	if err := refuseShared(path); err != nil {
		return nil, stage.Input(err)
	}
	if err := create(ctx, path); err != nil {
		return nil, stage.Input(fmt.Errorf("create warehouse: %w", explain(path, err)))
	}
	if err := registerFeed(); err != nil {
		return nil, fmt.Errorf("open warehouse %s: %w", path, err)
	}
	db := &DB{path: path, now: time.Now}
	if err := db.connect(); err != nil {
		return nil, fmt.Errorf("open warehouse %s: %w", path, err)
	}
	if err := db.migrate(ctx); err != nil {
		_ = db.Close()
		return nil, fmt.Errorf("open warehouse %s: %w", path, explain(path, err))
	}
	return db, nil
}

// OpenExisting is Open for a file that must hold a warehouse already: one that
// is missing or empty is not made anew, or a lost warehouse would look like a
// migration that has not begun.
func OpenExisting(ctx context.Context, path string) (*DB, error) {
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, stage.Input(fmt.Errorf("there is no warehouse %s; `nextpipe run` makes one, --db names another", path))
	}
	if err == nil && !info.IsDir() {
		err = refuseEmpty(ctx, path, info.Size())
	}
	if err != nil {
		return nil, fmt.Errorf("open warehouse %s: %w", path, err)
	}
	return Open(ctx, path)
}

// refuseEmpty refuses a database without a table. Of no bytes SQLite makes one
// even for reading.
func refuseEmpty(ctx context.Context, path string, size int64) error {
	objects := 0
	if size > 0 {
		if err := readOnly(ctx, path, func(db *sql.DB) error {
			return db.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&objects)
		}); err != nil {
			return err
		}
	}
	if objects > 0 {
		return nil
	}
	return stage.Input(errors.New("the file is empty; if there was a warehouse, restore a copy made by `.backup`, then `nextpipe relink`; if not, `nextpipe run` makes one, --db names another"))
}

// connect makes the pools; nothing is opened yet.
func (db *DB) connect() (err error) {
	if db.w, err = pool(dsn(db.path, "immediate"), db.guard.write); err != nil {
		return err
	}
	db.w.SetMaxOpenConns(1)
	if db.r, err = pool(dsn(db.path, "deferred", "query_only(ON)"), read); err != nil {
		return err
	}
	db.r.SetMaxOpenConns(readers)
	db.r.SetMaxIdleConns(readers)
	return nil
}

// pageSize is set once, when the file is made. A company arrives in one sweep:
// pages four times the usual size mean a quarter of the writes.
const pageSize = 16384

// create makes a new file with our page size that only its owner can read; an existing one keeps its own.
func create(ctx context.Context, path string) error {
	if info, err := os.Stat(path); err == nil && info.Size() > 0 {
		return nil
	}
	_ = Touch(path) // where that fails, SQLite says why
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath())
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(1)
	_, err = db.ExecContext(ctx, fmt.Sprintf("PRAGMA page_size = %d; PRAGMA journal_mode = WAL", pageSize))
	return errors.Join(err, db.Close())
}

// refuseOddFile stops before SQLite would create something in a wrong place.
func refuseOddFile(path string) error {
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("open warehouse: %w", err)
	}
	if info.IsDir() {
		return stage.Input(fmt.Errorf("open warehouse %s: it is a folder; name a file with --db", path))
	}
	return nil
}

// damaged adds ErrDamaged to what SQLite says of a broken file.
func damaged(err error) error {
	var se *sqlite.Error
	if errors.As(err, &se) {
		switch se.Code() & 0xff {
		case sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT:
			return fmt.Errorf("%w: %w; restore a copy made by `.backup`, then `nextpipe relink`", ErrDamaged, err)
		}
	}
	return err
}

// Check proves that the file is sound before anything is sent on its word.
func (db *DB) Check(ctx context.Context) error {
	rows, err := db.r.QueryContext(ctx, "PRAGMA quick_check(5)")
	if err != nil {
		return damaged(err)
	}
	defer rows.Close()
	var bad []string
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return damaged(err)
		}
		if line != "ok" {
			bad = append(bad, line)
		}
	}
	if err := rows.Err(); err != nil {
		return damaged(err)
	}
	if len(bad) > 0 {
		return fmt.Errorf("%w: %s", ErrDamaged, strings.Join(bad, "; "))
	}
	return nil
}

// Path is where the file lies.
func (db *DB) Path() string { return db.path }

// Close closes all connections; the WAL is folded into the file.
func (db *DB) Close() error { return errors.Join(db.r.Close(), db.w.Close()) }

// Now is the time in UTC as the warehouse writes it: RFC 3339, milliseconds.
func (db *DB) Now() string { return Stamp(db.now()) }

// Stamp writes a time as the warehouse does, so that texts compare like times.
func Stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// Read gives the reading pool: it cannot change anything.
func (db *DB) Read() *sql.DB { return db.r }

// Write runs fn in one transaction of the writing connection. The transaction
// is committed when fn returns nil and rolled back otherwise. Never wait for
// the network inside fn.
func (db *DB) Write(ctx context.Context, fn func(*sql.Tx) error) error {
	tx, err := db.w.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin write: %w", explain(db.path, err))
	}
	if err := fn(tx); err != nil {
		return errors.Join(explain(db.path, err), tx.Rollback())
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", explain(db.path, err))
	}
	return nil
}
