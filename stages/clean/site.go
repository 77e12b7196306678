package clean

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"

	"nextpipe/stages/internal/normal"
	"nextpipe/stages/internal/warehouse"
)

// TimezoneError means that the source holds local times and that nothing says
// of which place. Guessing would move every one of them.
type TimezoneError struct {
	Table string // file of the example
	Row   int64
	Field string
	Value string
}

func (e *TimezoneError) Error() string {
	return fmt.Sprintf("%s, row %d, %s: %q has no UTC offset, and the source does not say its time zone; "+
		"extract it again with --source-timezone, for example `nextpipe run --source-timezone Europe/Berlin`", e.Table, e.Row, e.Field, e.Value)
}

// requireTimezone looks for a local time when no zone is known.
func requireTimezone(ctx context.Context, tx *sql.Tx, s site) error {
	if s.timezone != "" {
		return nil
	}
	var queries []string
	for _, c := range columns {
		if c.kind == "stamp" {
			name := warehouse.Quote(c.field)
			queries = append(queries, localTimes(c.object, c.field, name, warehouse.Quote("stg_"+c.object)))
		}
	}
	for _, c := range clocked {
		queries = append(queries, fmt.Sprintf("SELECT source_table, coalesce(source_row, 0), %s, concat_ws(' ', %s, %s) FROM %s WHERE np_when_reason(%[2]s, %[3]s, NULL, NULL) = %[5]s",
			literal(c.object+"."+c.day), c.day, c.clock, warehouse.Quote("stg_"+c.object), literal(normal.ZoneUnknown)))
	}
	fields, err := stampFields(ctx, tx)
	if err != nil {
		return err
	}
	for _, f := range fields {
		from := warehouse.Quote("stg_"+f.object) + ", json_each(extra) AS e"
		queries = append(queries, localTimes(f.object, f.field, "e.value", from)+" AND e.key = "+literal(f.field))
	}
	for _, q := range queries {
		var e TimezoneError
		err := tx.QueryRowContext(ctx, q+" LIMIT 1").Scan(&e.Table, &e.Row, &e.Field, &e.Value)
		if err == nil {
			return &e
		}
		if err != sql.ErrNoRows {
			return fmt.Errorf("look for local times: %w", err)
		}
	}
	return nil
}

// clocked are the columns that hold a day, which needs no zone, or an instant.
var clocked = []struct{ object, day, clock string }{
	{"activity", "due_date", "due_time"}, {"activity", "date", "NULL"}, {"task", "due_at", "NULL"},
}

// localTimes asks for the first value that only a zone could turn into an
// instant: of the forms that are read, some (Unix time) need none.
func localTimes(object, field, value, from string) string {
	return "SELECT source_table, coalesce(source_row, 0), " + literal(object+"."+field) + ", " + value + " FROM " + from +
		" WHERE np_stamp_reason(" + value + ", NULL, NULL) = " + literal(normal.ZoneUnknown)
}

// stampFields are the custom fields that hold points in time.
func stampFields(ctx context.Context, tx *sql.Tx) ([]column, error) {
	rows, err := tx.QueryContext(ctx, "SELECT object, slug, value_type FROM clean_custom_field WHERE value_type = 'stamp' AND value_count > 0")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []column
	for rows.Next() {
		var c column
		if err := rows.Scan(&c.object, &c.field, &c.kind); err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	return list, rows.Err()
}

// literal is an SQL string; slugs come from headings and may hold anything.
func literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// separatorSample is how many cells are asked for their separator.
const separatorSample = 5000

// settleSeparator lets the tag and list cells say how they are separated, when
// neither a person nor the source has.
func settleSeparator(ctx context.Context, tx *sql.Tx) error {
	known, err := number(ctx, tx, "SELECT count(*) FROM clean_site WHERE list_separator IS NOT NULL")
	if err != nil || known > 0 {
		return err
	}
	var titles string
	err = tx.QueryRowContext(ctx, "SELECT json_group_array(title) FROM (SELECT title FROM stg_tag UNION ALL SELECT title FROM stg_list)").Scan(&titles)
	if err != nil {
		return fmt.Errorf("read known titles: %w", err)
	}
	limit := " LIMIT " + strconv.Itoa(separatorSample) + ")"
	cells := "SELECT * FROM (SELECT tags FROM stg_contact WHERE tags <> ''" + limit +
		" UNION ALL SELECT * FROM (SELECT lists FROM stg_contact WHERE lists <> ''" + limit
	var queryErr error
	separator, evidence := normal.ListSeparator(eachText(ctx, tx, cells, &queryErr), parseTitles(titles))
	if queryErr != nil {
		return fmt.Errorf("look for the list separator: %w", queryErr)
	}
	if separator == "" {
		return nil
	}
	_, err = tx.ExecContext(ctx, "UPDATE clean_site SET list_separator = ?, evidence = json_set(evidence, '$.list_separator', ?)",
		separator, fmt.Sprintf("yields %d known titles", evidence))
	return err
}
