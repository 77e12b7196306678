package extract

import (
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"fmt"

	"nextpipe/stages/internal/nextcrm"
	"nextpipe/stages/internal/warehouse"
)

// sink stores rows of one object. It inserts only the columns that have had a
// value so far, because most sources fill a small part of the known ones; a
// column that turns up later starts a new statement.
type sink struct {
	tx     *sql.Tx
	object nextcrm.Object
	used   []bool
	in     *warehouse.Inserter
	table  []byte // the row's table or file
	buf    []byte // the row as it is hashed
	hex    [hashLength]byte
	count  int64
}

// hashLength is a row hash in hex digits: 128 bits, so that among a million
// million versions two still differ but for one chance in 10^14.
const hashLength = 32

func newSink(tx *sql.Tx, object nextcrm.Object) *sink {
	return &sink{tx: tx, object: object, used: make([]bool, len(object.Columns))}
}

// bookkeeping columns come first in every staging table's statement. row_id is
// left to SQLite, which counts from 1 in an emptied table.
var bookkeeping = []string{"source_table", "source_row", "source_id", "extra", "row_hash"}

func (s *sink) add(r *nextcrm.Row) error {
	if len(r.Values) != len(s.object.Columns) {
		return fmt.Errorf("%s row %d: %d values for %d columns", r.Table, r.Number, len(r.Values), len(s.object.Columns))
	}
	if err := s.widen(r.Values); err != nil {
		return err
	}
	s.count++
	s.keep(r)
	for i, v := range r.Values {
		if s.used[i] {
			s.in.Text(v)
		}
	}
	return s.in.End()
}

// keep adds the book-keeping values.
func (s *sink) keep(r *nextcrm.Row) {
	s.table = append(s.table[:0], r.Table...)
	s.in.Text(s.table)
	if r.Number == 0 {
		s.in.Null()
	} else {
		s.in.Int(r.Number)
	}
	s.in.Text(r.ID)
	s.in.Text(r.Extra)
	s.in.Text(s.rowHash(r))
}

// rowHash tells versions of a record apart: the first half, in hex, of the
// SHA-256 over every value that is not NULL, each behind its column's name and
// its length. Names, not positions: hashes stay what they are when a later
// version knows more columns.
func (s *sink) rowHash(r *nextcrm.Row) []byte {
	s.buf = s.buf[:0]
	s.lay("source_id", r.ID)
	for i, v := range r.Values {
		s.lay(s.object.Columns[i], v)
	}
	s.lay("extra", r.Extra)
	sum := sha256.Sum256(s.buf)
	hex.Encode(s.hex[:], sum[:hashLength/2])
	return s.hex[:]
}

// lay writes a value into the buffer: hashing it at once is several times
// faster than value by value.
func (s *sink) lay(column string, v []byte) {
	if v == nil {
		return
	}
	s.buf = append(append(s.buf, column...), 0)
	s.buf = binary.LittleEndian.AppendUint32(s.buf, uint32(len(v)))
	s.buf = append(s.buf, v...)
}

// widen makes room for columns that had no value until now.
func (s *sink) widen(values [][]byte) error {
	grown := s.in == nil
	for i, v := range values {
		if v != nil && !s.used[i] {
			s.used[i], grown = true, true
		}
	}
	if !grown {
		return nil
	}
	if err := s.close(); err != nil {
		return err
	}
	columns := append([]string{}, bookkeeping...)
	for i, c := range s.object.Columns {
		if s.used[i] {
			columns = append(columns, c)
		}
	}
	var err error
	s.in, err = warehouse.NewInserter(s.tx, "stg_"+s.object.Name, columns...)
	return err
}

// close waits until every row is stored.
func (s *sink) close() error {
	if s.in == nil {
		return nil
	}
	return s.in.Close()
}
