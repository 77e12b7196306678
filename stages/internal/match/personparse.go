package match

import (
	_ "embed"
	"slices"
	"strings"
	"unicode/utf8"
)

// person is a name taken apart into plain words, without titles and particles.
type person struct {
	given, family []string
	joined        string // all words with particles, spelled evenly, no blanks
	generation    string // "junior", "senior", "2", "3", …
	gender        string // "m" or "f" where a title tells
	couple        bool   // two people in one record: "Klaus und Petra"
}

// titles maps what stands before or after a name to the gender it tells, or "".
// Dots and hyphens are gone: "Dipl.-Ing." is "dipling".
var titles = wordTable(map[string]string{
	"m": "mr herr herrn senor don signor sig monsieur pan pane gospodin",
	"f": "mrs ms miss frau senora senorita dona signora sigra madame mme mlle pani slecna gospozha",
	"": "dr prof ing mgr bc mga judr mudr mvdr phdr rndr paeddr pharmdr thdr doc csc drsc dis mba llm msc bsc phd dphil " +
		"dipling diplinf diplkfm diplom mag dott dottssa avv arch lic mtro esq sir dame lord lady rev hon",
})

// particles carry no evidence: they are dropped, moved and joined at will.
var particles = wordSet("von vom van der den de del della di da do dos das du la le les el al bin ibn ben af av zu zur ten ter y e i und and")

// dots drops what stands between the letters of a title: Ph.D., Dipl.-Ing.
var dots = strings.NewReplacer(".", "", "-", "")

var generations = map[string]string{
	"jr": "junior", "jun": "junior", "junior": "junior", "ml": "junior", "mladsi": "junior",
	"sr": "senior", "sen": "senior", "senior": "senior", "st": "senior", "starsi": "senior",
	"ii": "2", "iii": "3", "iv": "4", "2nd": "2", "3rd": "3",
}

// parsePerson takes a contact's name apart.
func parsePerson(c Contact) person {
	var p person
	if c.First == "" && c.Last == "" {
		p.family = p.read(c.Full, false)
		return p
	}
	p.given = p.read(c.First, false)
	p.couple = len(p.given) > 1 && slices.ContainsFunc(strings.Fields(plain(c.First)), joinsPeople)
	p.family = p.read(c.Last, len(p.given) > 0)
	return p
}

func joinsPeople(word string) bool {
	return word == "&" || word == "+" || word == "and" || word == "und" || word == "et" || word == "y"
}

// read takes one field apart and notes what its titles and suffixes tell. after
// says that given names went before, so that "v." here means von.
func (p *person) read(field string, after bool) []string {
	before := p.joined
	var words []string
	chunks := strings.FieldsFunc(plain(field), func(r rune) bool {
		return r == ' ' || r == ',' || r == '"' || r == '(' || r == ')'
	})
	for i, chunk := range chunks {
		bare := dots.Replace(chunk)
		if gender, ok := titles[bare]; ok {
			p.gender += gender
			continue
		}
		last := i > 0 && i == len(chunks)-1 || after && len(chunks) == 1
		if g, ok := generations[strings.Trim(chunk, ".")]; ok && last {
			p.generation = g
			continue
		}
		if after && i == 0 && len(chunks) > 1 && bare == "v" {
			continue
		}
		words = append(words, p.cut(chunk)...)
	}
	if len(words) == 0 {
		return split(strings.TrimPrefix(p.joined, before)) // Ten and Da are surnames too
	}
	return words
}

// cut splits a chunk at dots and hyphens and drops particles. JR alone, without
// vowels, is two initials; so are J.R. and J.-R.
func (p *person) cut(chunk string) []string {
	if chunk == "jr" {
		chunk = "j.r"
	}
	var words []string
	for _, w := range split(chunk) {
		p.joined += spell(w)
		if !particles[w] || len(w) == 1 && strings.Contains(chunk, ".") {
			words = append(words, w)
		}
	}
	return words
}

func (p person) empty() bool { return len(p.given)+len(p.family) == 0 }

// whole reports whether given and family names came in fields of their own.
func (p person) whole() bool { return len(p.given) > 0 && len(p.family) > 0 }

func (p person) words() []string { return append(slices.Clone(p.given), p.family...) }

// sameWords reports whether two names are the same letters in the same order
// (Di Marco, DiMarco), the same fields exchanged, or, where one came in a single
// field, the same words. José María and María José are two people.
func (p person) sameWords(q person) bool {
	switch {
	case p.joined == q.joined:
		return true
	case p.whole() && q.whole():
		return sameSpelling(p.given, q.family) && sameSpelling(p.family, q.given)
	}
	return sameBag(each(p.words(), spell), each(q.words(), spell))
}

func sameSpelling(a, b []string) bool { return slices.Equal(each(a, spell), each(b, spell)) }

// swapped reads the given names as family names and the other way round.
func (p person) swapped() person {
	p.given, p.family = p.family, p.given
	return p
}

// asWhole reads a name in one field as given names first.
func (p person) asWhole() person { return p.guesses()[0] }

// guesses reads a name in one field both ways: given names first or last.
func (p person) guesses() []person {
	w := p.words()
	n := len(w) - 1
	return []person{
		{given: w[:n], family: w[n:], generation: p.generation, gender: p.gender},
		{given: w[1:], family: w[:1], generation: p.generation, gender: p.gender},
		{given: w[:1], family: w[1:], generation: p.generation, gender: p.gender},
	}
}

//go:embed nicknames.txt
var nicknameText string

var nicknames = readNicknames(nicknameText)

// nicknameTable maps a given name to the lines of nicknames.txt it stands in.
type nicknameTable map[string][]int

func readNicknames(text string) nicknameTable {
	table := nicknameTable{}
	for i, line := range strings.Split(text, "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		for _, form := range strings.Fields(line) {
			table[spell(form)] = append(table[spell(form)], i)
		}
	}
	return table
}

// relation reports whether both names are in the table, and whether some line
// holds both. The names are spelled evenly.
func (t nicknameTable) relation(a, b string) (known, shared bool) {
	for _, line := range t[a] {
		if slices.Contains(t[b], line) {
			return true, true
		}
	}
	return len(t[a]) > 0 && len(t[b]) > 0, false
}

// isInitial reports whether a word is one letter of an alphabet. One character
// of a Chinese or Japanese name is a name.
func isInitial(word string) bool {
	r, size := utf8.DecodeRuneInString(word)
	return size == len(word) && r < firstIdeograph
}

// firstIdeograph is where the East Asian scripts begin in Unicode.
const firstIdeograph = 0x2E80

func firstRune(word string) rune {
	r, _ := utf8.DecodeRuneInString(word)
	return r
}

func wordSet(words string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(words) {
		set[w] = true
	}
	return set
}

// wordTable turns value → words into word → value.
func wordTable(byValue map[string]string) map[string]string {
	table := map[string]string{}
	for value, words := range byValue {
		for _, w := range strings.Fields(words) {
			table[w] = value
		}
	}
	return table
}
