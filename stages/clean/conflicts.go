package clean

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"nextpipe/stages/internal/warehouse"
)

// finding is an issue that Go reports.
type finding struct {
	rule, object, key string
	rowID             int64
	field, value      string
}

// report adds a finding to the issues; its severity and hint are the rule's.
func report(tx *sql.Tx, f finding) error {
	_, err := tx.Exec(`INSERT INTO issue (rule, severity, object, record_key, row_id, field, value, hint)
		SELECT ?1, (SELECT severity FROM issue_rule WHERE rule = ?1), ?2, ?3, nullif(?4, 0), ?5, ?6,
			(SELECT action FROM issue_rule WHERE rule = ?1)`,
		f.rule, f.object, f.key, f.rowID, f.field, short(f.value))
	if err != nil {
		return fmt.Errorf("report %s of %s: %w", f.rule, f.key, err)
	}
	return nil
}

// conflict is a dropped row and the row that stands for the record.
type conflict struct {
	key           string
	dropped, kept int64
}

// reportConflicts names, for each version of a record that lost, the fields in
// which it differs from the one that is migrated. It returns their number.
func reportConflicts(ctx context.Context, tx *sql.Tx) (n int64, err error) {
	for _, object := range []string{"account", "contact", "deal"} {
		conflicts, err := readConflicts(ctx, tx, object)
		if err != nil {
			return 0, err
		}
		for _, c := range conflicts {
			fields, values, err := differences(ctx, tx, object, c)
			if err != nil {
				return 0, err
			}
			err = report(tx, finding{"repeated_id_conflict", object, c.key, c.dropped, strings.Join(fields, ", "), strings.Join(values, "; ")})
			if err != nil {
				return 0, err
			}
		}
		n += int64(len(conflicts))
	}
	return n, nil
}

// readConflicts looks through the clean table once: it may be a thousand times
// larger than the list of conflicts.
func readConflicts(ctx context.Context, tx *sql.Tx, object string) ([]conflict, error) {
	rows, err := tx.QueryContext(ctx, `
		WITH lost AS MATERIALIZED (
			SELECT row_id, source_id, into_key FROM clean_drop WHERE object = ? AND rule = 'repeated_id_conflict')
		SELECT d.into_key, d.row_id, c.row_id
		FROM (SELECT 1 FROM lost LIMIT 1) CROSS JOIN `+warehouse.Quote("clean_"+object)+` AS c CROSS JOIN lost AS d ON d.source_id = c.source_id
		ORDER BY d.row_id`, object)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []conflict
	for rows.Next() {
		var c conflict
		if err := rows.Scan(&c.key, &c.dropped, &c.kept); err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	return list, rows.Err()
}

// differences compares two staging rows column by column, custom values key by
// key. It compares what was staged, not what was cleaned: a person decides
// between the values that stand in the source.
func differences(ctx context.Context, tx *sql.Tx, object string, c conflict) (fields, values []string, err error) {
	dropped, names, err := stagingRow(ctx, tx, object, c.dropped)
	if err != nil {
		return nil, nil, err
	}
	kept, keptNames, err := stagingRow(ctx, tx, object, c.kept)
	if err != nil {
		return nil, nil, err
	}
	for _, name := range append(names, keptNames...) {
		if slices.Contains(fields, name) {
			continue
		}
		if dropped[name] != kept[name] {
			fields = append(fields, name)
			values = append(values, fmt.Sprintf("%s: %q, not %q", name, kept[name], dropped[name]))
		}
	}
	return fields, values, nil
}

// stagingRow is one row as text by column, custom values as 'custom:<slug>'.
// Book-keeping columns are left out; NULL and empty count as the same.
func stagingRow(ctx context.Context, tx *sql.Tx, object string, rowID int64) (map[string]string, []string, error) {
	rows, err := tx.QueryContext(ctx, "SELECT * FROM "+warehouse.Quote("stg_"+object)+" WHERE row_id = ?", rowID)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return nil, nil, err
	}
	cells := make([]sql.NullString, len(columns))
	into := make([]any, len(columns))
	for i := range cells {
		into[i] = &cells[i]
	}
	row := map[string]string{}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return nil, nil, err
		}
	}
	// Names keep the order of the columns, so that the report is stable.
	var names []string
	for i, name := range columns {
		if !slices.Contains(bookkeeping, name) {
			row[name] = cells[i].String
			names = append(names, name)
		}
		if name == "extra" {
			eachPair(cells[i].String, func(key, raw string) {
				row["custom:"+key] = unquote(raw)
				names = append(names, "custom:"+key)
			})
		}
	}
	return row, names, rows.Err()
}
