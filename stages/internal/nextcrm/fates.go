package nextcrm

import (
	_ "embed" // fates.tsv
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
)

// fates.tsv is the second half of the coverage: database.tsv and headings.tsv
// say what is read, it says what becomes of what was read.
//
//go:embed fates.tsv
var fatesText string

// Fate says what becomes of one staging object.
type Fate struct {
	Object string
	// Kind is moved (it becomes or goes into records of Pipedrive), used (it is
	// read to make others) or documented (it is written for people).
	Kind string
	What string // into what, or in which document
	// Kept are the columns that stay in the warehouse alone, with the reason.
	Kept map[string]string
}

// Fates lists the fate of every object, in the order of Objects.
func Fates() ([]Fate, error) {
	r := csv.NewReader(strings.NewReader(fatesText))
	r.Comma, r.FieldsPerRecord, r.LazyQuotes = '\t', 4, true
	lines, err := r.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("read fates.tsv: %w", err)
	}
	var all []Fate
	for _, l := range lines[1:] {
		object, column, kind, what := l[0], l[1], l[2], l[3]
		if column == "" {
			all = append(all, Fate{Object: object, Kind: kind, What: what, Kept: map[string]string{}})
			continue
		}
		i := slices.IndexFunc(all, func(f Fate) bool { return f.Object == object })
		if i < 0 || kind != "kept" {
			return nil, fmt.Errorf("read fates.tsv: %s.%s %s: columns are kept, and stand below their object", object, column, kind)
		}
		all[i].Kept[column] = what
	}
	return all, nil
}
