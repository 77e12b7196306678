package warehouse

import (
	"database/sql"
	"fmt"
	"strings"
)

// Inserter adds many rows to one table inside a transaction. Rows are sent in
// groups, one statement each, because the cost of a statement outweighs that
// of a row.
type Inserter struct {
	tx      *sql.Tx
	table   string
	columns []string
	group   int
	full    *sql.Stmt
	args    []any
	count   int64
}

// maxParameters bounds one statement; SQLite allows 32,766.
const maxParameters = 2000

// NewInserter prepares to add rows of the named columns to table.
func NewInserter(tx *sql.Tx, table string, columns ...string) (*Inserter, error) {
	in := &Inserter{tx: tx, table: table, columns: columns, group: max(1, maxParameters/len(columns))}
	stmt, err := tx.Prepare(in.statement(in.group))
	if err != nil {
		return nil, fmt.Errorf("insert into %s: %w", table, err)
	}
	in.full = stmt
	in.args = make([]any, 0, in.group*len(columns))
	return in, nil
}

func (in *Inserter) statement(rows int) string {
	quoted := make([]string, len(in.columns))
	for i, c := range in.columns {
		quoted[i] = Quote(c)
	}
	row := "(" + strings.TrimSuffix(strings.Repeat("?,", len(in.columns)), ",") + ")"
	return "INSERT INTO " + Quote(in.table) + " (" + strings.Join(quoted, ",") + ") VALUES " +
		strings.TrimSuffix(strings.Repeat(row+",", rows), ",")
}

// Group is how many rows one statement takes.
func (in *Inserter) Group() int { return in.group }

// Add adds one row: a value for each column, in order.
func (in *Inserter) Add(values ...any) error {
	if len(values) != len(in.columns) {
		return fmt.Errorf("insert into %s: %d values for %d columns", in.table, len(values), len(in.columns))
	}
	in.args = append(in.args, values...)
	in.count++
	if len(in.args) < in.group*len(in.columns) {
		return nil
	}
	_, err := in.full.Exec(in.args...)
	in.args = in.args[:0]
	return in.wrap(err)
}

// AddGroup adds the values of at most Group rows, row by row, at once. The
// caller may use the slice again afterwards.
func (in *Inserter) AddGroup(values []any) (err error) {
	rows := len(values) / len(in.columns)
	in.count += int64(rows)
	if rows == in.group {
		_, err = in.full.Exec(values...)
	} else if rows > 0 {
		_, err = in.tx.Exec(in.statement(rows), values...)
	}
	return in.wrap(err)
}

// Close sends what is left. Without it rows are missing.
func (in *Inserter) Close() error {
	if err := in.full.Close(); err != nil {
		return in.wrap(err)
	}
	if len(in.args) == 0 {
		return nil
	}
	_, err := in.tx.Exec(in.statement(len(in.args)/len(in.columns)), in.args...)
	return in.wrap(err)
}

// Count is the number of rows added so far.
func (in *Inserter) Count() int64 { return in.count }

func (in *Inserter) wrap(err error) error {
	if err != nil {
		return fmt.Errorf("insert into %s: %w", in.table, damaged(err))
	}
	return nil
}
