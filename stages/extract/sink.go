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
// column that turns up later starts a new statement. Reading and hashing go on
// in the caller's goroutine while SQLite inserts in another.
type sink struct {
	tx     *sql.Tx
	object nextcrm.Object
	used   []bool
	width  int // values a row
	feed   *feed
	args   []any  // rows of the group that is being filled
	buf    []byte // one row, as it is hashed
	spans  []span // where each value of the row stands in buf
	count  int64
}

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
	s.lay(r)
	hash := sha256.Sum256(s.buf)
	// One string holds the whole row; its values are parts of it.
	text := string(s.buf)
	s.args = append(s.args, r.Table, number(r.Number), s.part(text, 0), s.part(text, len(s.spans)-1), hex.EncodeToString(hash[:16]))
	for i := range r.Values {
		if s.used[i] {
			s.args = append(s.args, s.part(text, i+1))
		}
	}
	if len(s.args) < s.feed.group*s.width {
		return nil
	}
	return s.handOver()
}

// lay writes the row into buf the way it is hashed: each value behind one byte
// that tells NULL from empty, and its length. The hash tells versions of a
// record apart; it is the first 16 bytes, in hex, of the SHA-256 over buf.
func (s *sink) lay(r *nextcrm.Row) {
	s.buf, s.spans = s.buf[:0], s.spans[:0]
	s.value(r.ID)
	for _, v := range r.Values {
		s.value(v)
	}
	s.value(r.Extra)
}

// span is where a value stands in a laid row; end is -1 for NULL.
type span struct{ start, end int }

func (s *sink) value(v []byte) {
	if v == nil {
		s.buf = append(s.buf, 0)
		s.spans = append(s.spans, span{end: -1})
		return
	}
	s.buf = append(s.buf, 1)
	s.buf = binary.LittleEndian.AppendUint32(s.buf, uint32(len(v)))
	s.spans = append(s.spans, span{len(s.buf), len(s.buf) + len(v)})
	s.buf = append(s.buf, v...)
}

// part is the i-th value of the row that text holds.
func (s *sink) part(text string, i int) any {
	p := s.spans[i]
	if p.end < 0 {
		return nil
	}
	return text[p.start:p.end]
}

// widen makes room for columns that had no value until now.
func (s *sink) widen(values [][]byte) error {
	grown := s.feed == nil
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
	in, err := warehouse.NewInserter(s.tx, "stg_"+s.object.Name, columns...)
	if err != nil {
		return err
	}
	s.width = len(columns)
	s.feed = newFeed(in)
	s.args = s.feed.empty()
	return nil
}

func (s *sink) handOver() error {
	err := s.feed.put(s.args)
	s.args = s.feed.empty()
	return err
}

// close waits until every row is inserted.
func (s *sink) close() error {
	if s.feed == nil {
		return nil
	}
	err := s.feed.finish(s.args)
	s.feed, s.args = nil, nil
	return err
}

func number(n int64) any {
	if n == 0 {
		return nil
	}
	return n
}
