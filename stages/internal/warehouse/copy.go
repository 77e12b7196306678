package warehouse

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	"nextpipe/schema"
	"nextpipe/stages/internal/stage"
)

// CopyTo writes a copy of the warehouse to path, as of one moment and without
// its lock, for work that must leave no trace here. Files of documents are not
// copied: both use the same. RemoveCopy takes it away again.
func (db *DB) CopyTo(ctx context.Context, path string) error {
	if err := RemoveCopy(path); err != nil {
		return err
	}
	if err := Touch(path); err != nil {
		return fmt.Errorf("copy warehouse: %w", err)
	}
	if err := readOnly(ctx, db.path, func(source *sql.DB) error {
		_, err := source.ExecContext(ctx, "VACUUM INTO ?", path)
		return err
	}); err != nil {
		return fmt.Errorf("copy warehouse to %s: %w", path, err)
	}
	copied, err := sql.Open("sqlite", dsn(path, "immediate"))
	if err == nil {
		_, err = copied.ExecContext(ctx, "DELETE FROM lock")
		err = errors.Join(err, copied.Close())
	}
	if err != nil {
		return fmt.Errorf("unlock copy of the warehouse: %w", err)
	}
	return shareFiles(db.path, path)
}

// Touch makes an empty file that only its owner can read, before there is
// anything in it to read. SQLite makes the files beside it alike.
func Touch(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

// readOnly opens a file in a way that cannot change it.
func readOnly(ctx context.Context, path string, fn func(*sql.DB) error) error {
	source, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?mode=ro&_pragma=busy_timeout(10000)&_pragma=trusted_schema(OFF)")
	if err != nil {
		return err
	}
	source.SetMaxOpenConns(1)
	err = source.PingContext(ctx)
	if err == nil {
		err = fn(source)
	}
	return errors.Join(damaged(err), source.Close())
}

// shareFiles lets a copy see the files of documents, if there are any.
func shareFiles(path, copied string) error {
	files, err := filepath.Abs(path + ".files")
	if err != nil {
		return err
	}
	if _, err := os.Stat(files); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err := os.Symlink(files, copied+".files"); err != nil {
		return fmt.Errorf("share the files of documents with a copy: %w", err)
	}
	return nil
}

// RemoveCopy removes what CopyTo made, whole or interrupted. Of shared files it
// removes the link alone.
func RemoveCopy(path string) error {
	for _, ending := range []string{"", "-wal", "-shm", "-journal"} {
		if err := os.Remove(path + ending); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("remove copy of the warehouse: %w", err)
		}
	}
	if err := os.RemoveAll(path + ".files"); err != nil {
		return fmt.Errorf("remove copy of the warehouse: %w", err)
	}
	return nil
}

// WriteWith is Write with another warehouse file at hand as schema "other".
func (db *DB) WriteWith(ctx context.Context, path string, fn func(*sql.Tx) error) (err error) {
	if _, err := db.w.ExecContext(ctx, "ATTACH ? AS other", path); err != nil {
		return fmt.Errorf("attach %s: %w", path, damaged(err))
	}
	defer func() {
		if _, gone := db.w.ExecContext(context.WithoutCancel(ctx), "DETACH other"); gone != nil {
			err = errors.Join(err, fmt.Errorf("detach %s: %w", path, gone))
		}
	}()
	return db.Write(ctx, fn)
}

// ReadOnly hands out a warehouse in a way that cannot change it: nothing is
// migrated, locked or written. One of another schema version is refused, since
// nothing here knows its tables.
func ReadOnly(ctx context.Context, path string, fn func(*sql.DB) error) error {
	if _, err := os.Stat(path); err != nil {
		return stage.Input(fmt.Errorf("open warehouse %s: %w", path, err))
	}
	return readOnly(ctx, path, func(db *sql.DB) error {
		if err := requireNewest(ctx, db); err != nil {
			return fmt.Errorf("open warehouse %s: %w", path, err)
		}
		return fn(db)
	})
}

// requireNewest asks for every migration of this program, and no other.
func requireNewest(ctx context.Context, db *sql.DB) error {
	known, err := fs.Glob(schema.Migrations, "*.sql")
	if err != nil {
		return err
	}
	var applied int
	if err := db.QueryRowContext(ctx, "SELECT count(DISTINCT version_id) FROM goose_db_version WHERE version_id > 0").Scan(&applied); err != nil {
		return damaged(err)
	}
	if applied != len(known) {
		return stage.Input(fmt.Errorf("it has %d of %d parts of the schema: `nextpipe status` of this version brings it up to date", applied, len(known)))
	}
	return nil
}

// NewFile makes an empty database on one connection, for what is copied out of a
// warehouse. Rules between tables hold only once everything is in.
func NewFile(path string) (*sql.DB, error) {
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+
		fmt.Sprintf("?_pragma=page_size(%d)&_pragma=trusted_schema(OFF)&_pragma=foreign_keys(OFF)", pageSize))
	if err == nil {
		db.SetMaxOpenConns(1)
	}
	return db, err
}
