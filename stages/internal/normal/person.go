package normal

import (
	"slices"
	"strings"
)

// Name is a person's name: parts for display as written, keys for comparing.
type Name struct {
	First, Last string
	Prefix      string   // title in front: "Dr.", "Frau"; never part of the keys
	Suffix      string   // degree behind a full name: "Ph.D."; never part of the keys
	Display     string   // "First Last"; "" if there is no name
	Tokens      []string // folded words without titles, umlauts as ae oe ue, sorted, unique
	Key         string   // Tokens joined by a blank: the order of first and last does not matter
	PlainKey    string   // the same with umlauts as a o u (Muller, Gronberg); equal to Key without umlauts
}

// PersonName puts the name columns of a record together. first and last win;
// full is split only for what they leave empty: at a comma ("Doe, John"), else
// before the last word and its particles ("Vincent van Gogh"). Titles in front
// of and behind a full name move to Prefix and Suffix. Null tokens of name columns count as empty.
//
// Müller, Mueller and Muller: Key joins the first two, PlainKey the first and the
// third. Two names agree when either key does.
func PersonName(first, last, full, prefix string) Name {
	n := Name{First: nameCell(first), Last: nameCell(last), Prefix: nameCell(prefix)}
	if n.First == "" || n.Last == "" {
		n.fill(nameCell(full))
	}
	n.Display = joinWords(n.First, n.Last)
	n.setKeys()
	return n
}

// nameCell is NameValue on one line.
func nameCell(cell string) string {
	s := NameValue(cell)
	if strings.ContainsAny(s, "\n\t") || strings.Contains(s, "  ") {
		return strings.Join(strings.Fields(s), " ")
	}
	return s
}

func joinWords(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + " " + b
}

// fill completes missing parts from a full name.
func (n *Name) fill(full string) {
	title, rest := splitTitle(full)
	rest, n.Suffix = splitSuffix(rest)
	first, last := splitFull(rest)
	inner, first := splitTitle(first) // Müller, Dr. Jürgen
	if n.Prefix == "" {
		n.Prefix = joinWords(title, inner)
	}
	switch {
	case n.First == "" && n.Last == "":
		n.First, n.Last = first, last
	case n.Last == "" && strings.HasPrefix(rest, n.First+" "):
		n.Last = rest[len(n.First)+1:]
	case n.First == "" && strings.HasSuffix(rest, " "+n.Last):
		n.First = rest[:len(rest)-len(n.Last)-1]
	}
}

// frontTitles stand before a name. Those with false count only with a dot, since
// without it they are names themselves (Phil, Nat, Ing).
var frontTitles = map[string]bool{
	"mr": true, "mrs": true, "ms": true, "miss": true, "mx": true, "dr": true, "doktor": true, "prof": true, "professor": true,
	"herr": true, "herrn": true, "frau": true, "mgr": true, "bc": true, "mudr": true, "judr": true, "phdr": true, "rndr": true,
	"mvdr": true, "paeddr": true, "thdr": true, "pharmdr": true, "pan": false, "pani": true, "paní": true, "пан": true, "пані": true,
	"mme": true, "mlle": true, "monsieur": true, "madame": true, "señor": true, "señora": true, "signor": true, "signora": true,
	"dott": true, "dottssa": true, "dhr": true, "mevr": true, "ing": false, "mag": false, "doc": false, "med": false, "rer": false,
	"nat": false, "phil": false, "fr": false, "hr": false, "dkfm": false, "bca": false, "mga": false, "sig": false, "sra": false,
	"ir": false, "drs": false, "mw": false,
}

// endTitles are degrees behind a name, by the same rule. Jr and Sr are no titles:
// they tell a father from his son.
var endTitles = map[string]bool{
	"phd": true, "mba": true, "msc": true, "bsc": true, "llm": true, "csc": true, "drsc": true, "dis": false, "ba": false, "ma": false,
	"ing": false, "mgr": true, "mudr": true, "judr": true, "bc": false, "dr": false, "esq": true,
}

var titleMarks = strings.NewReplacer(".", "", "-", "")

// isTitle looks a word up; "Dipl.-Ing." and its sisters share a beginning.
func isTitle(titles map[string]bool, word string) bool {
	folded := strings.TrimRight(fold(word), ",")
	bare := folded
	if strings.ContainsAny(folded, ".-") {
		bare = titleMarks.Replace(folded)
	}
	dotted := len(bare) < len(folded)
	alone, known := titles[bare]
	return known && (alone || dotted) || dotted && strings.HasPrefix(bare, "dipl")
}

// splitTitle cuts leading titles off, but never the whole name.
func splitTitle(full string) (title, rest string) {
	rest = full
	for {
		word, tail, found := strings.Cut(rest, " ")
		if !found || !isTitle(frontTitles, word) {
			return title, rest
		}
		title, rest = joinWords(title, word), strings.TrimLeft(tail, " ")
	}
}

// splitSuffix cuts trailing degrees off, but never the whole name.
func splitSuffix(full string) (rest, suffix string) {
	rest = full
	for {
		i := strings.LastIndexByte(rest, ' ')
		if i < 0 || !isTitle(endTitles, rest[i+1:]) {
			return strings.TrimRight(rest, ", "), suffix
		}
		rest, suffix = strings.TrimRight(rest[:i], " "), joinWords(rest[i+1:], suffix)
	}
}

var particles = map[string]bool{
	"van": true, "von": true, "vom": true, "zu": true, "zum": true, "zur": true, "der": true, "den": true, "de": true, "del": true,
	"della": true, "di": true, "da": true, "dos": true, "das": true, "du": true, "la": true, "le": true, "el": true, "al": true,
	"bin": true, "ibn": true, "ten": true, "ter": true, "te": true, "'t": true, "af": true, "av": true, "y": true, "und": true,
}

// splitFull divides a full name; a single word is a last name, which Pipedrive
// and NextCRM both require.
func splitFull(full string) (first, last string) {
	if before, after, found := strings.Cut(full, ","); found {
		return strings.TrimSpace(after), strings.TrimSpace(before)
	}
	fields := strings.Fields(full)
	cut := len(fields) - 1
	for cut > 1 && particles[strings.ToLower(fields[cut-1])] {
		cut--
	}
	if cut < 1 {
		return "", full
	}
	return strings.Join(fields[:cut], " "), strings.Join(fields[cut:], " ")
}

// setKeys derives the keys. A name of symbols only (an emoji) is its own token.
func (n *Name) setKeys() {
	folded := fold(n.Display)
	if folded == "" {
		return
	}
	n.Tokens = nameTokens(transliterate(folded, germanLetters))
	n.Key = strings.Join(n.Tokens, " ")
	n.PlainKey = n.Key
	if strings.ContainsAny(folded, "äöü") {
		n.PlainKey = strings.Join(nameTokens(transliterate(folded, plainLetters)), " ")
	}
}

func nameTokens(folded string) []string {
	_, bare := splitTitle(folded)
	bare, _ = splitSuffix(bare)
	tokens := words(bare)
	if len(tokens) == 0 {
		return []string{folded}
	}
	slices.Sort(tokens)
	return slices.Compact(tokens)
}
