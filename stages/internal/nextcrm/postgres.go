package nextcrm

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
)

// DatabaseOptions are the choices a caller has when opening a database.
type DatabaseOptions struct {
	// Schema holds NextCRM's tables. "" means the schema parameter of the URL,
	// which NextCRM's own DATABASE_URL carries, or else "public".
	Schema string
}

// databaseSource is the open-source edition: one connection with one open
// transaction, so everything it gives out is one state of the database.
type databaseSource struct {
	conn     *pgx.Conn
	schema   string
	password string // only to keep it out of errors
	identity Identity
	mapping  databaseMapping
	tables   map[string]*dbTable
	plans    map[string][]*tablePlan // by object
	fields   []forkColumn
	items    []Item
	notes    []Note
}

// OpenDatabase opens the PostgreSQL database of the open-source edition and
// takes a read-only REPEATABLE READ snapshot of it, which lasts until Close.
// The columns are those the database has: it works on every version of NextCRM
// since its move to PostgreSQL and on forks. It fails when the database is not a
// NextCRM or the user may not read it. Errors never hold the password.
func OpenDatabase(ctx context.Context, url string, opt DatabaseOptions) (Source, error) {
	config, urlInfo, err := parseDatabaseURL(url)
	if err != nil {
		return nil, err
	}
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("connect to NextCRM's database: %w", scrub(err, config.Password))
	}
	s := &databaseSource{conn: conn, password: config.Password, plans: map[string][]*tablePlan{}}
	s.schema = firstOf(opt.Schema, urlInfo.schema, "public")
	s.identity = Identity{Edition: OpenSource, Name: displayName(config, s.schema), Timezone: "UTC"}
	if urlInfo.hasPassword {
		s.note("warning", "password-in-url", "", "", "the password stands in the URL, where other programs can see it",
			"set PGPASSWORD or use a password file (PGPASSFILE)")
	}
	if err := s.prepare(ctx); err != nil {
		return nil, errors.Join(scrub(err, s.password), s.Close())
	}
	return s, nil
}

// prepare opens the snapshot and plans every read.
func (s *databaseSource) prepare(ctx context.Context) (err error) {
	if err := s.begin(ctx); err != nil {
		return err
	}
	if s.mapping, err = readMapping(); err != nil {
		return err
	}
	if s.tables, err = readCatalog(ctx, s.conn, s.schema); err != nil {
		return err
	}
	if err := checkMinimum(s.tables, s.schema); err != nil {
		return err
	}
	if err := s.plan(ctx); err != nil {
		return err
	}
	if s.identity.Fingerprint, err = s.fingerprint(ctx); err != nil {
		return err
	}
	return s.listItems(ctx)
}

// sessionSettings make the text form of values independent of how the server is
// set up, switch off limits that would cut a long read, and keep the row order of
// two runs alike. Row security off means that a policy which would hide rows is
// an error instead. SET LOCAL, because a pooler may lend the session to others
// afterwards.
var sessionSettings = []string{
	"client_encoding TO 'UTF8'", "timezone TO 'UTC'", "datestyle TO 'ISO, YMD'", "intervalstyle TO 'iso_8601'",
	"bytea_output TO 'hex'", "extra_float_digits TO 1", "statement_timeout TO 0",
	"idle_in_transaction_session_timeout TO 0", "synchronize_seqscans TO off", "search_path TO pg_catalog", "row_security TO off",
}

func (s *databaseSource) begin(ctx context.Context) error {
	if _, err := s.conn.Exec(ctx, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"); err != nil {
		return fmt.Errorf("begin snapshot: %w", err)
	}
	for _, setting := range sessionSettings {
		if _, err := s.conn.Exec(ctx, "SET LOCAL "+setting); err != nil {
			return fmt.Errorf("set %s: %w", setting, err)
		}
	}
	var encoding string
	if err := s.conn.QueryRow(ctx, "SHOW server_encoding").Scan(&encoding); err != nil {
		return fmt.Errorf("read server encoding: %w", err)
	}
	if encoding == "SQL_ASCII" {
		s.note("warning", "unknown-encoding", "", "", "the database does not know its encoding (SQL_ASCII): its bytes are taken for UTF-8",
			"look for damaged letters in the cleaning report")
	}
	return nil
}

// Identity tells who this is.
func (s *databaseSource) Identity() Identity { return s.identity }

// Items lists every table of the schema.
func (s *databaseSource) Items() []Item { return slices.Clone(s.items) }

// Notes lists the findings so far.
func (s *databaseSource) Notes() []Note { return slices.Clone(s.notes) }

// Close ends the snapshot. It has its own short time limit because it also runs
// after the caller's context was cancelled.
func (s *databaseSource) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if s.conn.IsClosed() {
		return nil // a broken connection has ended the snapshot already
	}
	if err := s.conn.Close(ctx); err != nil {
		return fmt.Errorf("close NextCRM's database: %w", scrub(err, s.password))
	}
	return nil
}

func (s *databaseSource) note(severity, code, table, field, message, hint string) {
	s.notes = append(s.notes, Note{Severity: severity, Code: code, Table: table, Field: field, Message: message, Hint: hint})
}

// displayName is the database's address without its password.
func displayName(config *pgx.ConnConfig, schema string) string {
	name := fmt.Sprintf("postgres://%s@%s/%s", config.User,
		net.JoinHostPort(config.Host, strconv.Itoa(int(config.Port))), config.Database)
	if schema != "public" {
		name += "?schema=" + schema
	}
	return name
}

func firstOf(words ...string) string {
	for _, w := range words {
		if w != "" {
			return w
		}
	}
	return ""
}
