package nextcrm

import (
	"bytes"
	"fmt"
	"unicode/utf8"
)

// rowDecoder turns the lines of COPY's text format into Rows. It copies as
// little as it can: values are slices of the line, unescaped in place; only what
// changes its length goes to scratch.
type rowDecoder struct {
	plan    *tablePlan
	row     Row
	yield   func(*Row) error
	rows    int64
	scratch []byte
	extra   []byte
}

var (
	copyNull  = []byte(`\N`)
	trueText  = []byte("true")
	falseText = []byte("false")
)

func newRowDecoder(p *tablePlan, yield func(*Row) error) *rowDecoder {
	return &rowDecoder{plan: p, yield: yield, row: Row{Table: p.table, Values: make([][]byte, len(p.object.Columns))}}
}

// Write takes one message of COPY TO STDOUT, which the protocol says is always
// one row, and yields it.
func (d *rowDecoder) Write(line []byte) (int, error) {
	if err := d.decode(line); err != nil {
		return 0, err
	}
	d.rows++
	return len(line), d.yield(&d.row)
}

func (d *rowDecoder) decode(line []byte) error {
	body, ok := bytes.CutSuffix(line, []byte("\n"))
	if !ok {
		return fmt.Errorf("row %d does not end in a newline", d.rows+1)
	}
	d.scratch, d.extra = d.scratch[:0], append(d.extra[:0], '{')
	d.row.ID = nil
	for i := range d.plan.targets {
		end := bytes.IndexByte(body, '\t')
		if isLast := i == len(d.plan.targets)-1; isLast == (end >= 0) {
			return fmt.Errorf("row %d does not have %d columns", d.rows+1, len(d.plan.targets))
		}
		if end < 0 {
			end = len(body)
		}
		d.put(&d.plan.targets[i], body[:end])
		body = body[min(end+1, len(body)):]
	}
	d.row.Extra = nil
	if len(d.extra) > 1 {
		d.extra[len(d.extra)-1] = '}' // in place of the last comma
		d.row.Extra = d.extra
	}
	return nil
}

func (d *rowDecoder) put(t *copyTarget, field []byte) {
	if bytes.Equal(field, copyNull) {
		if t.slot >= 0 {
			d.row.Values[t.slot] = nil
		}
		return // an extra that is NULL is simply not there
	}
	value := d.render(t.render, unescapeCopy(field))
	switch t.slot {
	case slotID:
		d.row.ID = value
	case slotExtra:
		d.extra = append(d.extra, t.key...)
		d.extra = append(appendExtra(d.extra, t.render, value), ',')
	default:
		d.row.Values[t.slot] = value
	}
}

func (d *rowDecoder) render(r rendering, value []byte) []byte {
	switch r {
	case asBool:
		if len(value) == 1 && value[0] == 't' {
			return trueText
		}
		return falseText
	case asStamp:
		start := len(d.scratch)
		d.scratch = appendStamp(d.scratch, value)
		return d.scratch[start:len(d.scratch):len(d.scratch)]
	}
	return value
}

// unescapeCopy undoes COPY's backslashes in place and returns the shorter slice.
func unescapeCopy(field []byte) []byte {
	at := bytes.IndexByte(field, '\\')
	if at < 0 {
		return field
	}
	out := at
	for i := at; i < len(field); i++ {
		c := field[i]
		if c == '\\' && i+1 < len(field) {
			i++
			c = unescaped(field[i])
		}
		field[out] = c
		out++
	}
	return field[:out]
}

func unescaped(c byte) byte {
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	case 'v':
		return '\v'
	}
	return c // the backslash itself
}

// appendStamp appends "2026-01-31 10:00:00.25", with or without the "+00" of a
// zoned one, as 2026-01-31T10:00:00.250Z. What has another form (infinity, BC, a
// year over 9999) is appended as PostgreSQL writes it.
func appendStamp(dst, s []byte) []byte {
	clock := bytes.TrimSuffix(s, []byte("+00"))
	if !isClock(clock) {
		return append(dst, s...)
	}
	dst = append(dst, clock...)
	dst[len(dst)-len(clock)+10] = 'T'
	if fraction := len(clock) - 20; fraction > 0 {
		dst = append(dst, "000"[min(fraction, 3):]...) // PostgreSQL drops trailing zeros
	}
	return append(dst, 'Z')
}

// isClock tells whether s is 2026-01-31 10:00:00 with an optional fraction.
func isClock(s []byte) bool {
	const shape = "0000-00-00 00:00:00.000000"
	if len(s) < 19 || len(s) == 20 || len(s) > len(shape) {
		return false
	}
	for i, c := range s {
		if isDigit := c >= '0' && c <= '9'; isDigit != (shape[i] == '0') || !isDigit && c != shape[i] {
			return false
		}
	}
	return true
}

// appendExtra appends a value of an extra in its JSON form.
func appendExtra(dst []byte, r rendering, value []byte) []byte {
	switch {
	case r == asJSON, r == asBool, r == asNumber && isJSONNumber(value):
		return append(dst, value...)
	}
	return appendJSONString(dst, value)
}

// isJSONNumber tells a number from NaN, Infinity and what money types print.
func isJSONNumber(s []byte) bool {
	digits := bytes.TrimPrefix(s, []byte("-"))
	if len(digits) == 0 || digits[0] < '0' || digits[0] > '9' {
		return false
	}
	for _, c := range digits {
		if (c < '0' || c > '9') && bytes.IndexByte([]byte(".eE+-"), c) < 0 {
			return false
		}
	}
	return true
}

// appendJSONString appends text as a JSON string. Only what JSON demands is
// escaped; bytes that are no UTF-8 (a database without an encoding) become U+FFFD.
func appendJSONString(dst, text []byte) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for len(text) > 0 {
		c := text[0]
		size := 1
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c == '\n':
			dst = append(dst, `\n`...)
		case c < 0x20:
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		case c < utf8.RuneSelf:
			dst = append(dst, c)
		default:
			var r rune
			r, size = utf8.DecodeRune(text)
			dst = utf8.AppendRune(dst, r)
		}
		text = text[size:]
	}
	return append(dst, '"')
}
