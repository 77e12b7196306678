package nextcrm

import (
	"context"
	"slices"
)

// rows gives every data record of the file as a Row whose values point into
// the tokenizer's buffer.
func (f *exportFile) rows(ctx context.Context, yield func(*Row) error) error {
	if f.isJSON() {
		return f.jsonRows(ctx, yield)
	}
	m := newRowMaker(f.name, f.layout)
	m.fix(f.fixed)
	return f.each(ctx, func(n int64, cells [][]byte) error {
		return yield(m.row(n, cells))
	})
}

// rowMaker fills one Row again and again.
type rowMaker struct {
	layout
	out   Row
	extra []byte
	keys  [][]byte // "key": in JSON, by cell
	// hasExtra spares the second loop for files without extra columns.
	hasExtra bool
}

func newRowMaker(table string, l layout) *rowMaker {
	m := &rowMaker{layout: l, keys: make([][]byte, len(l.keys))}
	m.out = Row{Table: table, Values: make([][]byte, len(l.object.Columns))}
	for i, t := range l.targets {
		if t == toExtra {
			m.keys[i] = append(appendJSONString(nil, []byte(l.keys[i])), ':')
			m.hasExtra = true
		}
	}
	return m
}

// fix fills columns that no cell fills with what the file's name says.
func (m *rowMaker) fix(values map[string]string) {
	for column, value := range values {
		if i := target(m.object, column); i >= 0 && !slices.Contains(m.targets, i) {
			m.out.Values[i] = []byte(value)
		}
	}
}

// row maps cells to columns. Cells that a short record lacks are nil, empty
// cells are not; cells beyond the headings go to Extra, never to a column.
func (m *rowMaker) row(n int64, cells [][]byte) *Row {
	m.out.Number, m.out.ID, m.out.Extra = n, nil, nil
	for i, target := range m.targets {
		var cell []byte
		if i < len(cells) {
			cell = cells[i]
		}
		if target >= 0 {
			m.out.Values[target] = cell
		} else if target == toID && len(cell) > 0 {
			m.out.ID = cell
		}
	}
	if m.hasExtra || len(cells) > len(m.targets) {
		m.out.Extra = m.extraJSON(cells)
	}
	return &m.out
}

// extraJSON writes the non-empty cells that have no column; nil when there is
// none.
func (m *rowMaker) extraJSON(cells [][]byte) []byte {
	b := append(m.extra[:0], '{')
	for i, key := range m.keys {
		if key == nil || i >= len(cells) || len(cells[i]) == 0 {
			continue
		}
		b = append(b, key...)
		b = append(appendJSONString(b, cells[i]), ',')
	}
	if len(cells) > len(m.targets) && !isBlank(cells[len(m.targets):]) {
		b = append(b, `"`+overflowKey+`":[`...)
		for _, c := range cells[len(m.targets):] {
			b = append(appendJSONString(b, c), ',')
		}
		b[len(b)-1] = ']'
		b = append(b, ',')
	}
	m.extra = b
	if len(b) == 1 {
		return nil
	}
	b[len(b)-1] = '}'
	return b
}
