package nextcrm

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// countLimit is the size up to which tables that are not extracted are counted
// exactly; beyond it the planner's estimate must do.
const countLimit = 64 << 20

// listItems says of every table of the schema what becomes of it.
func (s *databaseSource) listItems(ctx context.Context) error {
	var counted []string
	for name, table := range s.tables {
		item := s.itemOf(table)
		isExtracted := item.Status == "extracted"
		isCounted := !isExtracted && !table.isView && table.bytes <= countLimit && slices.ContainsFunc(table.columns, func(c dbColumn) bool { return c.isReadable })
		if isCounted {
			counted = append(counted, name)
		}
		if isExtracted || isCounted {
			item.Rows = -1 // set when they are known
		}
		s.items = append(s.items, item)
	}
	slices.SortFunc(s.items, func(a, b Item) int { return strings.Compare(a.Table, b.Table) })
	return s.countItems(ctx, counted)
}

func (s *databaseSource) itemOf(table *dbTable) Item {
	item := Item{Table: table.name, Kind: "table", Columns: table.columnNames(), Rows: table.estimate,
		Status: "unknown", Reason: "not a table of NextCRM itself: if it matters, its rows need a way of their own"}
	lines := s.mapping.lines[table.name]
	switch {
	case len(lines) == 0 && table.isView:
		item.Status, item.Reason, item.Rows = "skipped", "a view: derived data", -1
	case len(lines) == 0:
	case lines[0].column == mapSkip:
		item.Status, item.Reason = "skipped", lines[0].reason
	default:
		item.Object, item.Status, item.Reason = s.mapping.objectOf(table.name), "extracted", ""
	}
	return item
}

// countItems counts small tables in one round trip. Only their number of rows
// is asked for, so this is right for tables full of secrets too.
func (s *databaseSource) countItems(ctx context.Context, names []string) error {
	if len(names) == 0 {
		return nil
	}
	queries := make([]string, len(names))
	for i, name := range names {
		queries[i] = fmt.Sprintf("SELECT %s, count(*) FROM %s", literal(name), s.qualified(name))
	}
	rows, err := s.conn.Query(ctx, strings.Join(queries, " UNION ALL "))
	if err != nil {
		return fmt.Errorf("count the other tables: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		var n int64
		if err := rows.Scan(&name, &n); err != nil {
			return fmt.Errorf("count the other tables: %w", err)
		}
		s.setRows(name, n)
	}
	return rows.Err()
}

func (s *databaseSource) setRows(table string, n int64) {
	i := slices.IndexFunc(s.items, func(item Item) bool { return item.Table == table })
	s.items[i].Rows = n
}

// fingerprint names the company's installation, not the server: it stays the
// same when the database is restored elsewhere or renamed, and differs between
// two installations. Prisma gives every migration row a random id when it is
// applied, so the oldest row is as good as an installation number; an
// installation that was built without migrations is known by its oldest user,
// and an empty one by server and database.
func (s *databaseSource) fingerprint(ctx context.Context) (string, error) {
	var mark string
	for _, query := range s.fingerprintQueries() {
		err := s.conn.QueryRow(ctx, query).Scan(&mark)
		if err == nil {
			sum := sha256.Sum256([]byte("nextcrm open-source\n" + mark))
			return hex.EncodeToString(sum[:]), nil
		}
		if !errors.Is(err, pgx.ErrNoRows) {
			return "", fmt.Errorf("fingerprint the database: %w", err)
		}
	}
	return "", errors.New("fingerprint the database: it gives no answer")
}

func (s *databaseSource) fingerprintQueries() []string {
	var queries []string
	id, hasID := s.tables["_prisma_migrations"].column("id")
	_, hasStart := s.tables["_prisma_migrations"].column("started_at")
	if hasID && hasStart && id.isReadable {
		queries = append(queries, `SELECT 'migration ' || "id" FROM `+s.qualified("_prisma_migrations")+` ORDER BY "started_at", "id" LIMIT 1`)
	}
	order := `"id"`
	if _, ok := s.tables["Users"].column("created_on"); ok {
		order = `"created_on", "id"`
	}
	return append(queries,
		`SELECT 'user ' || "id" FROM `+s.qualified("Users")+` ORDER BY `+order+` LIMIT 1`,
		`SELECT concat_ws(' ', 'database', oid, datname) FROM pg_database WHERE datname = current_database()`)
}
