package cutover

import (
	"database/sql"
	"errors"
	"fmt"
	"hash"
	"slices"
	"strings"

	"nextpipe/stages/internal/nextcrm"
	"nextpipe/stages/internal/normal"
	"nextpipe/stages/internal/warehouse"
)

// Kinds of rows that a proof lists.
const (
	isNew     = "new"
	isChanged = "changed"
	isGone    = "gone"
	isLate    = "stamped after the freeze"
	// hasSignedIn is a user's row that only says so: looking is no writing.
	hasSignedIn = "signed in"
)

// mostListed bounds the list; the counts are of all rows.
const mostListed = 10_000

// ownAge is the row of an export that says when it was made: it is another one
// each time.
const ownAge = "exported_at"

// except leaves that row out.
func except(object string) string {
	if object == "setting" {
		return " WHERE key <> '" + ownAge + "'"
	}
	return ""
}

// readAge finds out when an export was made: by its own word, or else when its
// files were written.
func (p *proof) readAge() error {
	var said string
	err := p.tx.QueryRowContext(p.ctx, "SELECT coalesce(value, '') FROM other.stg_setting WHERE key = ?", ownAge).Scan(&said)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if p.reading.Written.IsZero() {
		return nil
	}
	if p.madeAt, _ = normal.Stamp(said, p.zone, ""); p.madeAt == "" {
		p.madeAt = warehouse.Stamp(p.reading.Written)
	}
	return nil
}

// seal adds the rows of an object, in an order that does not depend on how they
// were read.
func (p *proof) seal(o nextcrm.Object, sum hash.Hash) error {
	rows, err := p.tx.QueryContext(p.ctx, "SELECT row_hash FROM other."+warehouse.Quote("stg_"+o.Name)+except(o.Name)+" ORDER BY row_hash")
	if err != nil {
		return err
	}
	defer rows.Close()
	sum.Write([]byte(o.Name + "\x00"))
	var row sql.RawBytes
	for rows.Next() {
		if err := rows.Scan(&row); err != nil {
			return err
		}
		p.rows++
		sum.Write(row)
	}
	return rows.Err()
}

// differences finds rows by their hash, as multisets: files may be in another
// order or have other names, and a record may stand twice.
const differences = `
WITH moved AS (
	SELECT source_id, row_hash, max(source_table) AS source_table, sum(n) AS n FROM (
		SELECT source_id, row_hash, source_table, 1 AS n FROM other.%[1]s%[2]s
		UNION ALL SELECT source_id, row_hash, source_table, -1 FROM main.%[1]s%[2]s)
	GROUP BY source_id, row_hash HAVING sum(n) <> 0)
SELECT max(source_table), source_id, iif(max(n) > 0, iif(min(n) < 0, '` + isChanged + `', '` + isNew + `'), '` + isGone + `')
FROM moved GROUP BY source_id, iif(source_id IS NULL, row_hash, '') ORDER BY source_id`

func (p *proof) compare(o nextcrm.Object) error {
	rows, err := p.tx.QueryContext(p.ctx, fmt.Sprintf(differences, warehouse.Quote("stg_"+o.Name), except(o.Name)))
	if err != nil {
		return err
	}
	defer rows.Close()
	var found []row
	for rows.Next() {
		r := row{object: o.Name}
		if err := rows.Scan(&r.table, &r.id, &r.kind); err != nil {
			return err
		}
		found = append(found, r)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	for _, r := range found {
		if err := p.judge(o, r); err != nil {
			return err
		}
	}
	return nil
}

// row is one that a proof lists.
type row struct {
	object, table, kind, fields, stamp string
	id                                 sql.NullString
}

// judge counts a row that differs, and names the columns that do.
func (p *proof) judge(o nextcrm.Object, r row) error {
	if r.kind == isChanged && r.id.Valid && p.listed < mostListed {
		if err := p.nameFields(o, &r); err != nil {
			return err
		}
	}
	if o.Name == "user" && slices.Contains([]string{"last_login_at", "last_login_at, updated_at"}, r.fields) {
		r.kind = hasSignedIn
		p.signedIn++
	} else {
		p.differing++
	}
	return p.list(r)
}

func (p *proof) nameFields(o nextcrm.Object, r *row) error {
	var b strings.Builder
	for _, c := range append(slices.Sorted(slices.Values(o.Columns)), "extra") {
		fmt.Fprintf(&b, "iif(n.%[1]s IS NOT w.%[1]s, ', %[2]s', '') || ", warehouse.Quote(c), c)
	}
	err := p.tx.QueryRowContext(p.ctx, fmt.Sprintf("SELECT ltrim(%s'', ', ') FROM other.%[2]s AS n JOIN main.%[2]s AS w ON w.source_id = n.source_id WHERE n.source_id = ? LIMIT 1",
		b.String(), warehouse.Quote("stg_"+o.Name)), r.id).Scan(&r.fields)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	return err
}

func (p *proof) list(r row) error {
	if p.listed++; p.listed > mostListed {
		return nil
	}
	_, err := p.tx.ExecContext(p.ctx, "INSERT INTO main.cutover_row VALUES (?, ?, ?, ?, ?, ?, nullif(?, ''), nullif(?, ''))",
		p.reading.TargetID, p.listed, r.object, r.table, r.id, r.kind, r.fields, r.stamp)
	return err
}

// stamped are the columns in which NextCRM notes by itself when it wrote a row.
var stamped = []string{"created_at", "created_at_2", "updated_at", "updated_at_2", "deleted_at", "last_edited_at"}

// lookAtStamps reads every stamp of an object. One that cannot be read proves
// nothing either way and is not counted; clean lists it.
func (p *proof) lookAtStamps(o nextcrm.Object) error {
	var columns []string
	for _, c := range stamped {
		if slices.Contains(o.Columns, c) {
			columns = append(columns, c)
		}
	}
	if len(columns) == 0 {
		return nil
	}
	late, err := p.lateRows(o, columns)
	if err != nil {
		return err
	}
	p.late += int64(len(late))
	for _, r := range late {
		if err := p.list(r); err != nil {
			return err
		}
	}
	return nil
}

func (p *proof) lateRows(o nextcrm.Object, columns []string) (late []row, err error) {
	rows, err := p.tx.QueryContext(p.ctx, "SELECT source_table, source_id, coalesce("+strings.Join(columns, ", ''), coalesce(")+", '') FROM other."+warehouse.Quote("stg_"+o.Name))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	cells := make([]string, len(columns))
	r := row{object: o.Name, kind: isLate}
	into := []any{&r.table, &r.id}
	for i := range cells {
		into = append(into, &cells[i])
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		if r.stamp = p.latest(cells); p.frozenAt != "" && r.stamp > toSecond(p.frozenAt) {
			late = append(late, r)
		}
	}
	return late, rows.Err()
}

// toSecond writes a time as stamps are: to the second.
func toSecond(at string) string { return at[:len("2006-01-02T15:04:05")] + "Z" }

// latest is the newest of a row's stamps, to the second; "" without any.
func (p *proof) latest(cells []string) (newest string) {
	for _, cell := range cells {
		if cell == "" {
			continue
		}
		if at, _ := normal.Stamp(cell, p.zone, p.dateOrder); at != "" {
			p.stamps++
			newest = max(newest, at)
		}
	}
	p.newest = max(p.newest, newest)
	return newest
}
