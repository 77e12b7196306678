package nextcrm

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// cut reads all records with a buffer of the given size.
func cut(text string, d dialect, width, buffer int) (records [][]string, err error) {
	t := newTokenizer(strings.NewReader(text), d)
	t.width, t.buf = width, make([]byte, buffer)
	for {
		cells, err := t.next()
		if err == io.EOF {
			return records, nil
		}
		if err != nil {
			return records, err
		}
		record := make([]string, len(cells))
		for i, c := range cells {
			record[i] = string(c)
		}
		records = append(records, record)
	}
}

func TestTokenizer_CutsEveryStyle(t *testing.T) {
	comma := dialect{',', doubledQuotes}
	php := dialect{',', phpQuotes}
	mailpoet := dialect{',', backslashQuotes}
	for _, c := range []struct {
		name string
		d    dialect
		text string
		want [][]string
	}{
		{"LF, CRLF, CR mixed and no final line end", comma, "a,b\nc,d\r\ne,f\rg,h", [][]string{{"a", "b"}, {"c", "d"}, {"e", "f"}, {"g", "h"}}},
		{"line ends inside a cell are kept", comma, "a,\"x\r\ny\nz\rw\"\r\nb,c\r\n", [][]string{{"a", "x\r\ny\nz\rw"}, {"b", "c"}}},
		{"doubled quotes", comma, `"say ""hi""","",""""` + "\n", [][]string{{`say "hi"`, "", `"`}}},
		{"a delimiter at the very end opens a last cell", comma, "a,", [][]string{{"a", ""}}},
		{"a blank line is one empty cell", comma, "a\n\nb\n", [][]string{{"a"}, {""}, {"b"}}},
		{"a quote in a plain cell is text", comma, `5" pipe,x` + "\n", [][]string{{`5" pipe`, "x"}}},
		{"a stray quote does not close its cell", comma, `"a "b" c",d` + "\n", [][]string{{`a "b" c`, "d"}}},
		{"NUL bytes are text", comma, "a\x00b,c\n", [][]string{{"a\x00b", "c"}}},
		{"PHP leaves a quote after a backslash alone", php, `"C:\temp\" end, ok","x ""y"""` + "\n", [][]string{{`C:\temp\" end, ok`, `x "y"`}}},
		{"PHP with a quote doubled after an undoubled one", php, `"a\"""",b` + "\n", [][]string{{`a\""`, "b"}}},
		{"a PHP cell that ends in a backslash", php, `"C:\dir\","next"` + "\n", [][]string{{`C:\dir\`, "next"}}},
		{"a PHP cell with a backslash, a quote and a comma", php, `"a\",b","next"` + "\n", [][]string{{`a\",b`, "next"}}},
		{"a PHP record that ends in a backslash", php, "1,\"C:\\\"\n2,\"x y\"\n", [][]string{{"1", `C:\`}, {"2", "x y"}}},
		{"MailPoet writes inner quotes with a backslash", mailpoet, `"say \"hi\"","b"` + "\n", [][]string{{`say "hi"`, "b"}}},
		{"a MailPoet cell with quote and comma", mailpoet, `"a\",\"b","c"` + "\n", [][]string{{`a","b`, "c"}}},
		{"a MailPoet cell that ends in a backslash", mailpoet, `"C:\","c"` + "\n", [][]string{{`C:\`, "c"}}},
	} {
		for _, buffer := range []int{1, 3, 64 << 10} {
			got, err := cut(c.text, c.d, len(c.want[0]), buffer)
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("%s, buffer of %d:\n%s", c.name, buffer, diff)
			}
		}
	}
}

func TestTokenizer_ReportsAnUnclosedQuote(t *testing.T) {
	for _, style := range []quoteStyle{doubledQuotes, phpQuotes, backslashQuotes} {
		if _, err := cut("a,b\n\"c,d\ne,f\n", dialect{',', style}, 2, 4); !errors.Is(err, errUnclosedQuote) {
			t.Errorf("%v: error %v, want an unclosed quote", style, err)
		}
	}
}

func TestTokenizer_StopsBeforeARecordFillsTheMemory(t *testing.T) {
	endless := io.MultiReader(strings.NewReader(`"`), infinite('x'))
	if _, err := newTokenizer(endless, dialect{',', doubledQuotes}).next(); !errors.Is(err, errHugeRecord) {
		t.Errorf("error %v, want a record that is too large", err)
	}
}

type infinite byte

func (b infinite) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(b)
	}
	return len(p), nil
}

func TestTokenizer_ReadErrorsAreNotTheEndOfTheFile(t *testing.T) {
	broken := errors.New("disk gone")
	tok := newTokenizer(io.MultiReader(strings.NewReader("a,b\nc"), failing{broken}), dialect{',', doubledQuotes})
	if _, err := tok.next(); !errors.Is(err, broken) {
		t.Errorf("error %v, want %v", err, broken)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// Cells for the property test: what breaks readers, in all combinations.
var crumbs = []string{"a", "Müller", "日本", "👩‍💻", ",", ";", "\t", "|", "\n", "\r\n", "\r", `"`, `""`, " ", "\x00", "'", "=1+1", `\n`, `x\y`, "sep=;"}

func randomCells(r *rand.Rand, width int) []string {
	cells := make([]string, width)
	for i := range cells {
		for range r.IntN(5) {
			cells[i] += crumbs[r.IntN(len(crumbs))]
		}
	}
	return cells
}

// writeCell writes a cell as the writer of each style does.
func writeCell(d dialect, cell string) string {
	quote := strings.ContainsAny(cell, "\"\r\n"+string(d.delimiter))
	switch d.quotes {
	case phpQuotes:
		if !quote && !strings.ContainsAny(cell, "\\\t ") {
			return cell
		}
		var b strings.Builder
		escaped := false
		for _, r := range cell {
			if r == '"' && !escaped {
				b.WriteRune('"')
			}
			escaped = r == '\\'
			b.WriteRune(r)
		}
		return `"` + b.String() + `"`
	case backslashQuotes:
		return `"` + strings.ReplaceAll(cell, `"`, `\"`) + `"`
	}
	if !quote {
		return cell
	}
	return `"` + strings.ReplaceAll(cell, `"`, `""`) + `"`
}

func TestTokenizer_ReadsBackWhatAnyWriterWrote(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	ends := []string{"\n", "\r\n", "\r"}
	for range 4000 {
		d := dialect{delimiters[r.IntN(len(delimiters))], quoteStyle(r.IntN(3))}
		width := 2 + r.IntN(4) // with one column, an empty record after a CR and before an LF would vanish
		var want [][]string
		var text strings.Builder
		for range 1 + r.IntN(6) {
			cells := randomCells(r, width)
			want = append(want, cells)
			for i, c := range cells {
				if i > 0 {
					text.WriteByte(d.delimiter)
				}
				text.WriteString(writeCell(d, c))
			}
			text.WriteString(ends[r.IntN(3)])
		}
		got, err := cut(text.String(), d, width, 1+r.IntN(40))
		if err != nil {
			t.Fatalf("%q: %v", text.String(), err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%v, delimiter %q, text %q:\n%s", d.quotes, d.delimiter, text.String(), diff)
		}
	}
}

// FuzzTokenizer feeds any bytes. Records must not depend on the buffer size,
// and every byte that is no quote, backslash, delimiter or line end must come
// out, in order.
func FuzzTokenizer(f *testing.F) {
	for _, seed := range []string{"a,b\nc,\"d\"\"e\"\n", `"C:\",x` + "\n" + `"a\"b","c"`, "\"a\r\nb\";c\r", "\"unclosed", "a\"b\",\"c\"d,e\r\r\n", `"\",\",\",\","` + "\n"} {
		f.Add(seed, byte(0), uint8(2))
	}
	f.Fuzz(func(t *testing.T, text string, style byte, width uint8) {
		d := dialect{delimiters[int(style>>4)%len(delimiters)], quoteStyle(style % 3)}
		small, errSmall := cut(text, d, int(width), 1)
		large, errLarge := cut(text, d, int(width), 64<<10)
		if diff := cmp.Diff(large, small); diff != "" || (errSmall == nil) != (errLarge == nil) {
			t.Fatalf("a small buffer reads otherwise: %v, %v\n%s", errSmall, errLarge, diff)
		}
		if errLarge != nil {
			return
		}
		structure := "\"\\\r\n" + string(d.delimiter)
		var out bytes.Buffer
		for _, r := range large {
			out.WriteString(strings.Join(r, ""))
		}
		if got, want := without(out.String(), structure), without(text, structure); got != want {
			t.Fatalf("bytes %q came out of %q", got, want)
		}
	})
}

func without(s, bytes string) string {
	out := make([]byte, 0, len(s))
	for i := range len(s) {
		if strings.IndexByte(bytes, s[i]) < 0 {
			out = append(out, s[i])
		}
	}
	return string(out)
}
