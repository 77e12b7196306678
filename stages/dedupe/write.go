package dedupe

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"

	"nextpipe/stages/internal/match"
	"nextpipe/stages/internal/matchrow"
	"nextpipe/stages/internal/warehouse"
)

// Rules of members that nothing was merged into.
const (
	ruleSurvivor = "survivor"
	ruleReview   = "review"
)

// writer adds to the dup_ tables of one object.
type writer struct {
	columns  []string // of the clean table
	index    map[string]int
	clusters int64
	cluster  *warehouse.Inserter
	member   *warehouse.Inserter
	value    *warehouse.Inserter
	golden   *warehouse.Inserter
}

func (s *search[T]) newWriter() (*writer, error) {
	columns, err := columnsOf(s.ctx, s.tx, s.clean())
	if err != nil {
		return nil, err
	}
	w := &writer{columns: columns, index: matchrow.Index(columns)}
	prefix := "dup_" + s.name
	for _, in := range []struct {
		at      **warehouse.Inserter
		table   string
		columns []string
	}{
		{&w.cluster, prefix + "_cluster", []string{"cluster_id", "final_key", "size", "state", "reason"}},
		{&w.member, prefix + "_member", []string{"row_id", s.key(), "cluster_id", "final_key", "role", "rank", "rule", "why"}},
		{&w.value, prefix + "_value", []string{"final_key", "field", "value", "from_key", "why", "lost"}},
		{&w.golden, prefix + "_golden", columns},
	} {
		if *in.at, err = warehouse.NewInserter(s.tx, in.table, in.columns...); err != nil {
			return nil, err
		}
	}
	return w, nil
}

func columnsOf(ctx context.Context, tx *sql.Tx, table string) ([]string, error) {
	rows, err := tx.QueryContext(ctx, "SELECT * FROM "+warehouse.Quote(table)+" LIMIT 0")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	return rows.Columns()
}

func quoteAll(columns []string) string {
	quoted := make([]string, len(columns))
	for i, c := range columns {
		quoted[i] = warehouse.Quote(c)
	}
	return strings.Join(quoted, ", ")
}

func (w *writer) close() error {
	return errors.Join(w.cluster.Close(), w.member.Close(), w.value.Close(), w.golden.Close())
}

// output is what a chunk adds to each table. It is made while the chunk before
// is being written.
type output struct{ cluster, member, value, golden [][]any }

func (w *writer) write(o output) error {
	for _, t := range []struct {
		in   *warehouse.Inserter
		rows [][]any
	}{{w.cluster, o.cluster}, {w.member, o.member}, {w.value, o.value}, {w.golden, o.golden}} {
		for _, row := range t.rows {
			if err := t.in.Add(row...); err != nil {
				return err
			}
		}
	}
	return nil
}

// store adds one cluster with its members and merged records to the output.
func (c *chunk[T]) store(cl settled[T], w *writer) error {
	w.clusters++
	state, reason, size := "merged", c.mergeReason(cl), 0
	if len(cl.finals) > 1 {
		state, reason = "review", cl.reason
		c.out.held++
	}
	if cl.late {
		c.out.late++
	}
	for _, f := range cl.finals {
		if err := c.storeFinal(w, f, size, reason); err != nil {
			return err
		}
		size += len(f.members)
	}
	c.out.rows += int64(size) + 1
	c.output.cluster = append(c.output.cluster, []any{w.clusters, cl.finals[0].key, size, state, reason})
	return nil
}

// mergeReason lists the rules that joined a cluster.
func (c *chunk[T]) mergeReason(cl settled[T]) string {
	var rules []string
	for _, m := range cl.finals[0].members[1:] {
		rule, _ := c.evidence(cl.finals[0], m)
		rules = append(rules, rule)
	}
	if rules == nil {
		return cl.finals[0].why
	}
	slices.Sort(rules)
	return strings.Join(slices.Compact(rules), ", ")
}

func (c *chunk[T]) storeFinal(w *writer, f finalRecord[T], ranked int, reason string) error {
	for i, m := range f.members {
		role, rule, why := "survivor", ruleSurvivor, f.why
		switch {
		case !f.merged():
			role, rule, why = "alone", ruleReview, reason
		case i > 0:
			role = "merged"
			rule, why = c.evidence(f, m)
			c.out.merged++
		}
		c.output.member = append(c.output.member, []any{m.row.ID(), m.key, w.clusters, f.key, role, ranked + i + 1, rule, why})
		if role != "alone" && c.isParent {
			c.out.finalKeys[m.key] = f.key
		}
	}
	if !f.merged() {
		return nil
	}
	return c.storeGolden(w, f)
}

func (c *chunk[T]) storeGolden(w *writer, f finalRecord[T]) error {
	m := merger{rules: c.fields, columns: w.columns, index: w.index}
	for _, member := range f.members {
		m.keys, m.rows = append(m.keys, member.key), append(m.rows, member.row)
	}
	if err := m.merge(); err != nil {
		return err
	}
	m.out[w.index[c.key()]] = sql.NullString{String: f.key, Valid: true}
	values := make([]any, len(m.out))
	for i, v := range m.out {
		if v.Valid {
			values[i] = v.String
		}
	}
	c.output.golden = append(c.output.golden, values)
	for _, n := range m.notes {
		c.output.value = append(c.output.value, []any{f.key, n.field, n.value, n.from, n.why, lostJSON(n.lost)})
	}
	c.out.rows += int64(len(m.notes)) + 1
	return nil
}

// lostJSON lists what did not win, each with its origin.
func lostJSON(lost []match.FieldValue) string {
	type entry struct {
		From  string `json:"from"`
		Value string `json:"value"`
	}
	list := make([]entry, len(lost))
	for i, v := range lost {
		list[i] = entry{v.Key, v.Items[0]}
	}
	return marshal(list)
}
