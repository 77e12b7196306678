package clean

import (
	"context"
	"database/sql"
	"fmt"
	"iter"
	"slices"
	"strings"

	"nextpipe/stages/internal/normal"
	"nextpipe/stages/internal/warehouse"
)

// column is one staging column whose reading depends on the column as a whole.
type column struct{ object, field, kind string }

// columns that hold days, points in time, amounts and numbers.
var columns = func() []column {
	var list []column
	add := func(object, kind, fields string) {
		for _, f := range strings.Fields(fields) {
			list = append(list, column{object, f, kind})
		}
	}
	add("account", "stamp", "created_at updated_at deleted_at")
	add("account", "money", "annual_revenue")
	add("contact", "stamp", "created_at created_at_2 updated_at last_activity_at confirmed_at deleted_at")
	add("contact", "date", "birthday")
	add("deal", "stamp", "created_at created_at_2 updated_at won_at lost_at stage_entered_at deleted_at")
	add("deal", "date", "expected_close_date delivery_deadline")
	add("deal", "money", "value expected_revenue")
	add("invoice", "stamp", "paid_at pdf_generated_at created_at updated_at")
	add("invoice", "date", "issued_at taxable_at due_at")
	add("invoice", "money", "subtotal discount_total tax total paid_total balance_due")
	add("campaign", "stamp", "scheduled_at sent_at created_at updated_at deleted_at")
	add("campaign", "money", "revenue")
	add("document", "stamp", "created_at updated_at")
	add("activity", "stamp", "created_at updated_at deleted_at")
	add("activity", "date", "date due_date")
	add("note", "stamp", "created_at updated_at")
	add("task", "stamp", "created_at updated_at")
	add("task", "date", "due_at")
	add("email", "stamp", "sent_at created_at")
	return list
}()

// undecided is the SQL test for values that need a second look: dates that do
// not begin like ISO 8601, numbers that are more than digits and one point.
var undecided = map[string]string{
	"stamp": "%s <> '' AND %s NOT GLOB '[12][0-9][0-9][0-9]-*'",
	"date":  "%s <> '' AND %s NOT GLOB '[12][0-9][0-9][0-9]-*'",
	"money": "%s <> '' AND (%s GLOB '*[^0-9.]*' OR %[1]s GLOB '*.*')",
}

// undecided is the test for this column, ready to stand in a query.
func (c column) undecided() string {
	name := warehouse.Quote(c.field)
	return fmt.Sprintf(undecided[c.kind], name, name)
}

// site is what profiling needs of clean_site.
type site struct {
	timezone, dateOrder, decimalMark, separator string
	orderDecided, markDecided                   bool
}

func readSite(ctx context.Context, tx *sql.Tx) (site, error) {
	var s site
	err := tx.QueryRowContext(ctx, `SELECT coalesce(timezone, ''), coalesce(date_order, ''), coalesce(decimal_mark, ''),
		coalesce(list_separator, ''),
		coalesce(evidence ->> 'date_order' LIKE 'decision%', 0), coalesce(evidence ->> 'decimal_mark' LIKE 'decision%', 0)
		FROM clean_site`).Scan(&s.timezone, &s.dateOrder, &s.decimalMark, &s.separator, &s.orderDecided, &s.markDecided)
	if err != nil {
		return s, fmt.Errorf("read clean_site: %w", err)
	}
	return s, nil
}

// profileColumns decides how each column is to be read. One pass over each
// object counts; only columns with values that leave something open are read
// again.
func profileColumns(ctx context.Context, tx *sql.Tx, s site, sizes map[string]size) error {
	in, err := warehouse.NewInserter(tx, "profile", "object", "field", "kind", "value_count", "date_order", "decimal_mark",
		"timezone", "evidence")
	if err != nil {
		return err
	}
	for _, object := range profiled() {
		counts, total, err := countColumns(ctx, tx, object)
		if err != nil {
			return fmt.Errorf("profile %s: %w", object, err)
		}
		sizes[object] = total
		for _, n := range counts {
			if n.values == 0 {
				continue
			}
			d, err := decide(ctx, tx, s, n)
			if err != nil {
				return fmt.Errorf("profile %s.%s: %w", object, n.field, err)
			}
			if err := in.Add(object, n.field, n.kind, n.values, orNull(d.order), orNull(d.mark), orNull(d.zone), d.evidence); err != nil {
				return err
			}
		}
	}
	return in.Close()
}

// profiled are the objects of columns, each once, in their order.
func profiled() []string {
	var objects []string
	for _, c := range columns {
		if !slices.Contains(objects, c.object) {
			objects = append(objects, c.object)
		}
	}
	return objects
}

type columnCount struct {
	column
	values, open int64
}

// size is how many rows an object has, and how many of them have an id.
type size struct{ rows, withID int64 }

// countColumns counts values, and those among them that leave something open,
// and in the same pass the rows.
func countColumns(ctx context.Context, tx *sql.Tx, object string) (counts []columnCount, total size, err error) {
	parts := []string{"count(*)", "count(np_id(source_id))"}
	into := []any{&total.rows, &total.withID}
	for _, c := range columns {
		if c.object == object {
			counts = append(counts, columnCount{column: c})
			parts = append(parts, fmt.Sprintf("count(nullif(%s, '')), count(CASE WHEN %s THEN 1 END)", warehouse.Quote(c.field), c.undecided()))
		}
	}
	for i := range counts {
		into = append(into, &counts[i].values, &counts[i].open)
	}
	query := "SELECT " + strings.Join(parts, ", ") + " FROM " + warehouse.Quote("stg_"+object)
	return counts, total, tx.QueryRowContext(ctx, query).Scan(into...)
}

// decision is how a column is read, and why.
type decision struct{ order, mark, zone, evidence string }

// decide reads a column again only when some of its values leave something open.
func decide(ctx context.Context, tx *sql.Tx, s site, n columnCount) (decision, error) {
	if n.open == 0 {
		d := decision{evidence: "no value leaves it open"}
		if n.kind == "money" {
			d.mark = "."
		}
		if n.kind == "stamp" {
			d.zone = s.timezone
		}
		return d, nil
	}
	query := "SELECT " + warehouse.Quote(n.field) + " FROM " + warehouse.Quote("stg_"+n.object) + " WHERE " + n.undecided()
	var queryErr error
	values := eachText(ctx, tx, query, &queryErr)
	var d decision
	if n.kind == "money" {
		d = s.markDecision(normal.DecimalMark(values))
	} else {
		d = s.orderDecision(normal.DateOrder(values))
		d.zone = s.timezone
	}
	return d, queryErr
}

// orderDecision settles the order of day and month: a person's word, then what
// the values prove, then what the site says. A value that proves its own order
// is read by that in any case.
func (s site) orderDecision(e normal.OrderEvidence) decision {
	d := decision{order: s.dateOrder}
	switch {
	case s.orderDecided:
		d.evidence = "decided by a person"
	case e.Order != "":
		d.order, d.evidence = e.Order, fmt.Sprintf("proved by %d values, first %q", e.DMY+e.MDY, e.DMYExample+e.MDYExample)
	case s.dateOrder != "" && e.DMY+e.MDY > 0:
		d.evidence = fmt.Sprintf("values prove both orders (%q and %q); the site says %s", e.DMYExample, e.MDYExample, s.dateOrder)
	case s.dateOrder != "":
		d.evidence = "no value proves it; the site says " + s.dateOrder
	case e.Ambiguous == 0:
		d.evidence = "no value leaves it open"
	default:
		d.evidence = fmt.Sprintf("not known: %d values cannot be told", e.Ambiguous)
	}
	return d
}

// markDecision settles the decimal mark in the same way.
func (s site) markDecision(e normal.MarkEvidence) decision {
	d := decision{mark: s.decimalMark}
	switch {
	case s.markDecided:
		d.evidence = "decided by a person"
	case s.decimalMark != "" && e.Point+e.Comma > 0 && e.Mark == 0:
		d.evidence = fmt.Sprintf("values prove both marks (%q and %q); the site says %q", e.PointExample, e.CommaExample, s.decimalMark)
	case s.decimalMark != "":
		d.evidence = fmt.Sprintf("the site says %q", s.decimalMark)
	case e.Mark != 0:
		d.mark, d.evidence = string(e.Mark), fmt.Sprintf("proved by %d values, first %q", e.Point+e.Comma, e.PointExample+e.CommaExample)
	case e.Ambiguous == 0:
		d.evidence = "no value leaves it open"
	default:
		d.evidence = fmt.Sprintf("not known: %d values cannot be told", e.Ambiguous)
	}
	return d
}

// eachText yields the first column of a query; an error ends it and lands in err.
func eachText(ctx context.Context, tx *sql.Tx, query string, err *error) iter.Seq[string] {
	return func(yield func(string) bool) {
		rows, e := tx.QueryContext(ctx, query)
		if e != nil {
			*err = e
			return
		}
		defer rows.Close()
		for rows.Next() {
			var s string
			if e := rows.Scan(&s); e != nil {
				*err = e
				return
			}
			if !yield(s) {
				return
			}
		}
		*err = rows.Err()
	}
}
