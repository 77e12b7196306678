package nextcrm

import (
	"bytes"
	"errors"
	"slices"
)

// This file decides what a quote in a cell is. Writers disagree, so a record
// whose quotes leave doubts is read more than once and the readings compared.

// record reads one record, again where its quotes leave doubts.
func (t *tokenizer) record() (scan, error) {
	s, err := t.attempt(trial{stopAtDoubt: true})
	if err == nil && s.doubts > 0 {
		t.stats.doubts++
		return t.resolve()
	}
	swallows := err == nil && s.irregular > 0 && (s.unclosed || !t.fits() || t.spansLines())
	if swallows || errors.Is(err, errHugeRecord) {
		return t.reread()
	}
	return s, err
}

// trial is one way to read a record that holds doubtful quotes.
type trial struct {
	stopAtDoubt bool
	strict      bool // give up at the first quote no writer of this style leaves
	plainStrays bool // a cell with such a quote was never quoted at all
	closing     uint // bit i: the i-th doubtful quote closes its cell
}

// scan is the outcome of reading one record.
type scan struct {
	next                                            int
	plain                                           int // cells read again as plain text
	quoted, irregular, doubled, backslashed, doubts int
	open, unclosed, gaveUp                          bool
}

// resolve weighs the readings of a record in which a quote stands between a
// backslash and a delimiter: it may end a cell that ends in a backslash, or be
// part of the text. The reading with the right width and no stray quote wins;
// the next opening quote is a stray one when the first guess was wrong.
func (t *tokenizer) resolve() (scan, error) {
	for mask := uint(0); mask < 1<<maxDoubts; mask++ {
		s, err := t.attempt(trial{strict: true, closing: mask})
		if err != nil && !errors.Is(err, errHugeRecord) {
			return s, err
		}
		if err == nil && !s.gaveUp && !s.unclosed && t.fits() {
			return s, nil
		}
	}
	return t.leastBad()
}

// leastBad is for records that have stray quotes in any reading: all doubtful
// quotes close their cells, or all are text.
func (t *tokenizer) leastBad() (scan, error) {
	closed, err := t.attempt(trial{closing: ^uint(0)})
	if err == nil && t.fits() {
		return closed, nil
	}
	text, err := t.attempt(trial{})
	if err == nil && !text.unclosed {
		return text, nil
	}
	return t.attempt(trial{closing: ^uint(0)})
}

// reread is for a writer that quotes nothing: in «"Bob" Smith,x» the first quote
// is text, and taken as an opening one it swallows the records that follow. The
// second reading counts only if it has the right width, and if the quotes in
// such cells come in pairs: a writer that quotes but doubles nothing leaves an
// odd number before a line end.
func (t *tokenizer) reread() (scan, error) {
	s, err := t.attempt(trial{plainStrays: true})
	if err == nil && s.plain > 0 && !s.unclosed && !s.gaveUp && t.width > 0 && t.fits() {
		t.stats.strays++
		return s, nil
	}
	return t.attempt(trial{})
}

func (t *tokenizer) spansLines() bool {
	return slices.ContainsFunc(t.cells, func(c []byte) bool { return bytes.ContainsAny(c, "\r\n") })
}

func (t *tokenizer) fits() bool { return t.width == 0 || len(t.cells) == t.width }

// judge decides what the quote at b[q] is: the end of its cell, or text that
// takes one or two bytes.
func (t *tokenizer) judge(b []byte, from, q int, how trial, s *scan) (closes bool, step int) {
	ends := q+1 == len(b) || t.class[b[q+1]] == classDelimiter || t.class[b[q+1]] == classLineEnd
	if t.quotes != doubledQuotes && q > from && b[q-1] == '\\' {
		s.backslashed++
		if ends {
			return t.judgeDoubt(how, s), 1
		}
		return false, 1
	}
	if ends {
		return true, 1
	}
	if b[q+1] == '"' && t.quotes != backslashQuotes {
		s.doubled++
		return false, 2
	}
	s.irregular++
	s.gaveUp = how.strict
	return false, 1
}

func (t *tokenizer) judgeDoubt(how trial, s *scan) (closes bool) {
	closes = how.closing>>uint(min(s.doubts, 63))&1 == 1
	s.doubts++
	s.gaveUp = how.stopAtDoubt
	return closes
}

// unescapeCell turns the raw text of a quoted cell into its value, in place.
func unescapeCell(raw []byte, style quoteStyle) []byte {
	out, from := raw[:0], 0
	for from < len(raw) {
		i := bytes.IndexByte(raw[from:], '"')
		if i < 0 {
			break
		}
		q := from + i
		switch {
		case style != doubledQuotes && q > 0 && raw[q-1] == '\\':
			// PHP left this quote alone; MailPoet put the backslash there.
			if style == backslashQuotes && i > 0 {
				out = append(out, raw[from:q-1]...)
				from = q
			}
			out = append(out, raw[from:q+1]...)
			from = q + 1
		case style != backslashQuotes && bytes.HasPrefix(raw[q+1:], []byte{'"'}):
			out = append(out, raw[from:q+1]...)
			from = q + 2
		default:
			out = append(out, raw[from:q+1]...)
			from = q + 1
		}
	}
	return append(out, raw[from:]...)
}
