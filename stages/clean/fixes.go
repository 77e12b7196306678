package clean

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"nextpipe/stages/internal/warehouse"
)

// fix is a corrected source value, and the staging row it belongs to.
type fix struct {
	object, sourceID, field string
	value                   sql.NullString
}

// applyFixes puts people's corrected values in place of the staged ones. Staging
// itself stays as the source is: the corrections go into temporary copies,
// temp.fixed_<object>, which [coverStaging] puts in front. It returns the
// corrections that fit nothing.
func applyFixes(ctx context.Context, tx *sql.Tx) (missed []fix, err error) {
	fixes, err := readFixes(ctx, tx)
	if err != nil {
		return nil, err
	}
	copied := map[string][]string{} // object → columns of its table
	for i := range fixes {
		f := &fixes[i]
		if _, seen := copied[f.object]; !seen {
			if copied[f.object], err = copyStaging(ctx, tx, f.object); err != nil {
				return nil, fmt.Errorf("copy stg_%s: %w", f.object, err)
			}
		}
		done, err := f.apply(ctx, tx, copied[f.object])
		if err != nil {
			return nil, fmt.Errorf("%s %s, field %s: %w", f.object, f.sourceID, f.field, err)
		}
		if !done {
			missed = append(missed, *f)
		}
	}
	return missed, nil
}

// readFixes lists all corrections in a stable order.
func readFixes(ctx context.Context, tx *sql.Tx) ([]fix, error) {
	rows, err := tx.QueryContext(ctx, "SELECT object, source_id, field, value FROM fix_value ORDER BY object, source_id, field")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []fix
	for rows.Next() {
		var f fix
		if err := rows.Scan(&f.object, &f.sourceID, &f.field, &f.value); err != nil {
			return nil, err
		}
		list = append(list, f)
	}
	return list, rows.Err()
}

// copyStaging makes the temporary copy and returns its columns; none when there
// is no such object.
func copyStaging(ctx context.Context, tx *sql.Tx, object string) ([]string, error) {
	var ddl string
	err := tx.QueryRowContext(ctx, "SELECT sql FROM main.sqlite_schema WHERE type = 'table' AND name = ?", "stg_"+object).Scan(&ddl)
	if err == sql.ErrNoRows {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	staged, fixed := warehouse.Quote("stg_"+object), warehouse.Quote("fixed_"+object)
	for _, q := range []string{
		strings.Replace(ddl, "CREATE TABLE stg_"+object, "CREATE TEMP TABLE "+fixed, 1),
		"INSERT INTO temp." + fixed + " SELECT * FROM main." + staged,
		// Corrections name records by id; thousands of them must not mean thousands of scans.
		"CREATE TEMP TABLE " + warehouse.Quote("id_"+object) + " AS SELECT np_id(source_id) AS id, row_id FROM main." + staged,
		"CREATE INDEX temp." + warehouse.Quote("by_"+object) + " ON " + warehouse.Quote("id_"+object) + " (id)",
	} {
		if _, err := tx.ExecContext(ctx, q); err != nil {
			return nil, err
		}
	}
	return columnNames(ctx, tx, "temp."+fixed)
}

func columnNames(ctx context.Context, tx *sql.Tx, table string) ([]string, error) {
	rows, err := tx.QueryContext(ctx, "SELECT * FROM "+table+" LIMIT 0")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	return rows.Columns()
}

// bookkeeping columns say where a row came from; nobody corrects that.
var bookkeeping = []string{"row_id", "source_table", "source_row", "source_id", "extra", "row_hash"}

// apply writes the value into every row of the record. A field that is no
// column is a custom one, written 'custom:<slug>'.
func (f *fix) apply(ctx context.Context, tx *sql.Tx, columns []string) (bool, error) {
	set, args := "", []any{f.value}
	if slug, found := strings.CutPrefix(f.field, "custom:"); found && slices.Contains(columns, "extra") {
		set = `extra = json_patch(coalesce(extra, '{}'), json_object(?, ?))`
		args = []any{slug, f.value}
	} else if slices.Contains(columns, f.field) && !slices.Contains(bookkeeping, f.field) {
		set = warehouse.Quote(f.field) + " = ?"
	} else {
		return false, nil
	}
	args = append(args, f.sourceID)
	res, err := tx.ExecContext(ctx, "UPDATE temp."+warehouse.Quote("fixed_"+f.object)+" SET "+set+
		" WHERE row_id IN (SELECT row_id FROM temp."+warehouse.Quote("id_"+f.object)+" WHERE id = np_id(?))", args...)
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n > 0, err
}

// reportFixes lists corrections that fit nothing.
func reportFixes(tx *sql.Tx, missed []fix) error {
	for _, f := range missed {
		err := report(tx, finding{"fix_not_applied", f.object, f.object + ":" + f.sourceID, 0, f.field, f.value.String})
		if err != nil {
			return err
		}
	}
	return nil
}
