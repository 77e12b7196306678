package normal

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
)

// Company is a company name with the keys to compare it by.
type Company struct {
	Name   string // for display, as written
	Strict string // the contract's company_norm: folded, legal form kept
	Loose  string // words without diacritics, legal form, "and": weaker evidence
	Form   string // legal form as listed ("GmbH & Co. KG"), "" if none
}

// CompanyName reads a company name. "Müller & Söhne KG" and "Mueller und Soehne"
// have the same Loose key; a name of nothing but such words keeps them.
func CompanyName(cell string) Company {
	name := Value(cell)
	if name == "" {
		return Company{}
	}
	c := Company{Name: name, Strict: fold(name)}
	tokens := companyTokens(c.Strict)
	c.Form, tokens = cutForm(tokens, name)
	c.Loose = strings.Join(withoutAnd(tokens), " ")
	if c.Loose == "" {
		c.Loose = c.Strict
	}
	return c
}

// companyTokens are transliterated words, with & and + as words.
func companyTokens(folded string) []string {
	return words(andSigns.Replace(transliterate(folded, germanLetters)))
}

var andSigns = strings.NewReplacer("&", " and ", "+", " and ")

func isAnd(word string) bool { return word == "and" || word == "und" || word == "et" }

func withoutAnd(tokens []string) []string {
	kept := slices.DeleteFunc(slices.Clone(tokens), isAnd)
	if len(kept) == 0 {
		return tokens
	}
	return kept
}

// legalforms.txt holds a form a line; ^ marks those that stand in front.
//
//go:embed legalforms.txt
var legalFormsText string

type formTable struct {
	behind, front map[string]string // joined tokens -> form as listed
}

var legalForms = sync.OnceValue(func() formTable {
	t := formTable{map[string]string{}, map[string]string{}}
	for line := range lineSet(legalFormsText) {
		if form, front := strings.CutPrefix(line, "^"); front {
			t.front[formKey(companyTokens(Fold(form)))] = form
		} else {
			t.behind[formKey(companyTokens(Fold(form)))] = form
		}
	}
	return t
})

// formKey joins tokens without blanks: "s. r. o." and "sro" are one form.
func formKey(tokens []string) string {
	key := strings.Builder{}
	for _, t := range tokens {
		if isAnd(t) {
			t = "and"
		}
		key.WriteString(t)
	}
	return key.String()
}

// maxFormTokens is the length of "sociedad anonima de capital variable" and of
// "gesellschaft mit beschraenkter haftung and co kg", in words.
const maxFormTokens = 7

// cutForm takes the longest legal form off the end, else off the front. It never
// takes the whole name.
func cutForm(tokens []string, name string) (form string, rest []string) {
	table := legalForms()
	for n := min(maxFormTokens, len(tokens)-1); n > 0; n-- {
		split := len(tokens) - n
		form = table.behind[formKey(tokens[split:])]
		if form != "" && !isWellness(form, name) {
			return form, trimAnd(tokens[:split])
		}
	}
	for n := min(3, len(tokens)-1); n > 0; n-- {
		if form = table.front[formKey(tokens[:n])]; form != "" {
			return form, tokens[n:]
		}
	}
	return "", tokens
}

// trimAnd drops the & of "Huber & Co" that the form leaves behind.
func trimAnd(tokens []string) []string {
	if n := len(tokens); n > 1 && isAnd(tokens[n-1]) {
		return tokens[:n-1]
	}
	return tokens
}

// isWellness tells a day spa from a società per azioni, which is never written
// "Spa".
func isWellness(form, name string) bool {
	return form == "S.p.A." && (strings.HasSuffix(name, " Spa") || strings.HasSuffix(name, " spa"))
}
