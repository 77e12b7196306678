package match

import (
	"slices"
	"strings"
)

// NamesSimilar compares two companies' names without their legal forms, which
// [CompareAccounts] judges by itself. Compatible means typing errors, sound or
// an acronym. The Reason "part of a group" says that the names share their core
// and differ in what tells one arm from another: number, country, department.
func NamesSimilar(a, b Account) Likened {
	return likenCompanies(parseCompany(a), parseCompany(b))
}

// partOfGroup is the Reason for names of one house but of different arms.
const partOfGroup = "part of a group"

// company is a name as canonical words.
type company struct {
	words   []string // spelled evenly, abbreviations written out, no connectors
	numbers []string // arabic and roman numbers, sorted
	places  []string // countries as @de, compass points and continents, sorted
	generic bool     // no word tells this company from others
}

func likenCompanies(p, q company) Likened {
	switch {
	case len(p.words) == 0 || len(q.words) == 0:
		return Likened{Unknown, "no name"}
	case sameBag(p.words, q.words) || strings.Join(p.words, "") == strings.Join(q.words, ""):
		return Likened{Same, "same words"}
	case !slices.Equal(p.numbers, q.numbers), !slices.Equal(p.places, q.places):
		return differentArm(p, q)
	case soundsLike(p.words, q.words):
		return Likened{Compatible, "sound"}
	case oneTypo(p.words, q.words):
		return Likened{Compatible, "typo"}
	case acronym(p.words, q.words) || acronym(q.words, p.words):
		return Likened{Compatible, "acronym"}
	}
	return differentArm(p, q)
}

func soundsLike(a, b []string) bool {
	return sound(strings.Join(a, "")) == sound(strings.Join(b, "")) || sameBag(each(a, sound), each(b, sound))
}

// oneTypo reports whether the names differ in one word, by a typing error.
func oneTypo(a, b []string) bool {
	x, y := without(a, b), without(b, a)
	return len(a) == len(b) && len(x) == 1 && len(y) == 1 && typo(x[0], y[0])
}

// acronym reports whether short is the first letters of three or more words.
func acronym(short, long []string) bool {
	if len(short) != 1 || len(long) < 3 {
		return false
	}
	letters := ""
	for _, w := range long {
		letters += string(firstRune(w))
	}
	return short[0] == letters
}

// differentArm tells different companies from arms of one group: the names
// share a word, and what differs is numbers, places or words that name an arm,
// or the shared word is an institution with departments.
func differentArm(p, q company) Likened {
	shared := without(p.words, without(p.words, q.words))
	rest := append(without(p.words, q.words), without(q.words, p.words)...)
	if len(shared) == 0 {
		return Likened{Different, "other words"}
	}
	if slices.ContainsFunc(shared, isInstitution) || !slices.ContainsFunc(rest, notArm) {
		return Likened{Different, partOfGroup}
	}
	return Likened{Different, "other words"}
}

func isInstitution(w string) bool { return institutions[w] }

func notArm(w string) bool { return !arms[w] && !isPlace(w) && !hasDigit(w) }

// without returns the words of a that b lacks, repeats counted.
func without(a, b []string) []string {
	left := slices.Clone(b)
	var out []string
	for _, w := range a {
		if i := slices.Index(left, w); i >= 0 {
			left = slices.Delete(left, i, i+1)
		} else {
			out = append(out, w)
		}
	}
	return out
}

// shareWord reports whether two names have a word in common that tells
// companies apart.
func shareWord(p, q company) bool {
	return slices.ContainsFunc(p.words, func(w string) bool {
		return !genericWords[w] && !arms[w] && !isPlace(w) && !hasDigit(w) && slices.Contains(q.words, w)
	})
}

func parseCompany(a Account) company {
	name := a.LooseKey
	if name == "" {
		name = a.StrictKey
	}
	if form := legalForm(a.LegalForm); arms[form] {
		name += " " + form // a foundation (Stiftung) is an arm first and a form second
	}
	all := split(plain(name))
	p := company{words: canonical(all)}
	if len(p.words) == 0 {
		p.words = each(all, spell) // a name of fillers only is still a name
	}
	p.generic = true
	for _, w := range p.words {
		switch {
		case isPlace(w):
			p.places = append(p.places, w)
		case hasDigit(w):
			p.numbers = append(p.numbers, w)
		}
		p.generic = p.generic && (genericWords[w] || isPlace(w) || len(w) == 1)
	}
	slices.Sort(p.numbers)
	slices.Sort(p.places)
	return p
}

// canonical writes out abbreviations, turns countries and roman numbers into
// one form each and drops articles, connectors and fillers.
func canonical(words []string) []string {
	var out []string
	for i, w := range words {
		first, last := i == 0, i == len(words)-1
		if fillers[w] || first && !last && articles[w] || !first && !last && connectors[w] {
			continue
		}
		if full, ok := abbreviations[w]; ok {
			w = full
		}
		out = append(out, canonicalWord(w, first, last))
	}
	return out
}

func canonicalWord(w string, first, last bool) string {
	if number, ok := romans[w]; ok && !first {
		return number
	}
	if place, ok := places[w]; ok {
		return place
	}
	if place, ok := countryCodes[w]; ok && last && !first {
		return place
	}
	return spell(w)
}

func isPlace(w string) bool { return strings.HasPrefix(w, "@") }
