// Package nextcrm reads the old CRM: the PostgreSQL database of the
// open-source edition and the export folder of the WordPress plugin edition.
//
//	reads   the source, inside one snapshot, and never a secret column
//	does    recognises tables, files and headings; streams rows as they are
//	writes  nothing: the extract stage stores what it is given
package nextcrm

import "context"

// Edition names the two products that share the name NextCRM.
type Edition string

// The editions as they stand in the warehouse's setup row.
const (
	OpenSource Edition = "open-source"
	Plugin     Edition = "plugin"
)

// Identity says which source this is, so that a warehouse is never filled from
// another one by accident.
type Identity struct {
	Edition Edition
	// Fingerprint is a hex SHA-256 that stays the same for the same company:
	// site URL of an export; the installation's oldest migration, or else its
	// oldest user, of a database, which survive a restore on another server.
	Fingerprint string
	// Name is shown to people; passwords are removed from it.
	Name string
	// Timezone is the IANA zone in which stamps without an offset are to be
	// read: always UTC for the database, the site's for an export; "" when the
	// source does not say.
	Timezone string
}

// Row is one source record. A source reuses it: it is valid only until the
// callback that received it returns.
type Row struct {
	// Table is the table or file the record stands in.
	Table string
	// Number is the record's position in its file, from 1; 0 for database rows.
	Number int64
	// ID is the record's id in the source, nil when it has none.
	ID []byte
	// Values match Object.Columns by position; nil is "not there" or SQL NULL.
	Values [][]byte
	// Extra is a JSON object of every value that has no known column, nil when
	// there is none. Keys are custom-field slugs, column names or headings.
	Extra []byte
}

// Item is one table or file of the source and what becomes of it.
type Item struct {
	Table   string
	Kind    string // "file" or "table"
	Object  string // "" when it feeds no staging table
	Columns []string
	// Rows is the number of rows; -1 when unknown.
	Rows int64
	// Status is "extracted", "not yet extracted", "skipped" or "unknown".
	Status string
	Reason string
}

// Note is something about the source that a person should know: a missing
// table, a guessed encoding, a padded record. Code is stable.
type Note struct {
	Severity string // "info", "warning" or "error"
	Code     string
	Table    string
	Row      int64
	Field    string
	Message  string
	Hint     string
}

// Source is one opened NextCRM. Both editions ship one.
type Source interface {
	// Identity tells who this is. It does not change while the source is open.
	Identity() Identity
	// Rows streams the records of one object in a stable order: file order for
	// an export, id order is not promised for a database. It stops at the first
	// error that yield returns and gives that error back.
	Rows(ctx context.Context, object string, yield func(*Row) error) error
	// Items lists every table or file, complete after the last Rows call.
	Items() []Item
	// Notes lists the findings so far, in the order they were met.
	Notes() []Note
	// Close ends the snapshot and frees files and connections.
	Close() error
}
