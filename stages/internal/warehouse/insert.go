package warehouse

import (
	"database/sql"
	"database/sql/driver"
	"fmt"
	"math"
	"runtime"
	"strings"
	"time"
	"unsafe"
)

// Inserter adds many rows to one table inside a transaction. Rows gather in one
// batch while SQLite stores the one before, so that whoever makes the rows and
// SQLite have a processor each. An error may therefore come to light some rows
// after the one that caused it, at the latest in Close.
//
// The transaction may be used for other statements meanwhile: they wait for the
// batch under way and see whole batches. An Inserter itself belongs to one goroutine.
type Inserter struct {
	stmt    *sql.Stmt
	table   string
	columns int
	made    int // values of the row being made
	count   int64
	failure error
	pair    *batches // nil once closed
	cleanup runtime.Cleanup
	sent    chan error // the outcome of the batch under way, nil when there is none
}

// batches are the one being filled and the one being stored.
type batches struct{ fill, store *batch }

func newBatches(columns int) (*batches, error) {
	if columns > feedColumns {
		return nil, fmt.Errorf("%d columns are more than %d", columns, feedColumns)
	}
	fill, err := newBatch(columns)
	if err != nil {
		return nil, err
	}
	store, err := newBatch(columns)
	return &batches{fill, store}, err
}

func (p *batches) free() {
	p.fill.free()
	p.store.free()
}

// NewInserter prepares to add rows of the named columns to table.
func NewInserter(tx *sql.Tx, table string, columns ...string) (*Inserter, error) {
	in := &Inserter{table: table, columns: len(columns)}
	var err error
	if in.pair, err = newBatches(len(columns)); err != nil {
		return nil, in.wrap(err)
	}
	// An Inserter that is given up after an error is never closed.
	in.cleanup = runtime.AddCleanup(in, (*batches).free, in.pair)
	if in.stmt, err = tx.Prepare(insertStatement(table, columns)); err != nil {
		return nil, in.wrap(err)
	}
	return in, nil
}

func insertStatement(table string, columns []string) string {
	quoted := make([]string, len(columns))
	for i, c := range columns {
		quoted[i] = Quote(c)
	}
	return "INSERT INTO " + Quote(table) + " (" + strings.Join(quoted, ",") + ") SELECT " +
		strings.Join(feedNames(len(columns)), ",") + " FROM " + feedName + "(?)"
}

// Add adds one row: a value for each column, in order. Strings are TEXT, byte
// slices are BLOBs; everything else is converted as database/sql does, but for
// times, of which only the caller knows how they are written.
func (in *Inserter) Add(values ...any) error {
	for _, v := range values {
		in.value(v)
	}
	return in.End()
}

func (in *Inserter) value(v any) {
	switch v := v.(type) {
	case nil:
		in.Null()
	case string:
		in.bytes(text, unsafe.Slice(unsafe.StringData(v), len(v)))
	case []byte:
		in.blob(v)
	case int64:
		in.Int(v)
	case float64:
		in.put(float, math.Float64bits(v))
	case bool:
		in.put(integer, map[bool]uint64{true: 1}[v])
	case time.Time:
		in.fail(fmt.Errorf("%v is a time: add it as text", v))
	default:
		in.convert(v)
	}
}

func (in *Inserter) convert(v any) {
	plain, err := driver.DefaultParameterConverter.ConvertValue(v)
	if err != nil {
		in.fail(err)
		return
	}
	in.value(plain)
}

func (in *Inserter) blob(v []byte) {
	if v == nil {
		in.Null()
		return
	}
	in.bytes(blob, v)
}

// Text makes the next value of the row that End completes: TEXT, or NULL for
// nil. It copies v.
func (in *Inserter) Text(v []byte) {
	if v == nil {
		in.Null()
		return
	}
	in.bytes(text, v)
}

// Int makes the next value of the row that End completes.
func (in *Inserter) Int(n int64) { in.put(integer, uint64(n)) }

// Null makes the next value of the row that End completes.
func (in *Inserter) Null() { in.put(null, 0) }

// put passes over what is more than a row; End tells.
func (in *Inserter) put(kind int32, bits uint64) {
	if in.made++; in.made <= in.columns {
		in.pair.fill.put(kind, bits)
	}
}

func (in *Inserter) bytes(kind int32, v []byte) {
	if in.made++; in.made <= in.columns {
		in.fail(in.pair.fill.putBytes(kind, v))
	}
}

// End completes a row.
func (in *Inserter) End() error {
	if in.made != in.columns {
		in.fail(fmt.Errorf("%d values for %d columns", in.made, in.columns))
	}
	if in.failure != nil {
		return in.failure
	}
	in.made = 0
	in.count++
	in.pair.fill.shape.rows++
	if in.pair.fill.full() {
		in.send()
	}
	return in.failure
}

// send has the filled batch stored as soon as the one before is.
func (in *Inserter) send() {
	if in.wait(); in.failure != nil {
		return
	}
	in.pair.fill, in.pair.store = in.pair.store, in.pair.fill
	in.fail(in.pair.fill.reset())
	in.sent = make(chan error, 1)
	go func(sent chan<- error) {
		_, err := in.stmt.Exec(int64(in.pair.store.address()))
		sent <- err
		runtime.KeepAlive(in) // its batches are in use until here
	}(in.sent)
}

// wait takes the outcome of the batch under way.
func (in *Inserter) wait() {
	if in.sent != nil {
		in.fail(<-in.sent)
		in.sent = nil
	}
}

// fail keeps the first error.
func (in *Inserter) fail(err error) {
	if in.failure == nil {
		in.failure = in.wrap(err)
	}
}

// Close stores what is left and waits for it. Without it rows are missing.
func (in *Inserter) Close() error {
	if in.pair == nil {
		return in.failure
	}
	if in.pair.fill.shape.rows > 0 {
		in.send()
	}
	in.wait()
	in.fail(in.stmt.Close())
	in.cleanup.Stop()
	in.pair.free()
	in.pair = nil
	return in.failure
}

// Count is the number of rows added so far.
func (in *Inserter) Count() int64 { return in.count }

func (in *Inserter) wrap(err error) error {
	if err != nil {
		return fmt.Errorf("insert into %s: %w", in.table, damaged(err))
	}
	return nil
}
