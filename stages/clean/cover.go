package clean

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"nextpipe/stages/internal/warehouse"
)

// coverStaging puts a temporary view of the same name in front of each staging
// table that was corrected or is large. The transforms, which name no schema,
// then read the corrected copy, and columns that the source never fills are
// the constant NULL: a function of a constant is called once a query, not once
// a row, and an export fills perhaps ten of sixty columns.
func coverStaging(ctx context.Context, tx *sql.Tx) error {
	objects, err := columnOf(ctx, tx, `SELECT substr(name, 7) FROM temp.sqlite_schema WHERE type = 'table' AND name GLOB 'fixed_*'`)
	if err != nil {
		return err
	}
	for _, object := range []string{"account", "contact", "deal"} {
		if !slices.Contains(objects, object) {
			objects = append(objects, object)
		}
	}
	for _, object := range objects {
		if err := cover(ctx, tx, object); err != nil {
			return fmt.Errorf("cover stg_%s: %w", object, err)
		}
	}
	return nil
}

// cover makes the view of one object. A view, unlike a copy, costs nothing: SQLite
// reads the table behind it as if the transform had named it.
func cover(ctx context.Context, tx *sql.Tx, object string) error {
	table := "main." + warehouse.Quote("stg_"+object)
	fixed, err := number(ctx, tx, "SELECT count(*) FROM temp.sqlite_schema WHERE name = "+literal("fixed_"+object))
	if err != nil {
		return err
	}
	if fixed > 0 {
		table = "temp." + warehouse.Quote("fixed_"+object)
	}
	columns, err := columnNames(ctx, tx, table)
	if err != nil {
		return err
	}
	empty, err := emptyColumns(ctx, tx, table, columns)
	if err != nil {
		return err
	}
	for i, c := range columns {
		columns[i] = warehouse.Quote(c)
		if slices.Contains(empty, c) {
			columns[i] = "NULL AS " + columns[i]
		}
	}
	_, err = tx.ExecContext(ctx, "CREATE TEMP VIEW "+warehouse.Quote("stg_"+object)+" AS SELECT "+strings.Join(columns, ", ")+" FROM "+table)
	return err
}

// emptyColumns finds the columns without any value in one pass: it looks for a
// row that has one of them, strikes what that row has, and goes on behind it.
func emptyColumns(ctx context.Context, tx *sql.Tx, table string, columns []string) ([]string, error) {
	var last int64
	empty := slices.Clone(columns)
	for len(empty) > 0 {
		cells, into := make([]sql.NullString, len(empty)), []any{&last}
		quoted := make([]string, len(empty))
		for i, c := range empty {
			quoted[i] = warehouse.Quote(c)
			into = append(into, &cells[i])
		}
		list := strings.Join(quoted, ", ")
		// coalesce wants two arguments even when one column is left.
		err := tx.QueryRowContext(ctx, "SELECT row_id, "+list+" FROM "+table+
			" WHERE row_id > ? AND coalesce("+list+", NULL) IS NOT NULL ORDER BY row_id LIMIT 1", last).Scan(into...)
		if err == sql.ErrNoRows {
			return empty, nil
		}
		if err != nil {
			return nil, err
		}
		left := empty[:0]
		for i, c := range cells {
			if !c.Valid {
				left = append(left, empty[i])
			}
		}
		empty = left
	}
	return empty, nil
}

// uncoverStaging removes the views and the corrected copies.
func uncoverStaging(ctx context.Context, tx *sql.Tx) error {
	drops, err := columnOf(ctx, tx, `SELECT 'DROP ' || type || ' temp."' || name || '"' FROM temp.sqlite_schema
		WHERE type = 'view' AND name GLOB 'stg_*' OR type = 'table' AND (name GLOB 'fixed_*' OR name GLOB 'id_*') ORDER BY type DESC`)
	if err != nil {
		return err
	}
	for _, drop := range drops {
		if _, err := tx.ExecContext(ctx, drop); err != nil {
			return err
		}
	}
	return nil
}

func columnOf(ctx context.Context, tx *sql.Tx, query string) (list []string, err error) {
	for s := range eachText(ctx, tx, query, &err) {
		list = append(list, s)
	}
	return list, err
}
