package match

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// latin gives base letters to the Latin letters that Unicode does not decompose.
var latin = map[rune]string{
	'ß': "ss", 'æ': "ae", 'œ': "oe", 'ø': "o", 'ł': "l", 'đ': "d", 'ð': "d", 'þ': "th", 'ı': "i", 'ĸ': "k", 'ŋ': "n", 'ħ': "h",
}

// cyrillic is the common English romanisation; sound evens out the others.
var cyrillic = map[rune]string{
	'а': "a", 'б': "b", 'в': "v", 'г': "g", 'ґ': "g", 'д': "d", 'е': "e", 'ё': "e", 'є': "ie", 'ж': "zh", 'з': "z",
	'и': "i", 'і': "i", 'ї': "i", 'й': "y", 'к': "k", 'л': "l", 'м': "m", 'н': "n", 'о': "o", 'п': "p", 'р': "r",
	'с': "s", 'т': "t", 'у': "u", 'ў': "u", 'ф': "f", 'х': "kh", 'ц': "ts", 'ч': "ch", 'ш': "sh", 'щ': "shch",
	'ъ': "", 'ы': "y", 'ь': "", 'э': "e", 'ю': "yu", 'я': "ya",
}

// plain folds text to lower-case base letters: Řezník and РЕЗНИК become
// "reznik". Apostrophes vanish, so that O'Neill is ONeill; letters of scripts
// without a table stay as they are.
func plain(s string) string {
	if isPlain(s) {
		return s
	}
	s = strings.ToLower(norm.NFC.String(s))
	ukrainian := strings.ContainsAny(s, "іїєґ")
	var b strings.Builder
	b.Grow(len(s))
	for _, r := range s {
		switch {
		case r < utf8.RuneSelf && r != '\'' && r != '`':
			b.WriteRune(r)
		case r == '\'' || r == '`' || r == '’' || r == '‘' || r == 'ʼ':
		case ukrainian && r == 'г':
			b.WriteByte('h')
		case ukrainian && r == 'и':
			b.WriteByte('y')
		default:
			writeBase(&b, r)
		}
	}
	return b.String()
}

// writeBase writes a letter without its marks, by table where Unicode has none.
func writeBase(b *strings.Builder, r rune) {
	if s, ok := cyrillic[r]; ok {
		b.WriteString(s)
		return
	}
	if s, ok := latin[r]; ok {
		b.WriteString(s)
		return
	}
	for _, base := range norm.NFD.String(string(r)) {
		if s, ok := latin[base]; ok {
			b.WriteString(s)
		} else if !unicode.Is(unicode.Mn, base) {
			b.WriteRune(base)
		}
	}
}

// isPlain is the fast path: most values are plain ASCII already.
func isPlain(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c >= utf8.RuneSelf || 'A' <= c && c <= 'Z' || c == '\'' || c == '`' {
			return false
		}
	}
	return true
}

// spell evens out spellings that mean the same letter: Mueller, Müller and
// Muller, Weiß and Weiss. It expects a plain word.
func spell(word string) string {
	if !strings.Contains(word, "e") && !strings.Contains(word, "ss") {
		return word
	}
	out := make([]byte, 0, len(word))
	for i := 0; i < len(word); i++ {
		c := word[i]
		if c == 'e' && i > 0 && isUmlaut(word, i-1) || c == 's' && i > 0 && word[i-1] == 's' {
			continue
		}
		out = append(out, c)
	}
	return string(out)
}

// isUmlaut reports whether the vowel at i may stand for an umlaut before an e.
// After another vowel or q it does not: Bauer, Manquel.
func isUmlaut(word string, i int) bool {
	if c := word[i]; c != 'a' && c != 'o' && c != 'u' {
		return false
	}
	return i == 0 || !strings.ContainsRune("aeiouyq", rune(word[i-1]))
}

// soundPairs is tried at each place in this order: c before e, i, y and h stays
// soft, any other c is a k.
var soundPairs = strings.NewReplacer(
	"kh", "h", "ph", "f", "th", "t", "ck", "k", "x", "ks",
	"ce", "ce", "ci", "ci", "cy", "ci", "ch", "ch", "c", "k",
	"y", "i", "j", "i", "w", "v",
)

// sound evens out romanisations as well: Sergey and Sergei, Yulia and Julia,
// Wanda and Vanda. It is coarser than spell and never proves sameness alone.
func sound(word string) string {
	return undouble(soundPairs.Replace(spell(word)))
}

// undouble writes each doubled Latin letter once.
func undouble(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	last := rune(-1)
	for _, r := range s {
		if r != last || r >= utf8.RuneSelf {
			b.WriteRune(r)
		}
		last = r
	}
	return b.String()
}

// split cuts plain text into words of letters and digits.
func split(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.Is(unicode.M, r)
	})
}

// each applies a function to every word of a list, into a new list.
func each(words []string, change func(string) string) []string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = change(w)
	}
	return out
}
