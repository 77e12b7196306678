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
	stats struct{ cells, quoted, irregular, doubled, backslashed, doubts, strays int }
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
	s, err := t.record()
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
		if s.gaveUp = s.gaveUp || how.strict && s.irregular > 0; s.gaveUp {
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
	b, from, escaped, strays := t.buf[:t.end], pos+1, false, s.irregular
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
		if how.plainStrays && s.irregular > strays {
			return t.scanUnquoted(pos, s)
		}
		escaped = true
		p = q + step
	}
}

// scanUnquoted reads a cell whose first byte is a quote as plain text.
func (t *tokenizer) scanUnquoted(pos int, s *scan) (next int, ok bool) {
	s.plain++
	next, ok = t.scanPlain(pos, s)
	s.gaveUp = bytes.Count(t.buf[pos:next], []byte{'"'})%2 == 1
	return next, ok
}

func (t *tokenizer) addQuoted(cell []byte, escaped bool) {
	if escaped {
		t.escaped = append(t.escaped, len(t.cells))
	}
	t.cells = append(t.cells, cell)
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
