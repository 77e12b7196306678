package nextcrm

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// dbTable is a table or view as the database describes it.
type dbTable struct {
	name     string
	isView   bool
	estimate int64 // rows by the planner's statistics, -1 when it never looked
	bytes    int64
	columns  []dbColumn // in table order
}

// dbColumn is a column as the database describes it.
type dbColumn struct {
	name       string
	typ        string // "numeric(12,2)", "text[]", "enum", "uuid"; a domain's base type
	category   string // pg_type.typcategory: A array, B boolean, N number, D date or time, E enum, S text …
	labels     []string
	references string // table that a foreign key of this column alone points to
	isRequired bool   // NOT NULL without a default
	isReadable bool   // the user may SELECT it
}

// catalogQuery reads pg_catalog rather than information_schema, which hides
// what the user may not read and knows no enum labels.
const catalogQuery = `
SELECT c.relname, c.relkind IN ('v', 'm'), c.reltuples::bigint, CASE WHEN c.relkind IN ('r', 'm') THEN pg_relation_size(c.oid) ELSE 0 END,
       coalesce(a.attname, ''),
       coalesce(CASE WHEN e.oid IS NULL THEN format_type(b.oid, CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END)
                     WHEN b.typcategory = 'A' THEN 'enum[]' ELSE 'enum' END, ''),
       coalesce(b.typcategory::text, ''),
       coalesce((SELECT array_agg(l.enumlabel::text ORDER BY l.enumsortorder) FROM pg_enum AS l WHERE l.enumtypid = e.oid), '{}'),
       coalesce((SELECT f.relname FROM pg_constraint AS k JOIN pg_class AS f ON f.oid = k.confrelid
                 WHERE k.conrelid = c.oid AND k.contype = 'f' AND k.conkey = ARRAY[a.attnum] ORDER BY k.conname LIMIT 1), ''),
       coalesce(a.attnotnull AND NOT a.atthasdef, false),
       coalesce(has_column_privilege(c.oid, a.attnum, 'SELECT'), false)
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_type AS t ON t.oid = a.atttypid
LEFT JOIN pg_type AS b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END
LEFT JOIN pg_type AS e ON e.oid IN (b.oid, CASE WHEN b.typcategory = 'A' THEN b.typelem END) AND e.typtype = 'e'
WHERE n.nspname = $1 AND c.relkind IN ('r', 'p', 'f', 'v', 'm') AND NOT c.relispartition
ORDER BY c.relname, a.attnum`

// readCatalog describes every table and view of a schema, by name.
func readCatalog(ctx context.Context, conn *pgx.Conn, schema string) (map[string]*dbTable, error) {
	rows, err := conn.Query(ctx, catalogQuery, schema)
	if err != nil {
		return nil, fmt.Errorf("read the database's catalogue: %w", err)
	}
	defer rows.Close()
	tables := map[string]*dbTable{}
	for rows.Next() {
		var t dbTable
		var c dbColumn
		if err := rows.Scan(&t.name, &t.isView, &t.estimate, &t.bytes, &c.name, &c.typ, &c.category,
			&c.labels, &c.references, &c.isRequired, &c.isReadable); err != nil {
			return nil, fmt.Errorf("read the database's catalogue: %w", err)
		}
		if tables[t.name] == nil {
			tables[t.name] = &t
		}
		if c.name != "" { // a table without columns has one row here, for itself
			tables[t.name].columns = append(tables[t.name].columns, c)
		}
	}
	return tables, rows.Err()
}

func (t *dbTable) column(name string) (dbColumn, bool) {
	if t == nil {
		return dbColumn{}, false
	}
	i := slices.IndexFunc(t.columns, func(c dbColumn) bool { return c.name == name })
	if i < 0 {
		return dbColumn{}, false
	}
	return t.columns[i], true
}

func (t *dbTable) columnNames() []string {
	names := make([]string, len(t.columns))
	for i, c := range t.columns {
		names[i] = c.name
	}
	return names
}

// minimum is what every NextCRM on PostgreSQL has, whatever its version.
var minimum = []struct {
	table   string
	columns []string
}{
	{"Users", cols("id email name")},
	{"crm_Accounts", cols("id name createdAt updatedAt")},
	{"crm_Contacts", cols("id last_name email accountsIDs created_on")},
	{"crm_Opportunities", cols("id name account budget sales_stage status created_on")},
}

// ErrNotNextCRM is returned for a database without NextCRM's core tables.
var ErrNotNextCRM = errors.New("not a database of NextCRM's open-source edition")

// checkMinimum refuses a database in which the core tables or columns are missing.
func checkMinimum(tables map[string]*dbTable, schema string) error {
	var missing []string
	for _, want := range minimum {
		if tables[want.table] == nil {
			missing = append(missing, fmt.Sprintf("table %q", want.table))
			continue
		}
		for _, name := range want.columns {
			if _, ok := tables[want.table].column(name); !ok {
				missing = append(missing, fmt.Sprintf("column %q.%q", want.table, name))
			}
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return fmt.Errorf("%w: schema %q lacks %s; check the database name in the URL, or name the schema with ?schema=",
		ErrNotNextCRM, schema, strings.Join(missing, ", "))
}

// quote writes an identifier so that PostgreSQL takes it literally.
func quote(name string) string { return pgx.Identifier{name}.Sanitize() }

// literal writes a text constant. Standard-conforming strings are on in every
// supported server, so only the quote needs care.
func literal(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }
