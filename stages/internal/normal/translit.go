package normal

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// germanLetters are written out in the German way, which is how people type them
// on a foreign keyboard: Müller is Mueller. otherLetters have no decomposition.
var (
	germanLetters = map[rune]string{'ä': "ae", 'ö': "oe", 'ü': "ue"}
	plainLetters  = map[rune]string{'ä': "a", 'ö': "o", 'ü': "u"}
	otherLetters  = map[rune]string{
		'ß': "ss", 'æ': "ae", 'œ': "oe", 'ø': "o", 'å': "a", 'ł': "l", 'đ': "d", 'ð': "d", 'þ': "th",
		'ı': "i", 'ħ': "h", 'ŧ': "t", 'ŋ': "n", 'ĸ': "k", 'ё': "е", 'ґ': "г",
	}
)

// transliterate maps a folded NFC text to letters without diacritics. Latin and
// Greek lose their marks; Cyrillic й and ї, and the vowel signs of other
// scripts, are letters of their own and stay.
func transliterate(s string, umlauts map[rune]string) string {
	if isASCII(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for _, r := range s {
		switch {
		case r < 0x80:
			b.WriteByte(byte(r))
		case umlauts[r] != "":
			b.WriteString(umlauts[r])
		case otherLetters[r] != "":
			b.WriteString(otherLetters[r])
		case unicode.In(r, unicode.Latin, unicode.Greek):
			writeBase(&b, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// writeBase writes the letters of a compatibility decomposition, without marks.
func writeBase(b *strings.Builder, r rune) {
	for _, d := range norm.NFKD.String(string(r)) {
		switch base := otherLetters[d]; {
		case base != "":
			b.WriteString(base)
		case !unicode.Is(unicode.Mn, d):
			b.WriteRune(d)
		}
	}
}

// words splits a folded text into runs of letters and digits. Apostrophes join
// (O'Brien is obrien); a dot joins single letters (s.r.o. is sro).
func words(s string) []string {
	var list []string
	var b strings.Builder
	flush := func() {
		if b.Len() > 0 {
			list = append(list, b.String())
			b.Reset()
		}
	}
	for _, r := range s {
		switch {
		case unicode.In(r, unicode.L, unicode.N, unicode.M):
			b.WriteRune(r)
		case r == '\'' || r == '’' || r == 'ʼ' || r == '`' || r == '´':
		default:
			flush()
		}
	}
	flush()
	return list
}
