package nextcrm

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// encoding/csv folds CRLF inside cells, refuses the quotes that PHP and
// MailPoet write and reads a CR-only file as one record. Exports have all of
// these, so the reader owns a small tokenizer. It hands out slices of its
// buffer and holds one record at a time, whatever the size of the file.

// quoteStyle says how a writer protected a quote inside a quoted cell.
type quoteStyle int

const (
	// doubledQuotes is RFC 4180: "" stands for one quote.
	doubledQuotes quoteStyle = iota
	// phpQuotes is PHP's fputcsv: "" as above, but a quote that follows a
	// backslash stands alone, and the backslash belongs to the value.
	phpQuotes
	// backslashQuotes is MailPoet's writer: \" stands for one quote.
	backslashQuotes
)

func (q quoteStyle) String() string {
	return [...]string{"doubled quotes", "PHP quotes", "backslash quotes"}[q]
}

// dialect is what a reader must know to cut a file into cells.
type dialect struct {
	delimiter byte
	quotes    quoteStyle
}

const (
	readSize = 256 << 10
	// A record beyond this size is a quote that was never closed.
	maxRecord = 64 << 20
	// Cells ending in a backslash that are weighed both ways in one record.
	maxDoubts = 4
)

var (
	errUnclosedQuote = errors.New("a quote is opened and never closed: the file is cut off or damaged")
	errHugeRecord    = fmt.Errorf("a record is larger than %d MiB: a quote is opened and never closed", maxRecord>>20)
)

// tokenizer cuts a UTF-8 stream into records. Line ends may be LF, CRLF, CR or
// a mixture; inside a quoted cell every byte is kept.
type tokenizer struct {
	dialect
	// width is the expected number of cells, 0 when unknown. It only helps to
	// decide what a backslash before a closing quote means.
	width int

	src        io.Reader
	buf        []byte
	start, end int
	eof        bool
	class      [256]byte
	cells      [][]byte
	escaped    []int

	// What was met so far; dialect detection compares these.
	stats struct{ cells, quoted, irregular, doubled, backslashed, doubts int }
	// open is true when the last record ended with the file, not a line end.
	open bool
}

// Classes of bytes that end the run of plain bytes in an unquoted cell.
const (
	classDelimiter = iota + 1
	classLineEnd
	classQuote
)

func newTokenizer(src io.Reader, d dialect) *tokenizer {
	t := &tokenizer{dialect: d, src: src}
	t.class['\n'], t.class['\r'] = classLineEnd, classLineEnd
	t.class['"'] = classQuote
	t.class[d.delimiter] = classDelimiter
	return t
}

// next returns the cells of the next record, valid until the following call.
// It returns io.EOF after the last one.
func (t *tokenizer) next() ([][]byte, error) {
	s, err := t.attempt(trial{stopAtDoubt: true})
	if err == nil && s.doubts > 0 {
		t.stats.doubts++
		s, err = t.resolve()
	}
	if err != nil {
		return nil, err
	}
	if s.unclosed {
		return nil, errUnclosedQuote
	}
	for _, i := range t.escaped {
		t.cells[i] = unescapeCell(t.cells[i], t.quotes)
	}
	t.stats.cells += len(t.cells)
	t.stats.quoted += s.quoted
	t.stats.irregular += s.irregular
	t.stats.doubled += s.doubled
	t.stats.backslashed += s.backslashed
	t.start, t.open = s.next, s.open
	return t.cells, nil
}

// trial is one way to read a record that holds doubtful quotes.
type trial struct {
	stopAtDoubt bool
	strict      bool // give up at the first quote no writer of this style leaves
	closing     uint // bit i: the i-th doubtful quote closes its cell
}

// scan is the outcome of reading one record.
type scan struct {
	next                                            int
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

func (t *tokenizer) fits() bool { return t.width == 0 || len(t.cells) == t.width }

// attempt reads the record at t.start, loading more bytes as often as needed.
// Nothing in the buffer is changed, so a record can be read again.
func (t *tokenizer) attempt(how trial) (scan, error) {
	for {
		if t.start == t.end && t.eof {
			return scan{}, io.EOF
		}
		s, complete := t.scan(how)
		if complete {
			return s, nil
		}
		if err := t.fill(); err != nil {
			return s, err
		}
	}
}

// fill moves the unread bytes to the front and loads the rest of the buffer,
// which grows when one record already fills it.
func (t *tokenizer) fill() error {
	if t.start > 0 {
		copy(t.buf, t.buf[t.start:t.end])
		t.start, t.end = 0, t.end-t.start
	} else if t.end == len(t.buf) {
		if len(t.buf) >= maxRecord {
			return errHugeRecord
		}
		t.buf = append(t.buf, make([]byte, t.growth())...)
	}
	n, err := io.ReadFull(t.src, t.buf[t.end:])
	t.end += n
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		t.eof = true
		return nil
	}
	return err
}

func (t *tokenizer) growth() int {
	if len(t.buf) == 0 {
		return readSize
	}
	return len(t.buf)
}

// scan finds the cells of one record. It reports false when the buffer ends
// before the record does.
func (t *tokenizer) scan(how trial) (s scan, complete bool) {
	t.cells, t.escaped = t.cells[:0], t.escaped[:0]
	for pos := t.start; ; pos++ {
		var ok bool
		if pos, ok = t.scanCell(pos, how, &s); !ok {
			return s, false
		}
		if s.gaveUp = how.stopAtDoubt && s.doubts > 0 || how.strict && s.irregular > 0; s.gaveUp {
			return s, true
		}
		if pos == t.end {
			s.next, s.open = pos, true
			return s, t.eof
		}
		if t.buf[pos] != t.delimiter {
			s.next, ok = t.lineEnd(pos)
			return s, ok
		}
	}
}

func (t *tokenizer) scanCell(pos int, how trial, s *scan) (next int, ok bool) {
	if pos < t.end && t.buf[pos] == '"' {
		return t.scanQuoted(pos, how, s)
	}
	return t.scanPlain(pos, s)
}

// lineEnd steps over LF, CRLF or CR. A CR at the end of the buffer needs the
// byte after it.
func (t *tokenizer) lineEnd(pos int) (next int, ok bool) {
	if t.buf[pos] == '\n' {
		return pos + 1, true
	}
	if pos+1 == t.end {
		return pos + 1, t.eof
	}
	if t.buf[pos+1] == '\n' {
		return pos + 2, true
	}
	return pos + 1, true
}

// scanPlain reads a cell that does not open with a quote.
func (t *tokenizer) scanPlain(pos int, s *scan) (next int, ok bool) {
	b, from := t.buf[:t.end], pos
	for pos < len(b) {
		switch t.class[b[pos]] {
		case classDelimiter, classLineEnd:
			t.cells = append(t.cells, b[from:pos:pos])
			return pos, true
		case classQuote:
			s.irregular++
		}
		pos++
	}
	t.cells = append(t.cells, b[from:pos:pos])
	return pos, t.eof
}

// scanQuoted reads a cell that opens with a quote. Only a quote before a
// delimiter, a line end or the end of the file closes it.
func (t *tokenizer) scanQuoted(pos int, how trial, s *scan) (next int, ok bool) {
	s.quoted++
	b, from, escaped := t.buf[:t.end], pos+1, false
	for p := from; ; {
		i := bytes.IndexByte(b[p:], '"')
		if i < 0 || p+i+1 == len(b) && !t.eof {
			s.unclosed = i < 0
			return len(b), t.eof
		}
		q := p + i
		closes, step := t.judge(b, from, q, how, s)
		if closes {
			t.addQuoted(b[from:q:q], escaped)
			return q + 1, true
		}
		if s.gaveUp {
			return q, true
		}
		escaped = true
		p = q + step
	}
}

func (t *tokenizer) addQuoted(cell []byte, escaped bool) {
	if escaped {
		t.escaped = append(t.escaped, len(t.cells))
	}
	t.cells = append(t.cells, cell)
}

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

// remaining says how many bytes are left, up to limit; limit when there are
// more.
func (t *tokenizer) remaining(limit int) (int, error) {
	for t.end-t.start < limit && !t.eof {
		if err := t.fill(); err != nil {
			return 0, err
		}
	}
	return min(t.end-t.start, limit), nil
}
