package warehouse

import (
	"fmt"
	"strings"
	"unsafe"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// The feed is a table-valued function: SELECT … FROM nextpipe_feed(address)
// reads the rows of a batch. One INSERT … SELECT then stores hundreds of rows
// without binding, stepping and resetting for each, which takes the driver
// longer than SQLite's own work. The driver's virtual tables copy every value
// twice; so this module speaks SQLite's C interface (sqlite.org/vtab.html) and
// hands out values where they lie.
//
// The address is a plain number: it must be that of a batch in use. Views and
// triggers cannot reach the feed (SQLITE_VTAB_DIRECTONLY), so nothing in a file
// that somebody sent can; only our own statements do.
const (
	feedName = "nextpipe_feed"
	// feedColumns is how many columns a batch can have.
	feedColumns = 256
)

// cursor is where a statement stands in a batch.
type cursor struct {
	_     uintptr // sqlite3_vtab_cursor: the table, which SQLite fills in
	batch uintptr
	row   uintptr
}

// registerFeed makes the feed known to every connection opened from now on.
// Doing it again has no effect.
func registerFeed() error {
	tls := libc.NewTLS()
	defer tls.Close()
	if rc := sqlite3.Xsqlite3_auto_extension(tls, function(feedInit)); rc != sqlite3.SQLITE_OK {
		return fmt.Errorf("register %s: SQLite code %d", feedName, rc)
	}
	return nil
}

// feedInit adds the module to a new connection, which frees it when it closes.
// Without xCreate the feed exists by its name alone and leaves no trace in a file.
func feedInit(tls *libc.TLS, db, _, _ uintptr) int32 {
	module := sqlite3.Xsqlite3_malloc64(tls, uint64(unsafe.Sizeof(sqlite3.Tsqlite3_module{})))
	if module == 0 {
		return sqlite3.SQLITE_NOMEM
	}
	*at[sqlite3.Tsqlite3_module](module) = sqlite3.Tsqlite3_module{
		FxConnect: function(feedConnect), FxDisconnect: function(feedFree), FxBestIndex: function(feedPlan),
		FxOpen: function(feedOpen), FxClose: function(feedFree), FxFilter: function(feedBegin), FxNext: function(feedNext),
		FxEof: function(feedEnd), FxColumn: function(feedValue), FxRowid: function(feedRowid),
	}
	name, err := libc.CString(feedName)
	if err != nil {
		return sqlite3.SQLITE_NOMEM
	}
	defer libc.Xfree(tls, name)
	return sqlite3.Xsqlite3_create_module_v2(tls, db, name, module, module, function(feedForget))
}

func feedForget(tls *libc.TLS, module uintptr) { sqlite3.Xsqlite3_free(tls, module) }

func feedFree(tls *libc.TLS, p uintptr) int32 {
	sqlite3.Xsqlite3_free(tls, p)
	return sqlite3.SQLITE_OK
}

func feedConnect(tls *libc.TLS, db, _ uintptr, _ int32, _, table, _ uintptr) int32 {
	if rc := sqlite3.Xsqlite3_vtab_config(tls, db, sqlite3.SQLITE_VTAB_DIRECTONLY, 0); rc != sqlite3.SQLITE_OK {
		return rc
	}
	ddl, err := libc.CString("CREATE TABLE feed (" + strings.Join(feedNames(feedColumns), ",") + ", batch HIDDEN)")
	if err != nil {
		return sqlite3.SQLITE_NOMEM
	}
	defer libc.Xfree(tls, ddl)
	if rc := sqlite3.Xsqlite3_declare_vtab(tls, db, ddl); rc != sqlite3.SQLITE_OK {
		return rc
	}
	return allocate[sqlite3.Tsqlite3_vtab](tls, table)
}

// feedNames are the names of the first n columns.
func feedNames(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprint("c", i)
	}
	return names
}

// feedPlan insists on the one way to use the feed: with the batch as argument.
func feedPlan(_ *libc.TLS, _, info uintptr) int32 {
	i := at[sqlite3.Tsqlite3_index_info](info)
	constraints := unsafe.Slice(at[sqlite3.Tsqlite3_index_constraint](i.FaConstraint), i.FnConstraint)
	usage := unsafe.Slice(at[sqlite3.Tsqlite3_index_constraint_usage](i.FaConstraintUsage), i.FnConstraint)
	for k, c := range constraints {
		if c.FiColumn == feedColumns && c.Fop == sqlite3.SQLITE_INDEX_CONSTRAINT_EQ && c.Fusable != 0 {
			usage[k].FargvIndex, usage[k].Fomit = 1, 1
			return sqlite3.SQLITE_OK
		}
	}
	return sqlite3.SQLITE_CONSTRAINT
}

func feedOpen(tls *libc.TLS, _, to uintptr) int32 { return allocate[cursor](tls, to) }

func feedBegin(tls *libc.TLS, p uintptr, _ int32, _ uintptr, _ int32, args uintptr) int32 {
	c := at[cursor](p)
	c.batch = uintptr(sqlite3.Xsqlite3_value_int64(tls, *at[uintptr](args)))
	c.row = 0
	return sqlite3.SQLITE_OK
}

func feedNext(_ *libc.TLS, p uintptr) int32 {
	at[cursor](p).row++
	return sqlite3.SQLITE_OK
}

func feedEnd(_ *libc.TLS, p uintptr) int32 {
	c := at[cursor](p)
	return libc.Bool32(c.batch == 0 || c.row >= at[shape](c.batch).rows)
}

// feedValue hands out one value. SQLITE_STATIC promises that it stays where it
// is: the batch is not touched before the statement is done. NULL needs no word.
func feedValue(tls *libc.TLS, p, result uintptr, column int32) int32 {
	c := at[cursor](p)
	b := at[shape](c.batch)
	v := at[cell](b.cells + (c.row*b.columns+uintptr(column))*unsafe.Sizeof(cell{}))
	switch v.kind {
	case integer:
		sqlite3.Xsqlite3_result_int64(tls, result, int64(v.bits))
	case float:
		sqlite3.Xsqlite3_result_double(tls, result, *(*float64)(unsafe.Pointer(&v.bits)))
	case text:
		sqlite3.Xsqlite3_result_text(tls, result, b.text+uintptr(v.bits), v.size, sqlite3.SQLITE_STATIC)
	case blob:
		sqlite3.Xsqlite3_result_blob(tls, result, b.text+uintptr(v.bits), v.size, sqlite3.SQLITE_STATIC)
	}
	return sqlite3.SQLITE_OK
}

func feedRowid(_ *libc.TLS, p, to uintptr) int32 {
	*at[int64](to) = int64(at[cursor](p).row)
	return sqlite3.SQLITE_OK
}

// allocate puts the address of a new zero T at to.
func allocate[T any](tls *libc.TLS, to uintptr) int32 {
	var zero T
	p := sqlite3.Xsqlite3_malloc64(tls, uint64(unsafe.Sizeof(zero)))
	if p == 0 {
		return sqlite3.SQLITE_NOMEM
	}
	*at[T](p) = zero
	*at[uintptr](to) = p
	return sqlite3.SQLITE_OK
}

// function gives a declared function, never a closure, as the translated engine
// keeps it: the address of its code pointer.
func function[T any](f T) uintptr { return *(*uintptr)(unsafe.Pointer(&struct{ f T }{f})) }
