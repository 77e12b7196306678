package warehouse

import (
	"errors"
	"fmt"
	"math"
	"unsafe"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// batch holds rows in memory of SQLite's own heap, ready to be read by the feed
// without a copy. Go's heap will not do: the engine, translated from C, knows
// memory as numbers, and the race detector's pointer checks stop it there.
type batch struct {
	tls   *libc.TLS
	shape *shape
	cells []cell
	text  []byte // cap is what is allocated
	used  int    // cells
}

// shape is what the feed learns of a batch: where rows × columns cells lie, row
// after row, and the bytes they point into.
type shape struct {
	rows, columns uintptr
	cells, text   uintptr
}

// cell is one value: bits is a number, or where its bytes begin in text.
type cell struct {
	bits uint64
	size int32
	kind int32
}

// Kinds of cells.
const (
	null int32 = iota
	integer
	float
	text
	blob
)

const (
	// batchCells and batchText bound a batch: large enough to make the cost of a
	// statement vanish, small enough to stay in the processor's cache.
	batchCells = 8 << 10
	batchText  = 128 << 10
	// keepText is what a batch may keep for the next rows after a huge value.
	keepText = 1 << 20
)

var errNoMemory = errors.New("out of memory")

// newBatch makes room for rows of the given width, at most feedColumns.
func newBatch(columns int) (*batch, error) {
	b := &batch{tls: libc.NewTLS()}
	b.shape = at[shape](sqlite3.Xsqlite3_malloc64(b.tls, uint64(unsafe.Sizeof(shape{}))))
	cells := sqlite3.Xsqlite3_malloc64(b.tls, batchCells*uint64(unsafe.Sizeof(cell{})))
	if b.shape == nil || cells == 0 {
		return nil, errNoMemory
	}
	*b.shape = shape{columns: uintptr(columns), cells: cells}
	b.cells = unsafe.Slice(at[cell](cells), batchCells)
	return b, b.resize(batchText)
}

func (b *batch) free() {
	sqlite3.Xsqlite3_free(b.tls, b.shape.text)
	sqlite3.Xsqlite3_free(b.tls, b.shape.cells)
	sqlite3.Xsqlite3_free(b.tls, b.address())
	b.tls.Close()
}

// address is how the feed finds the batch.
func (b *batch) address() uintptr { return uintptr(unsafe.Pointer(b.shape)) }

func (b *batch) put(kind int32, bits uint64) {
	b.cells[b.used] = cell{kind: kind, bits: bits}
	b.used++
}

// putBytes copies v.
func (b *batch) putBytes(kind int32, v []byte) error {
	if err := b.room(len(v)); err != nil {
		return err
	}
	b.cells[b.used] = cell{kind: kind, bits: uint64(len(b.text)), size: int32(len(v))}
	b.used++
	b.text = append(b.text, v...)
	return nil
}

// room makes sure that append stays within what is allocated.
func (b *batch) room(n int) error {
	need := len(b.text) + n
	if n > math.MaxInt32 {
		return fmt.Errorf("a value of %d bytes is more than SQLite can hold", n)
	}
	if need > cap(b.text) {
		return b.resize(max(need, 2*cap(b.text)))
	}
	return nil
}

func (b *batch) resize(size int) error {
	p := sqlite3.Xsqlite3_realloc64(b.tls, b.shape.text, uint64(size))
	if p == 0 {
		return errNoMemory
	}
	b.shape.text = p
	b.text = unsafe.Slice(at[byte](p), size)[:len(b.text)]
	return nil
}

// full tells whether the next row may find no room.
func (b *batch) full() bool {
	return b.used+int(b.shape.columns) > len(b.cells) || len(b.text) >= batchText
}

// reset empties the batch for other rows.
func (b *batch) reset() error {
	b.used, b.text, b.shape.rows = 0, b.text[:0], 0
	if cap(b.text) > keepText {
		return b.resize(batchText)
	}
	return nil
}

// at reads an address of SQLite's heap as a pointer.
func at[T any](address uintptr) *T { return *(**T)(unsafe.Pointer(&address)) }
