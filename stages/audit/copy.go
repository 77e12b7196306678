package audit

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"nextpipe/stages/internal/warehouse"
)

// copier brings one warehouse into a new file.
type copier struct {
	ctx      context.Context
	from, to *sql.Tx
	own      []string
	seal     *sealer
	// ours is the SQL of what our schema makes; left names what it does not, and
	// is not copied: nobody knows what the columns or the SQL text of it hold.
	ours map[string]string
	left []string
}

// all copies tables with their rows, then what is derived from them.
func (c *copier) all() error {
	var tag string
	if err := c.from.QueryRowContext(c.ctx, "SELECT coalesce(max(source_tag), '') FROM setup").Scan(&tag); err != nil {
		return err
	}
	c.seal = newSealer(newSalt(), tag, c.own)
	var err error
	if c.ours, err = warehouse.Ours(c.ctx, c.from); err != nil {
		return err
	}
	tables, err := c.parts("table")
	if err != nil {
		return err
	}
	for _, t := range tables {
		if err := c.table(t.name, t.ddl); err != nil {
			return fmt.Errorf("table %s: %w", t.name, err)
		}
	}
	for _, kind := range []string{"index", "view", "trigger"} {
		parts, err := c.parts(kind)
		if err != nil {
			return err
		}
		for _, p := range parts {
			if _, err := c.to.ExecContext(c.ctx, p.ddl); err != nil {
				return fmt.Errorf("%s %s: %w", kind, p.name, err)
			}
		}
	}
	var version int64
	if err := c.from.QueryRowContext(c.ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return err
	}
	_, err = c.to.ExecContext(c.ctx, fmt.Sprintf("PRAGMA user_version = %d", version))
	return err
}

// part is one piece of the schema.
type part struct{ name, ddl string }

// parts are the pieces of a kind that are ours, in the order in which they were
// made. What SQLite makes by itself has no statement of its own.
func (c *copier) parts(kind string) ([]part, error) {
	rows, err := c.from.QueryContext(c.ctx, "SELECT name, sql FROM sqlite_schema WHERE type = ? AND sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY rowid", kind)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []part
	for rows.Next() {
		var p part
		if err := rows.Scan(&p.name, &p.ddl); err != nil {
			return nil, err
		}
		if c.ours[p.name] == p.ddl {
			out = append(out, p)
		} else {
			c.left = append(c.left, kind+" "+c.seal.apply(words, p.name))
		}
	}
	return out, rows.Err()
}

var (
	// listed finds columns that a CHECK limits to nextpipe's own words.
	listed = regexp.MustCompile(`(\w+) IN \('`)
	// ordered finds the two keys of a pair.
	ordered = regexp.MustCompile(`CHECK \((\w+) < (\w+)\)`)
)

// policies are those of a table's columns.
func policies(table, ddl string, columns []string) map[string]policy {
	out := map[string]policy{}
	for _, column := range columns {
		out[column] = policyOf(table, column)
	}
	for _, m := range listed.FindAllStringSubmatch(ddl, -1) {
		if out[m[1]] != "" {
			out[m[1]] = keep
		}
	}
	return out
}

func (c *copier) table(name, ddl string) error {
	if _, err := c.to.ExecContext(c.ctx, ddl); err != nil {
		return err
	}
	rows, err := c.from.QueryContext(c.ctx, "SELECT * FROM "+warehouse.Quote(name))
	if err != nil {
		return err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	quoted := make([]string, len(columns))
	for i, column := range columns {
		quoted[i] = warehouse.Quote(column)
	}
	insert, err := c.to.PrepareContext(c.ctx, fmt.Sprintf("INSERT INTO %s (%s) VALUES (?%s)", warehouse.Quote(name), strings.Join(quoted, ", "), strings.Repeat(", ?", len(columns)-1)))
	if err != nil {
		return err
	}
	defer insert.Close()
	treat := c.rowTreatment(name, ddl, columns)
	values, into := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		treat(values)
		if _, err := insert.ExecContext(c.ctx, values...); err != nil {
			return err
		}
	}
	return rows.Err()
}

// rowTreatment is what happens to each row of a table.
func (c *copier) rowTreatment(name, ddl string, columns []string) func([]any) {
	of := policies(name, ddl, columns)
	pair := ordered.FindStringSubmatch(ddl)
	return func(values []any) {
		for i, column := range columns {
			switch v := values[i].(type) {
			case string:
				values[i] = c.seal.apply(of[column], v)
			case []byte:
				values[i] = c.seal.hash(string(v))
			}
		}
		if pair != nil {
			a, b := slices.Index(columns, pair[1]), slices.Index(columns, pair[2])
			if values[a].(string) > values[b].(string) {
				values[a], values[b] = values[b], values[a]
			}
		}
	}
}
