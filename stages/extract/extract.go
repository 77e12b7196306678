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
	"database/sql"
	"encoding/json"
	"fmt"

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
	fill := func() error {
		return db.Replace(ctx, tables(), func(tx *sql.Tx) error { return copyAll(ctx, tx, src, report, &res) })
	}
	empty, err := isEmpty(ctx, db)
	if err == nil && empty {
		err = db.FirstLoad(ctx, fill)
	} else if err == nil {
		err = fill()
	}
	if err != nil {
		return res, fmt.Errorf("extract: %w", err)
	}
	return res, nil
}

// isEmpty tells whether nothing was ever extracted into this warehouse.
func isEmpty(ctx context.Context, db *warehouse.DB) (empty bool, err error) {
	err = db.Read().QueryRowContext(ctx, "SELECT NOT EXISTS (SELECT 1 FROM source_item)").Scan(&empty)
	return empty, err
}

func copyAll(ctx context.Context, tx *sql.Tx, src nextcrm.Source, report func(string, int64), res *stage.Result) error {
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
	// Whatever happened, nothing may go on inserting behind our back.
	if stored := s.close(); err == nil {
		err = stored
	}
	return s.count, err
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
