package normal

import (
	"slices"
	"strings"
)

// Name is a person's name: parts for display as written, keys for comparing.
type Name struct {
	First, Last string
	Prefix      string   // title in front: "Dr.", "Frau"; never part of the keys
	Display     string   // "First Last"; "" if there is no name
	Tokens      []string // folded words without titles, umlauts as ae oe ue, sorted, unique
	Key         string   // Tokens joined by a blank: the order of first and last does not matter
	PlainKey    string   // the same with umlauts as a o u (Muller, Gronberg); equal to Key without umlauts
}

// PersonName puts the name columns of a record together. first and last win;
// full is split only for what they leave empty: at a comma ("Doe, John"), else
// before the last word and its particles ("Vincent van Gogh"). Titles in front
// of a full name move to Prefix. Null tokens of name columns count as empty.
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
	if rest == "" {
		return
	}
	if n.Prefix == "" {
		n.Prefix = title
	}
	first, last := splitFull(rest)
	switch {
	case n.First == "" && n.Last == "":
		n.First, n.Last = first, last
	case n.Last == "" && strings.HasPrefix(rest, n.First+" "):
		n.Last = rest[len(n.First)+1:]
	case n.First == "" && strings.HasSuffix(rest, " "+n.Last):
		n.First = rest[:len(rest)-len(n.Last)-1]
	}
}

// titles in front of or behind names, folded, without dots. Jr and Sr are no
// titles: they tell a father from his son.
var titles = map[string]bool{
	"mr": true, "mrs": true, "ms": true, "miss": true, "mx": true, "sir": true, "dame": true, "lord": true,
	"dr": true, "prof": true, "professor": true, "doc": true, "doktor": true, "med": true, "rer": true, "nat": true, "phil": true,
	"herr": true, "frau": true, "herrn": true, "fr": true, "hr": true, "dipl": true, "ing": true, "mag": true, "dkfm": true,
	"pan": true, "pani": true, "paní": true, "bc": true, "bca": true, "mgr": true, "mga": true, "rndr": true, "judr": true,
	"mudr": true, "mvdr": true, "phdr": true, "paeddr": true, "thdr": true, "pharmdr": true, "csc": true, "drsc": true, "dis": true,
	"mme": true, "mlle": true, "monsieur": true, "madame": true, "señor": true, "señora": true, "sra": true,
	"don": true, "doña": true, "sig": true, "signor": true, "signora": true, "dott": true, "dottssa": true, "ir": true, "drs": true,
	"dhr": true, "mevr": true, "mw": true, "phd": true, "mba": true, "msc": true, "bsc": true, "llm": true, "ba": true, "ma": true,
	"пан": true, "пані": true,
}

// isTitle knows a title only where it cannot be a name: with a dot, or as a word
// of three or more letters; the initial "M" and the surname "Ma" stay.
func isTitle(word string) bool {
	folded := strings.TrimRight(fold(word), ",")
	bare := strings.ReplaceAll(strings.ReplaceAll(folded, ".", ""), "-", "")
	if strings.HasPrefix(bare, "dipling") {
		return true
	}
	return titles[bare] && (strings.Contains(folded, ".") && len(bare) > 1 || len(bare) > 2 || unambiguousShort[bare])
}

var unambiguousShort = map[string]bool{"mr": true, "ms": true, "dr": true, "bc": true}

// splitTitle cuts leading titles off, but never the whole name.
func splitTitle(full string) (title, rest string) {
	rest = full
	for {
		word, tail, found := strings.Cut(rest, " ")
		if !found || !isTitle(word) {
			return title, rest
		}
		title, rest = joinWords(title, word), strings.TrimLeft(tail, " ")
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
	if before, after, found := strings.Cut(full, ","); found && !isTitle(strings.TrimSpace(after)) {
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
	tokens := words(withoutTitles(folded))
	if len(tokens) == 0 {
		return []string{folded}
	}
	slices.Sort(tokens)
	return slices.Compact(tokens)
}

// withoutTitles drops title words unless nothing else would be left.
func withoutTitles(folded string) string {
	fields := strings.Split(folded, " ")
	kept := make([]string, 0, len(fields))
	for _, f := range fields {
		if !isTitle(f) {
			kept = append(kept, f)
		}
	}
	if len(kept) == 0 || len(kept) == len(fields) {
		return folded
	}
	return strings.Join(kept, " ")
}
