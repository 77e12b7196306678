package nextcrm

import (
	"context"
	"fmt"
	"strings"
)

// Rows streams one object's records out of the snapshot, in the order in which
// they lie in their tables. The rows that arrived must be as many as the snapshot
// counts, else it fails. After any error the snapshot is gone: close the source
// and open it again.
func (s *databaseSource) Rows(ctx context.Context, object string, yield func(*Row) error) error {
	if object == fieldObject {
		return s.forkColumns(yield)
	}
	if _, ok := Lookup(object); !ok {
		return fmt.Errorf("read %s: there is no such object", object)
	}
	for _, plan := range s.plans[object] { // none: this database lacks the tables, which is said in a note
		if err := s.read(ctx, plan, yield); err != nil {
			return err
		}
	}
	return nil
}

func (s *databaseSource) read(ctx context.Context, plan *tablePlan, yield func(*Row) error) error {
	want, err := s.count(ctx, plan)
	if err != nil {
		return scrub(err, s.password)
	}
	decoder := newRowDecoder(plan, yield)
	tag, err := s.conn.PgConn().CopyTo(ctx, decoder, s.copyStatement(plan))
	if err != nil {
		return fmt.Errorf("read table %q after row %d of %d: %w", plan.table, decoder.rows, want, scrub(err, s.password))
	}
	if decoder.rows != want || tag.RowsAffected() != want {
		return fmt.Errorf("read table %q: the snapshot counts %d rows, the server sent %d and %d arrived: extract again",
			plan.table, want, tag.RowsAffected(), decoder.rows)
	}
	if s.mapping.objectOf(plan.table) == plan.object.Name {
		s.setRows(plan.table, want)
	}
	return nil
}

func (s *databaseSource) count(ctx context.Context, p *tablePlan) (n int64, err error) {
	if err := s.conn.QueryRow(ctx, "SELECT count(*) FROM "+s.qualified(p.table)+p.where).Scan(&n); err != nil {
		return 0, fmt.Errorf("count table %q: %w", p.table, err)
	}
	return n, nil
}

func (s *databaseSource) copyStatement(p *tablePlan) string {
	return "COPY (SELECT " + strings.Join(p.exprs, ", ") + " FROM " + s.qualified(p.table) + p.where + ") TO STDOUT"
}
