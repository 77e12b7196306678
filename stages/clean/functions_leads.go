package clean

import (
	"database/sql/driver"
	"strings"

	"nextpipe/stages/internal/match"
)

// leadFunctions read what only leads and targets have.
func leadFunctions() []function {
	return []function{{"np_strictest", -1, strictest}}
}

// strictest is the consent that forbids most among its arguments, each a word
// or several parted by blanks. The order is that of merging, so a person's
// consent is the same whether two records merge or one record says both.
func strictest(a arguments) driver.Value {
	var all []match.FieldValue
	for i := range a {
		for _, word := range strings.Fields(a.text(i)) {
			all = append(all, match.FieldValue{Items: []string{strings.Clone(word)}})
		}
	}
	if best := match.MergeField(match.Consent, all).Items; best != nil {
		return best[0]
	}
	return nil
}
