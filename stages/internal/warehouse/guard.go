package warehouse

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"modernc.org/sqlite"
)

// guard decides what statements of a connection may do. SQLite asks it for
// every statement that it compiles, whatever text the statement was made of.
type guard struct {
	// only is the one table that may be written, nil when all may.
	only atomic.Pointer[string]
}

// connector gives connections that ask a guard.
type connector struct {
	driver.Connector
	ask sqlite.AuthorizerFn
}

// pool opens the connections of a DSN under a guard. Pragmas of the DSN run
// before the guard is there, so what it forbids cannot be switched off again.
func pool(dsn string, ask sqlite.AuthorizerFn) (*sql.DB, error) {
	c, err := sqlite.NewConnector(dsn)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(connector{c, ask}), nil
}

// Connect opens one connection and puts the guard on it.
func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	guarded, ok := conn.(sqlite.AuthorizerRegisterer)
	if !ok {
		return nil, errors.Join(errors.New("this SQLite driver has no authorizer"), conn.Close())
	}
	if err := guarded.RegisterAuthorizer(c.ask); err != nil {
		return nil, errors.Join(fmt.Errorf("guard connection: %w", err), conn.Close())
	}
	return conn, nil
}

// Only lets the statements that fn makes insert into table and read, nothing
// else: no other table, no PRAGMA, no ATTACH, no schema. It is for SQL that
// comes out of files or is written from the map, and has to be called inside
// Write or Replace, which hold the one connection that can write.
func (db *DB) Only(table string, fn func() error) error {
	db.guard.only.Store(&table)
	defer db.guard.only.Store(nil)
	return fn()
}

// write is the guard of the writing connection.
func (g *guard) write(action sqlite.AuthorizerActionCode, name, second, schema, _ string) sqlite.AuthorizerReturnCode {
	only := g.only.Load()
	if only == nil || reading(action, name, second) || action == sqlite.AuthInsert && name == *only && schema == "main" {
		return sqlite.AuthorizerOK
	}
	return sqlite.AuthorizerDeny
}

// Pragmas that tell and change nothing: those that take what they are about,
// and those that would set something if a value came with them.
var (
	inquiries = []string{"table_info", "table_xinfo", "index_list", "index_info", "quick_check", "integrity_check", "foreign_key_check", "database_list"}
	settings  = []string{"journal_mode", "page_size", "page_count", "freelist_count", "user_version", "trusted_schema"}
)

// read is the guard of the reading connections. That they are query_only, too,
// would not hold by itself: a statement could switch that off.
func read(action sqlite.AuthorizerActionCode, name, second, _, _ string) sqlite.AuthorizerReturnCode {
	asks := action == sqlite.AuthPragma && (slices.Contains(inquiries, name) || second == "" && slices.Contains(settings, name))
	if asks || reading(action, name, second) || action == sqlite.AuthTransaction {
		return sqlite.AuthorizerOK
	}
	return sqlite.AuthorizerDeny
}

// reading tells what a SELECT needs. The feed takes an address in memory, so it
// is not for SQL that others have written.
func reading(action sqlite.AuthorizerActionCode, name, second string) bool {
	switch action {
	case sqlite.AuthSelect, sqlite.AuthRecursive:
		return true
	case sqlite.AuthRead:
		return name != feedName
	case sqlite.AuthFunction:
		return second != "load_extension"
	}
	return false
}
