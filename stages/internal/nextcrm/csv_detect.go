package nextcrm

import (
	"bytes"
	"errors"
	"io"
	"strings"
)

// A sample this large decides delimiter and heading. What it cannot promise is
// checked in the full pass: widths by the reader, quotes by fullCheck.
const (
	sampleSize    = 256 << 10
	headerRecords = 20 // the heading stands among the first records
)

// shape is what detection finds out about a delimited file.
type shape struct {
	dialect
	headings []string
	// skip counts the records before the heading: a sep= line, a preamble.
	skip int
	// preamble counts those of them that are text, not a sep= line.
	preamble int
	// even is the share of sampled records that have the heading's width.
	even    float64
	known   int
	samples int
}

var delimiters = []byte{',', ';', '\t', '|'}

// detect finds the dialect and the heading from the start of a file. Candidates
// are compared after real parsing: counting delimiters in one line is misled
// by cells that hold them. whole is false when the sample ends before the file.
func (h headings) detect(sample []byte, whole bool) shape {
	candidates := delimiters
	if d, ok := sepLine(sample); ok {
		candidates = []byte{d}
	}
	var best shape
	for i, d := range candidates {
		s := h.shapeOf(sample, whole, dialect{d, pickQuotes(sample, whole, d)})
		if i == 0 || s.better(best) {
			best = s
		}
	}
	return best
}

// better prefers known headings, then several columns that are mostly even,
// then even records, then more columns.
func (s shape) better(other shape) bool {
	if s.known != other.known {
		return s.known > other.known
	}
	if single, otherSingle := len(s.headings) == 1, len(other.headings) == 1; single != otherSingle {
		wide := s
		if single {
			wide = other
		}
		return single == (wide.even <= 0.5)
	}
	if s.even != other.even {
		return s.even > other.even
	}
	return len(s.headings) > len(other.headings)
}

// sepLine reads the first line that spreadsheets use to name the delimiter.
func sepLine(sample []byte) (delimiter byte, ok bool) {
	line := sample
	if i := bytes.IndexAny(sample, "\r\n"); i >= 0 {
		line = sample[:i]
	}
	line = bytes.Trim(line, "\"")
	if len(line) == len("sep=;") && bytes.EqualFold(line[:4], []byte("sep=")) {
		return line[4], true
	}
	return 0, false
}

// shapeOf parses the sample in one dialect and looks for its heading.
func (h headings) shapeOf(sample []byte, whole bool, d dialect) shape {
	records := sampleRecords(sample, whole, d)
	s := shape{dialect: d, samples: len(records)}
	_, sep := sepLine(sample)
	at := h.headerAt(records, sep)
	if at < 0 {
		return s
	}
	s.headings, s.skip, s.preamble = records[at], at, at
	if sep {
		s.preamble = max(at-1, 0)
	}
	s.known = h.countKnown(s.headings)
	even := 0
	for _, r := range records[at:] {
		if len(r) == len(s.headings) {
			even++
		}
	}
	s.even = float64(even) / float64(len(records)-at)
	return s
}

// headerAt picks the first record that holds a known heading and is as wide as
// most records, or holds at least half as many known headings as any other;
// without known headings, the first of the usual width. It does not look for
// the most: cells such as "web" and "Email" are headings too, and if such a
// record were taken for the heading line, those before it would be lost.
func (h headings) headerAt(records [][]string, sep bool) int {
	first := records[:min(len(records), headerRecords)]
	width, most := usualWidth(records), 0
	for _, r := range first {
		most = max(most, h.countKnown(r))
	}
	for i, r := range first {
		if n := h.countKnown(r); n > 0 && (n*2 >= most || len(r) == width) {
			return i
		}
	}
	for i, r := range first {
		if len(r) == width && !(sep && i == 0) {
			return i
		}
	}
	return -1
}

func usualWidth(records [][]string) (width int) {
	count := map[int]int{}
	for _, r := range records {
		count[len(r)]++
	}
	for w, n := range count {
		if n > count[width] || n == count[width] && w > width {
			width = w
		}
	}
	return width
}

// sampleRecords cuts the sample into records that are not blank. The last one
// is left out when the sample cuts it.
func sampleRecords(sample []byte, whole bool, d dialect) (records [][]string) {
	t := newTokenizer(bytes.NewReader(sample), d)
	for {
		cells, err := t.next()
		if err != nil || t.open && !whole {
			return records
		}
		if isBlank(cells) {
			continue
		}
		record := make([]string, len(cells))
		for i, c := range cells {
			record[i] = string(c)
		}
		records = append(records, record)
	}
}

func isBlank(cells [][]byte) bool {
	for _, c := range cells {
		if len(bytes.TrimSpace(c)) > 0 {
			return false
		}
	}
	return true
}

// pickQuotes chooses the quote style of a sample or, through fullCheck, of a
// whole file.
func pickQuotes(sample []byte, whole bool, delimiter byte) quoteStyle {
	if !bytes.Contains(sample, []byte(`\"`)) {
		return doubledQuotes
	}
	style, _ := compareQuotes(delimiter, 0, func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(sample)), nil
	})
	return style
}

// compareQuotes reads a text in each style and keeps the one that leaves the
// fewest stray quotes and ragged records.
//
// PHP leaves a quote alone only where the data has a backslash before it, and
// doubles all others; MailPoet quotes every cell and writes every inner quote
// as \". So \" is an escape only in a file that has no doubled quote, and
// either quotes all cells or holds such pairs more than once.
func compareQuotes(delimiter byte, width int, open func() (io.ReadCloser, error)) (quoteStyle, error) {
	best, fewest := doubledQuotes, -1
	for _, style := range []quoteStyle{phpQuotes, backslashQuotes, doubledQuotes} {
		r, err := open()
		if err != nil {
			return best, err
		}
		n, err := faults(r, dialect{delimiter, style}, width)
		r.Close()
		if err != nil {
			return best, err
		}
		if n >= 0 && (fewest < 0 || n < fewest || n == fewest && style == backslashQuotes) {
			best, fewest = style, n
		}
	}
	return best, nil
}

// faults counts what does not fit a style; -1 rules the style out.
func faults(r io.Reader, d dialect, width int) (int, error) {
	t := newTokenizer(r, d)
	t.width = width
	ragged, err := countRagged(t)
	if err != nil {
		return 0, err
	}
	s := t.stats
	if d.quotes == backslashQuotes && (s.irregular > 0 || s.quoted < s.cells && s.backslashed < 2) {
		return -1, nil
	}
	return ragged + s.irregular, nil
}

// countRagged reads to the end; a quote that is never closed is one fault. The
// first record stands for the width when that is not known.
func countRagged(t *tokenizer) (n int, err error) {
	for {
		cells, err := t.next()
		switch {
		case err == io.EOF:
			return n, nil
		case errors.Is(err, errUnclosedQuote), errors.Is(err, errHugeRecord):
			return n + 1, nil
		case err != nil:
			return n, err
		case t.width == 0:
			t.width = len(cells)
		case len(cells) != t.width && !isBlank(cells):
			n++
		}
	}
}

// cleanHeading takes the byte order mark and stray quotes off a heading that
// was read in the middle of a file, where two exports were joined.
func cleanHeading(cell []byte) string {
	return strings.Trim(strings.TrimPrefix(string(cell), "\ufeff"), "\"")
}
