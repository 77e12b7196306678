// Package extract copies NextCRM into the staging tables, as it is.
//
//	reads   NextCRM, inside one snapshot
//	does    stores every record of every known object verbatim, with a hash; lists what it left alone
//	writes  stg_* source_item source_note (and, through the warehouse, setup)
//
// All tables are replaced in one transaction: an extraction that breaks off
// leaves the earlier one untouched.
package extract

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"

	"nextpipe/stages/internal/nextcrm"
	"nextpipe/stages/internal/stage"
	"nextpipe/stages/internal/warehouse"
)

// Run fills staging from the source.
func Run(ctx context.Context, db *warehouse.DB, src nextcrm.Source, version string, report func(object string, rows int64)) (stage.Result, error) {
	var res stage.Result
	id := src.Identity()
	err := db.UseSource(ctx, warehouse.Setup{Edition: string(id.Edition), Fingerprint: id.Fingerprint, Name: id.Name,
		Timezone: id.Timezone, ToolVersion: version})
	if err != nil {
		return res, fmt.Errorf("extract: %w", err)
	}
	err = db.Replace(ctx, tables(), func(tx *sql.Tx) error {
		for _, object := range nextcrm.Objects {
			n, err := copyObject(ctx, tx, src, object, report)
			if err != nil {
				return fmt.Errorf("%s: %w", object.Name, err)
			}
			if n > 0 {
				res.Add(object.Name, n)
			}
			res.Rows += n
		}
		return writeFindings(tx, src)
	})
	if err != nil {
		return res, fmt.Errorf("extract: %w", err)
	}
	return res, nil
}

func tables() []string {
	out := []string{"source_note", "source_item"}
	for _, o := range nextcrm.Objects {
		out = append(out, "stg_"+o.Name)
	}
	return out
}

// reportEvery is how many rows pass between two progress reports.
const reportEvery = 5000

func copyObject(ctx context.Context, tx *sql.Tx, src nextcrm.Source, object nextcrm.Object, report func(string, int64)) (int64, error) {
	s := newSink(tx, object)
	err := src.Rows(ctx, object.Name, func(r *nextcrm.Row) error {
		if s.count%reportEvery == 0 {
			report(object.Name, s.count)
		}
		return s.add(r)
	})
	if err != nil {
		return s.count, err
	}
	return s.count, s.close()
}

// sink stores rows of one object. It inserts only the columns that have had a
// value so far, because most sources fill a small part of the known ones; a
// column that turns up later starts a new statement.
type sink struct {
	tx     *sql.Tx
	object nextcrm.Object
	used   []bool
	in     *warehouse.Inserter
	args   []any
	hash   hash.Hash
	sum    [sha256.Size]byte
	count  int64
}

func newSink(tx *sql.Tx, object nextcrm.Object) *sink {
	return &sink{tx: tx, object: object, used: make([]bool, len(object.Columns)), hash: sha256.New()}
}

// bookkeeping columns come first in every staging table's statement.
var bookkeeping = []string{"row_id", "source_table", "source_row", "source_id", "extra", "row_hash"}

func (s *sink) add(r *nextcrm.Row) error {
	if len(r.Values) != len(s.object.Columns) {
		return fmt.Errorf("%s row %d: %d values for %d columns", r.Table, r.Number, len(r.Values), len(s.object.Columns))
	}
	if err := s.widen(r.Values); err != nil {
		return err
	}
	s.count++
	s.args = append(s.args[:0], s.count, r.Table, number(r.Number), str(r.ID), str(r.Extra), s.rowHash(r))
	for i, v := range r.Values {
		if s.used[i] {
			s.args = append(s.args, str(v))
		}
	}
	return s.in.Add(s.args...)
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

func (s *sink) close() error {
	if s.in == nil {
		return nil
	}
	return s.in.Close()
}

// rowHash tells versions of a record apart: the first 16 bytes, in hex, of the
// SHA-256 over its id, its values and the rest. NULL and empty differ.
func (s *sink) rowHash(r *nextcrm.Row) string {
	s.hash.Reset()
	s.feed(r.ID)
	for _, v := range r.Values {
		s.feed(v)
	}
	s.feed(r.Extra)
	return hex.EncodeToString(s.hash.Sum(s.sum[:0])[:16])
}

func (s *sink) feed(v []byte) {
	var head [5]byte
	if v != nil {
		head[0] = 1
		binary.LittleEndian.PutUint32(head[1:], uint32(len(v)))
	}
	s.hash.Write(head[:])
	s.hash.Write(v)
}

func str(b []byte) any {
	if b == nil {
		return nil
	}
	return string(b)
}

func number(n int64) any {
	if n == 0 {
		return nil
	}
	return n
}

// writeFindings lists what the source holds besides, and what is odd about it.
func writeFindings(tx *sql.Tx, src nextcrm.Source) error {
	for _, it := range src.Items() {
		columns, err := json.Marshal(it.Columns)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(`INSERT INTO source_item VALUES (?, ?, nullif(?, ''), nullif(?, -1), ?, ?, nullif(?, ''))`,
			it.Table, it.Kind, it.Object, it.Rows, string(columns), it.Status, it.Reason); err != nil {
			return fmt.Errorf("list %s: %w", it.Table, err)
		}
	}
	for _, n := range src.Notes() {
		if _, err := tx.Exec(`INSERT INTO source_note (severity, code, source_table, source_row, field, message, hint)
			VALUES (?, ?, ?, nullif(?, 0), nullif(?, ''), ?, nullif(?, ''))`, n.Severity, n.Code, n.Table, n.Row, n.Field, n.Message, n.Hint); err != nil {
			return fmt.Errorf("note on %s: %w", n.Table, err)
		}
	}
	return nil
}
