package warehouse

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
)

// Replace empties the named tables and lets fn fill them, all in one
// transaction: a reader sees the old rows or the new ones, never half.
// Indexes are dropped first and built again at the end, which is several times
// faster than keeping random keys in order during a bulk load; a key that turns
// out not to be unique fails the whole replacement.
func (db *DB) Replace(ctx context.Context, tables []string, fn func(*sql.Tx) error) error {
	return db.Write(ctx, func(tx *sql.Tx) error {
		// Rows that refer to each other are replaced together: references are checked at the commit.
		if _, err := tx.Exec("PRAGMA defer_foreign_keys = ON"); err != nil {
			return err
		}
		indexes, err := dropIndexes(tx, tables)
		if err != nil {
			return err
		}
		for i := len(tables) - 1; i >= 0; i-- {
			if _, err := tx.Exec("DELETE FROM " + Quote(tables[i])); err != nil {
				return fmt.Errorf("empty %s: %w", tables[i], err)
			}
		}
		if err := fn(tx); err != nil {
			return err
		}
		for _, ddl := range indexes {
			if _, err := tx.Exec(ddl); err != nil {
				return fmt.Errorf("index rows: %w", err)
			}
		}
		return nil
	})
}

// FirstLoad runs fn with a rollback journal instead of the WAL: pages that are
// appended to a file are then written once, not twice, which matters when a
// whole company arrives. It is as safe against a crash, but keeps readers out
// while it lasts, so it is only for a warehouse in which there is nothing to
// read yet. When somebody else has the file open, fn simply runs with the WAL.
func (db *DB) FirstLoad(ctx context.Context, fn func() error) error {
	// Our own idle readers would be "somebody else".
	db.r.SetMaxIdleConns(0)
	defer db.r.SetMaxIdleConns(readers)
	var mode string
	// A refusal is no error: the file stays in WAL mode and everything works.
	_ = db.w.QueryRowContext(ctx, "PRAGMA journal_mode = DELETE").Scan(&mode)
	err := fn()
	if _, back := db.w.ExecContext(context.WithoutCancel(ctx), "PRAGMA journal_mode = WAL"); back != nil {
		err = errors.Join(err, fmt.Errorf("return to WAL: %w", damaged(back)))
	}
	return err
}

// dropIndexes drops the named tables' own indexes and returns how to make them
// again. Indexes that a PRIMARY KEY or UNIQUE implies have no SQL and stay.
func dropIndexes(tx *sql.Tx, tables []string) ([]string, error) {
	var all []string
	for _, table := range tables {
		rows, err := tx.Query("SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL", table)
		if err != nil {
			return nil, err
		}
		names, err := scanPairs(rows)
		if err != nil {
			return nil, err
		}
		for _, n := range names {
			if _, err := tx.Exec("DROP INDEX " + Quote(n[0])); err != nil {
				return nil, fmt.Errorf("drop index %s: %w", n[0], err)
			}
			all = append(all, n[1])
		}
	}
	return all, nil
}

func scanPairs(rows *sql.Rows) ([][2]string, error) {
	defer rows.Close()
	var out [][2]string
	for rows.Next() {
		var p [2]string
		if err := rows.Scan(&p[0], &p[1]); err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, rows.Err()
}

// Quote makes an SQL identifier of any text, hostile ones included.
func Quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
