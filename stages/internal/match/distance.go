package match

// A typing error is believed only in long words, where two different words are
// seldom neighbours: Bauer and Baur are two families, Panorama and Panorma are
// one word.
const (
	typoLetters    = 6  // letters the shorter word needs for one error
	twoTypoLetters = 12 // and for two
)

// typo reports whether two plain words differ by typing errors only: letters
// missing, added, replaced or exchanged. The first letter must agree.
func typo(a, b string) bool {
	x, y := []rune(a), []rune(b)
	short := min(len(x), len(y))
	if short < typoLetters || x[0] != y[0] || hasDigit(a) || hasDigit(b) {
		return false
	}
	allowed := 1
	if short >= twoTypoLetters {
		allowed = 2
	}
	if max(len(x), len(y))-short > allowed {
		return false
	}
	return distance(x, y) <= allowed
}

// innerTypo is typo for given names: an error in the last two letters does not
// count, since that is where men's and women's names differ (Daniel, Daniela).
func innerTypo(a, b string) bool {
	return typo(a, b) && lastRunes(a, 2) == lastRunes(b, 2)
}

func lastRunes(s string, n int) string {
	r := []rune(s)
	return string(r[max(0, len(r)-n):])
}

func hasDigit(s string) bool {
	for i := 0; i < len(s); i++ {
		if '0' <= s[i] && s[i] <= '9' {
			return true
		}
	}
	return false
}

// distance is the optimal string alignment distance (Damerau-Levenshtein in
// which no part is edited twice), kept in three rows.
func distance(a, b []rune) int {
	before, above, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range above {
		above[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(above[j]+1, row[j-1]+1, above[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, above, row = above, row, before
	}
	return above[len(b)]
}
