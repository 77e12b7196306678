package normal

import (
	"html"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Guard removes one leading apostrophe that an exporter put before = + - @ TAB
// or CR against formula injection. Any other apostrophe ('t Hooft) stays.
func Guard(s string) string {
	if len(s) > 1 && s[0] == '\'' && strings.IndexByte("=+-@\t\r", s[1]) >= 0 {
		return s[1:]
	}
	return s
}

// IsNull reports whether a cell means "no value". The tokens are exact and
// case-sensitive; surrounding blanks do not count.
func IsNull(s string) bool {
	switch trim(s) {
	case "", "NULL", "null", "(null)", `\N`, `\\N`, "N/A", "n/a", "#N/A", "-", "None", "undefined", "NaN":
		return true
	}
	return false
}

// IsNullName is [IsNull] for name columns, where fewer tokens count, so that
// people called Null or None keep their names.
func IsNullName(s string) bool {
	switch trim(s) {
	case "", "NULL", "(null)", `\N`, `\\N`:
		return true
	}
	return false
}

// Value reads an ordinary text cell: guard undone, null tokens to "", entities
// decoded once, then [Text].
func Value(cell string) string {
	s := Guard(cell)
	if IsNull(s) {
		return ""
	}
	return Text(Entities(s))
}

// NameValue is [Value] for name columns (see [IsNullName]).
func NameValue(cell string) string {
	s := Guard(cell)
	if IsNullName(s) {
		return ""
	}
	return Text(Entities(s))
}

// Entities decodes HTML character references once. Only references closed by a
// semicolon count: "AT&TLAS" and "?a=1&copy=2" are text, not markup.
func Entities(s string) string {
	if !strings.Contains(s, "&") || !strings.Contains(s, ";") {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for s != "" {
		i := strings.IndexByte(s, '&')
		if i < 0 {
			break
		}
		b.WriteString(s[:i])
		n := referenceLen(s[i:])
		b.WriteString(html.UnescapeString(s[i : i+n]))
		s = s[i+n:]
	}
	b.WriteString(s)
	return b.String()
}

// referenceLen returns the length of the closed reference at the start of s, or
// 1 for a bare ampersand. The longest HTML name has 31 characters.
func referenceLen(s string) int {
	for i := 1; i < len(s) && i < 34; i++ {
		switch c := s[i]; {
		case c == ';' && i > 1:
			return i + 1
		case c != '#' && !isAlnum(c):
			return 1
		}
	}
	return 1
}

// Text makes a cell fit for display and for the API: valid UTF-8 in NFC, line
// ends as LF, other control characters and byte order marks dropped,
// no-break blanks as blanks, ends trimmed. Inner blanks, line breaks, tabs,
// joiners of emoji and direction marks stay: they are part of the text.
func Text(s string) string {
	if isPlainText(s) {
		return s
	}
	s = norm.NFC.String(strings.ToValidUTF8(s, "\uFFFD"))
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return trim(norm.NFC.String(strings.Map(displayRune, s)))
}

func displayRune(r rune) rune {
	switch r {
	case '\n', '\t':
		return r
	case '\r', '\u0085', '\u2028', '\u2029':
		return '\n'
	case '\u00A0', '\u202F', '\u2007':
		return ' '
	case '\uFEFF':
		return -1
	}
	if unicode.IsControl(r) {
		return -1
	}
	return r
}

// isPlainText is the fast path: printable ASCII without outer blanks.
func isPlainText(s string) bool {
	if s == "" {
		return true
	}
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return s[0] != ' ' && s[len(s)-1] != ' '
}

// Fold returns the key under which two spellings count as the same text (the
// contract's tag_norm): entities decoded once, NFC, invisible and control
// characters dropped, blanks collapsed, trimmed, case-folded. It takes raw
// cells; folding a folded key again is harmless unless it holds an entity.
func Fold(s string) string { return fold(Entities(s)) }

// fold is Fold for text whose entities are decoded already.
func fold(s string) string {
	if isFolded(s) {
		return s
	}
	s = collapse(norm.NFC.String(strings.ToValidUTF8(s, "\uFFFD")))
	if isASCII(s) {
		return strings.ToLower(s)
	}
	// Folding can leave pairs that compose (J + caron), hence NFC again.
	return norm.NFC.String(cases.Fold().String(s))
}

// isFolded is the fast path of fold: ASCII already in the form Fold returns.
func isFolded(s string) bool {
	blank := true // a blank may not come first
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c < ' ' || c > '~' || 'A' <= c && c <= 'Z' || c == ' ' && blank {
			return false
		}
		blank = c == ' '
	}
	return s == "" || !blank
}

// collapse drops invisible characters and turns each run of blanks into one.
func collapse(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	gap := false
	for _, r := range s {
		switch {
		case unicode.IsSpace(r):
			gap = b.Len() > 0
		case invisible(r):
		default:
			if gap {
				b.WriteByte(' ')
				gap = false
			}
			b.WriteRune(r)
		}
	}
	return b.String()
}

// invisible characters never tell two texts apart: controls, zero-width and
// direction marks, soft hyphen, emoji style selectors.
func invisible(r rune) bool {
	switch {
	case r < 0x7F:
		return r < ' '
	case r == 0x00AD, r == 0x061C, r == 0xFEFF:
		return true
	case 0x200B <= r && r <= 0x200F, 0x202A <= r && r <= 0x202E, 0x2060 <= r && r <= 0x206F:
		return true
	case 0xFE00 <= r && r <= 0xFE0F:
		return true
	}
	return unicode.IsControl(r)
}

// trim cuts blanks of any kind and invisible spaces off both ends.
func trim(s string) string {
	if s == "" || s[0] > ' ' && s[0] < 0x7F && s[len(s)-1] > ' ' && s[len(s)-1] < 0x7F {
		return s
	}
	return strings.TrimFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || r == '\u200B' || r == '\u2060' || r == '\uFEFF'
	})
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isAlnum(c byte) bool {
	return isDigit(c) || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

func countDigits(s string) (n int) {
	for i := 0; i < len(s); i++ {
		if isDigit(s[i]) {
			n++
		}
	}
	return n
}
