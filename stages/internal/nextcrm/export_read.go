package nextcrm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
)

// pass is one full reading of a file.
type pass struct {
	file  *exportFile
	t     *tokenizer
	heads [][]byte
	// record counts data records from 1: blank lines, repeated headings, a
	// preamble and a footer are none.
	record  int64
	skipped int
	skewed  int64 // records that fit the headings so badly that the delimiter is in doubt
	tallies []tally
}

// tally counts one kind of finding and remembers where it was met first.
type tally struct {
	code  string
	count int64
	rows  []int64
}

const talliedRows = 10

func (p *pass) tally(code string, row int64) {
	i := slices.IndexFunc(p.tallies, func(t tally) bool { return t.code == code })
	if i < 0 {
		i = len(p.tallies)
		p.tallies = append(p.tallies, tally{code: code})
	}
	t := &p.tallies[i]
	t.count++
	if len(t.rows) < talliedRows {
		t.rows = append(t.rows, row)
	}
}

// findings words each tally; %d is the count, %s the records.
var findings = map[string]struct{ severity, message, hint string }{
	"padded_record":    {"warning", "%d records are shorter than the headings and are padded: records %s", "see whether cells are missing"},
	"overflow_record":  {"warning", "%d records are longer than the headings; the cells beyond are kept as extra: records %s", "see whether a delimiter stands in an unquoted cell"},
	"blank_record":     {"info", "%d blank lines are skipped, before records %s", ""},
	"repeated_heading": {"info", "%d repeated heading lines are skipped, before records %s", ""},
	"preamble":         {"warning", "%d lines before the headings are skipped%.0s", "see that no record is among them"},
	"footer":           {"warning", "%d lines of totals at the end are skipped%.0s", "a record that only looks so must be renamed in the export"},
	"stray_quote":      {"warning", "in %d records a quote that opens a cell is read as text, because the cell does not end with one: records %s", "compare these cells with the source"},
	"doubtful_quote":   {"warning", "in %d records a backslash stands before a quote that ends its cell: records %s", "compare these cells with the source"},
}

// each reads the file from end to end and gives every data record to fn. It
// ends with the item's row count and the notes of this pass.
func (f *exportFile) each(ctx context.Context, fn func(n int64, cells [][]byte) error) error {
	r, err := f.text()
	if err != nil {
		return fmt.Errorf("read %s: %w", f.name, err)
	}
	defer r.Close()
	p := &pass{file: f, t: newTokenizer(r, f.shape.dialect)}
	p.t.width = len(f.shape.headings)
	for _, h := range f.shape.headings {
		p.heads = append(p.heads, []byte(h))
	}
	for {
		if p.record%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		cells, err := p.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return p.wrap(err)
		}
		if cells == nil {
			continue
		}
		if err := fn(p.record, cells); err != nil {
			return err
		}
	}
	return p.finish()
}

// wrap says where reading stopped. Nothing that was read before may be kept.
func (p *pass) wrap(err error) error {
	return fmt.Errorf("read %s, record %d: %w; export the file again", p.file.name, p.record+1, err)
}

// next returns the next data record, or nil for a line that is none.
func (p *pass) next() ([][]byte, error) {
	before := p.t.stats
	cells, err := p.t.next()
	if err != nil {
		return nil, err
	}
	if isBlank(cells) {
		if p.skipped > p.file.shape.skip {
			p.tally("blank_record", p.record+1)
		}
		return nil, nil
	}
	if p.skipped <= p.file.shape.skip {
		p.skipHeading()
		return nil, nil
	}
	if p.isHeading(cells) {
		p.tally("repeated_heading", p.record+1)
		return nil, nil
	}
	if cells, err = p.dropFooter(cells); cells == nil || err != nil {
		return nil, err
	}
	if err := p.checkShape(cells); err != nil {
		return nil, err
	}
	p.record++
	p.noteQuotes(before.doubts, before.strays)
	return cells, nil
}

// noteQuotes reports a record whose quotes could be read in two ways.
func (p *pass) noteQuotes(doubts, strays int) {
	if p.t.stats.doubts > doubts {
		p.tally("doubtful_quote", p.record)
	}
	if p.t.stats.strays > strays {
		p.tally("stray_quote", p.record)
	}
}

func (p *pass) skipHeading() {
	p.skipped++
	if p.skipped <= p.file.shape.preamble {
		p.tally("preamble", int64(p.skipped))
	}
}

// isHeading compares a record with the headings. Where two exports were joined,
// the first heading may have a byte order mark, and quotes after it.
func (p *pass) isHeading(cells [][]byte) bool {
	if len(cells) != len(p.heads) || !slices.EqualFunc(cells[1:], p.heads[1:], bytes.Equal) {
		return false
	}
	return bytes.Equal(cells[0], p.heads[0]) || cleanHeading(cells[0]) == cleanHeading(p.heads[0])
}

// totals matches "Total: 200", "Gesamt 1.200 Kontakte", "Summe:" and "(200 rows)",
// but no name such as "Total Fitness".
var totals = regexp.MustCompile(`(?i)^((grand )?(totals?|sum|count|records|rows|summe|gesamt|insgesamt|anzahl|totale|suma)` +
	`( \p{L}+)?( ?[:=]| ?[:=]? ?\d[\d.,' ]*( \p{L}+)?)|\(?\d+ (records?|rows?)\)?)$`)

const (
	// footerReach is how near to the end of the file a line of totals must stand.
	footerReach = 512
	footerCells = 2
)

// dropFooter leaves out a line of totals: at most two of at least three cells
// are filled, and only a few bytes are left behind it.
func (p *pass) dropFooter(cells [][]byte) ([][]byte, error) {
	if len(p.heads) <= footerCells {
		return cells, nil
	}
	filled := make([][]byte, 0, footerCells)
	for _, c := range cells {
		if c = bytes.TrimSpace(c); len(c) == 0 {
			continue
		}
		if len(filled) == footerCells {
			return cells, nil
		}
		filled = append(filled, c)
	}
	if !totals.Match(bytes.Join(filled, []byte{' '})) {
		return cells, nil
	}
	kept := make([][]byte, len(cells)) // looking ahead moves the buffer
	for i, c := range cells {
		kept[i] = bytes.Clone(c)
	}
	left, err := p.t.remaining(footerReach)
	if err != nil || left == footerReach {
		return kept, err
	}
	p.tally("footer", p.record+1)
	return nil, nil
}

// checkShape pads nothing itself: it counts ragged records and stops at what
// cannot be an export record.
func (p *pass) checkShape(cells [][]byte) error {
	short, long := len(cells) < len(p.heads), len(cells) > len(p.heads)
	if (short || long || bytes.HasPrefix(cells[0], []byte{'<'})) && isServerError(bytes.TrimSpace(cells[0])) {
		return errors.New("an error message of the site stands in the file: the export broke off here")
	}
	if short {
		if p.t.open {
			return fmt.Errorf("the last record has %d of %d cells and no line end: the file is cut off "+
				"(if the record is complete, end it with a line break)", len(cells), len(p.heads))
		}
		p.tally("padded_record", p.record+1)
	}
	if long {
		p.tally("overflow_record", p.record+1)
	}
	return p.checkDelimiter(cells, long)
}

// Ragged records are judged as a sign of a wrong delimiter among the first
// records only: a wrong one shows at once.
const (
	judgedFrom = 10
	judgedTo   = 200
)

func (p *pass) checkDelimiter(cells [][]byte, long bool) error {
	if p.record >= judgedTo {
		return nil
	}
	if long && !isBlank(cells[len(p.heads):]) || len(cells) == 1 && len(p.heads) > 1 {
		p.skewed++
	}
	if n := p.record + 1; n >= judgedFrom && p.skewed*2 > n {
		return fmt.Errorf("%d of the first %d records do not fit the %d headings: the delimiter (%q) is wrong or cells are not quoted",
			p.skewed, n, len(p.heads), p.t.delimiter)
	}
	return nil
}

// finish keeps what the pass has found.
func (p *pass) finish() error {
	p.file.item.Rows = p.record
	p.file.readNotes = nil
	for _, t := range p.tallies {
		f := findings[t.code]
		rows := make([]string, len(t.rows))
		for i, r := range t.rows {
			rows[i] = fmt.Sprint(r)
		}
		if t.count > talliedRows {
			rows = append(rows, "…")
		}
		p.file.readNotes = append(p.file.readNotes, Note{Severity: f.severity, Code: t.code, Table: p.file.name,
			Row: t.rows[0], Message: fmt.Sprintf(f.message, t.count, strings.Join(rows, ", ")), Hint: f.hint})
	}
	return nil
}
