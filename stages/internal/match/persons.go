package match

import (
	"slices"
	"strings"
)

// Likeness says how far two names agree.
type Likeness int

// The four degrees. Only names that are the Same prove anything together with a
// phone or a +tag; a shared e-mail is content with Compatible.
const (
	Unknown    Likeness = iota // one side has no name
	Different                  // cannot be one person or company
	Compatible                 // can be: nickname, initial, missing part, typing error
	Same                       // the same words, however written and ordered
)

// String returns the degree as it stands in the truth tables.
func (l Likeness) String() string {
	return [...]string{"unknown", "different", "compatible", "same"}[l]
}

// Likened is the outcome of comparing two names.
type Likened struct {
	Likeness Likeness
	Reason   string // what made the difference, e.g. "nickname"
}

// NamesCompatible compares two persons' names. It accepts raw and folded names
// alike. Reasons: see the table of [TruthTable].
func NamesCompatible(a, b Contact) Likened {
	return likenPersons(parsePerson(a), parsePerson(b))
}

func likenPersons(p, q person) Likened {
	switch {
	case bothDiffer(p.gender, q.gender):
		return Likened{Different, "Mr and Mrs"}
	case bothDiffer(p.generation, q.generation):
		return Likened{Different, "two generations"}
	case p.couple != q.couple:
		return Likened{Different, "a couple"}
	case p.empty() || q.empty():
		return Likened{Unknown, "no name"}
	}
	found := likenWords(p, q)
	if found.Likeness == Same && p.generation != q.generation {
		return Likened{Compatible, "generation on one side"}
	}
	return found
}

func likenWords(p, q person) Likened {
	if p.sameWords(q) {
		return Likened{Same, "same words"}
	}
	if !p.whole() || !q.whole() {
		return likenPartial(p, q)
	}
	if l := likenParts(p, q); l.Likeness != Different {
		return l
	}
	return likenSwapped(p, q)
}

// likenSwapped compares given with family names, for records whose two fields
// were exchanged. The surname must be exact then: chance is twice as likely.
func likenSwapped(p, q person) Likened {
	for _, pair := range [][2]person{{p.swapped(), q}, {p, q.swapped()}} {
		l := likenParts(pair[0], pair[1])
		if l.Likeness != Different && likenFamily(pair[0].family, pair[1].family) == "equal" {
			return Likened{Compatible, "swapped, " + l.Reason}
		}
	}
	return likenParts(p, q)
}

// likenPartial compares when one side came in one field: either a part of the
// name is missing, or the field holds all of it in an unknown order.
func likenPartial(p, q person) Likened {
	if p.whole() {
		p, q = q, p
	}
	words := p.words()
	if len(words) == 1 {
		return likenSingle(words[0], q)
	}
	if !q.whole() && len(q.words()) == 1 {
		return likenSingle(q.words()[0], p.asWhole())
	}
	best := Likened{Different, "other words"}
	for _, guess := range p.guesses() {
		other := []person{q}
		if !q.whole() {
			other = q.guesses()
		}
		for _, o := range other {
			if l := likenParts(guess, o); l.Likeness > best.Likeness {
				best = l
			}
		}
	}
	return best
}

// likenSingle compares one lone word, which may be a given or a family name.
func likenSingle(word string, q person) Likened {
	candidates := q.family
	if len(q.given) > 0 {
		candidates = append([]string{q.given[0]}, q.family...)
	}
	for _, c := range candidates {
		if !isInitial(word) && spell(word) == spell(c) {
			return Likened{Compatible, "part missing"}
		}
	}
	return Likened{Different, "other words"}
}

// likenParts compares given with given and family with family names. At most
// one of the two may be uncertain, or two near misses would add up to a match.
func likenParts(p, q person) Likened {
	family, given := likenFamily(p.family, q.family), likenGiven(p.given, q.given)
	if family == "" {
		return Likened{Different, "other surname"}
	}
	if given == "" {
		return Likened{Different, "other first name"}
	}
	if !slices.Contains(allowedTogether[family], given) {
		return Likened{Different, family + " and " + given + " together"}
	}
	if family == "equal" && given == "equal" {
		return Likened{Same, "same words"}
	}
	if family == "equal" {
		return Likened{Compatible, given}
	}
	return Likened{Compatible, family}
}

// allowedTogether lists, per relation of the family names, which relations of
// the given names still make one person. A gendered surname goes with equal
// given names only: J. Novák and Jana Nováková may be husband and wife.
var allowedTogether = map[string][]string{
	"equal":           {"equal", "initial", "nickname", "middle name", "transliteration", "typo"},
	"double surname":  {"equal", "initial", "nickname", "middle name", "transliteration"},
	"transliteration": {"equal", "nickname", "middle name", "transliteration"},
	"gendered":        {"equal", "transliteration"},
	"typo":            {"equal"},
}

// likenFamily names the relation of two family names, or "".
func likenFamily(a, b []string) string {
	x, y := each(a, spell), each(b, spell)
	joinedX, joinedY := strings.Join(x, ""), strings.Join(y, "")
	switch {
	case sameBag(x, y) || joinedX == joinedY:
		return "equal"
	case within(x, y) || within(y, x):
		return "double surname"
	case gendered(joinedX, joinedY) || gendered(joinedY, joinedX):
		return "gendered"
	case sound(joinedX) == sound(joinedY):
		return "transliteration"
	case typo(strings.Join(a, ""), strings.Join(b, "")):
		return "typo"
	}
	return ""
}

// gendered reports whether she is a woman's form of the Slavic surname he.
func gendered(he, she string) bool {
	if len(he) < 3 || !strings.HasSuffix(she, "a") {
		return false
	}
	stem := he[:len(he)-1]
	switch he[len(he)-1] {
	case 'y', 'i':
		return she == stem+"a" || she == stem+"aia" || she == stem+"aya"
	case 'a', 'e', 'o':
		return she == stem+"ova"
	}
	return she == he+"a" || she == he+"ova"
}

// likenGiven names the relation of two lists of given names, or "". Where one
// list is longer, the rest counts as middle names.
func likenGiven(a, b []string) string {
	x, y := each(a, spell), each(b, spell)
	if strings.Join(x, "") == strings.Join(y, "") {
		return "equal"
	}
	if len(y) < len(x) {
		x, y = y, x
	}
	result := "equal"
	for i := range x {
		relation := likenGivenWord(x[i], y[i])
		if relation == "" || relation == "typo" && i > 0 {
			return calledByMiddle(x, y)
		}
		if relation != "equal" && result != "typo" {
			result = relation
		}
	}
	if result == "equal" {
		return "middle name"
	}
	return result
}

// calledByMiddle accepts Robert "Bob" Tanner as Bob, and Sarah Jane as Jane.
func calledByMiddle(short, long []string) string {
	if len(short) == 1 && !isInitial(short[0]) && len(long) > 1 && slices.Contains(long[1:], short[0]) {
		return "middle name"
	}
	return ""
}

func likenGivenWord(a, b string) string {
	switch {
	case a == b:
		return "equal"
	case isInitial(a) || isInitial(b):
		if firstRune(a) == firstRune(b) {
			return "initial"
		}
		return ""
	}
	known, shared := nicknames.relation(a, b)
	switch {
	case shared:
		return "nickname"
	case known:
		return "" // two names in their own right, however near: Daniel, Daniela
	case sound(a) == sound(b):
		return "transliteration"
	case innerTypo(a, b):
		return "typo"
	}
	return ""
}

// sameBag reports whether two lists hold the same words, in any order.
func sameBag(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	x, y := slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	return slices.Equal(x, y)
}

// within reports whether every word of a is in b.
func within(a, b []string) bool {
	for _, w := range a {
		if !slices.Contains(b, w) {
			return false
		}
	}
	return len(a) > 0
}
