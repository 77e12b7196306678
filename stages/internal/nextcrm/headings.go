package nextcrm

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

//go:embed headings.tsv
var headingLines string

// idColumn is the word of headings.tsv for a record's own id, which is no
// column of its object but Row.ID.
const idColumn = "id"

// headings knows which column every accepted heading of an object fills.
type headings struct {
	// columns: object → folded heading → columns in the order they are taken.
	columns map[string]map[string][]string
	// known holds the folded headings of all objects.
	known map[string]bool
}

func loadHeadings() (headings, error) {
	h := headings{columns: map[string]map[string][]string{}, known: map[string]bool{}}
	for i, line := range strings.Split(headingLines, "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		f := strings.Split(line, "\t")
		if len(f) != 3 || !h.add(f[0], f[1], foldHeading(f[2])) {
			return h, fmt.Errorf("headings.tsv line %d: want object, column and heading: %q", i+1, line)
		}
	}
	return h, nil
}

// add reports false when no object has such a column.
func (h headings) add(object, column, heading string) bool {
	added := false
	for _, o := range Objects {
		if object != "*" && object != o.Name || column != idColumn && !slices.Contains(o.Columns, column) {
			continue
		}
		if h.columns[o.Name] == nil {
			h.columns[o.Name] = map[string][]string{}
		}
		if have := h.columns[o.Name][heading]; !slices.Contains(have, column) {
			h.columns[o.Name][heading] = append(have, column)
		}
		added = true
	}
	h.known[heading] = h.known[heading] || added
	return added
}

// foldHeading makes spellings of one heading equal: no byte order mark, NFC,
// one case, and each run of blanks and _ - . / ( ) : * as one blank.
func foldHeading(s string) string {
	s = norm.NFC.String(cases.Fold().String(norm.NFC.String(strings.TrimPrefix(s, "\ufeff"))))
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool {
		return strings.ContainsRune("_-./():*\u00a0", r) || strings.ContainsRune(" \t\r\n\v\f", r)
	}), " ")
}

// countKnown says how many of the cells are headings of any object.
func (h headings) countKnown(cells []string) (n int) {
	for _, c := range cells {
		if h.known[foldHeading(c)] {
			n++
		}
	}
	return n
}

// customField is a line of the custom_fields file: what finds the columns that
// hold its values in the other files.
type customField struct{ object, slug, label string }

// Where a CSV column goes: into a column of the object, into Row.ID, or under
// a key of Row.Extra.
const (
	toID      = -1
	toExtra   = -2
	toNowhere = -3 // its name tells a secret
)

// layout says what becomes of each cell of a record.
type layout struct {
	object   Object
	targets  []int    // index into Object.Columns, toID or toExtra
	keys     []string // key in Row.Extra where the target is toExtra
	repeated []string // headings that stand in the file more than once
	leftover []string // headings that neither headings.tsv nor a custom field knows
	secret   []string // headings that tell a secret
}

// overflowKey holds the cells of a record beyond its headings.
const overflowKey = "overflow"

// arrange assigns the columns of a file. Known headings come first; a second
// one of the same kind takes the second column listed for it, if there is one;
// all others are kept in Extra, so no cell is without a place but secrets.
func (h headings) arrange(o Object, heads []string, fields []customField) layout {
	l := layout{object: o, targets: make([]int, len(heads)), keys: make([]string, len(heads))}
	custom := customNames(o.Name, fields)
	taken, used, count := map[string]bool{}, map[string]bool{overflowKey: true}, map[string]int{}
	for i, head := range heads {
		folded := foldHeading(head)
		count[folded]++
		if count[folded] == 2 && folded != "" {
			l.repeated = append(l.repeated, head)
		}
		slug, isCustom := custom[folded]
		// A custom field may carry the label of a core heading; then the
		// heading's second occurrence is the custom one.
		column := h.free(o.Name, folded, taken)
		if column != "" && !(isCustom && count[folded] > 1) {
			taken[column] = true
			l.targets[i] = target(o, column)
			continue
		}
		if isSecretName(head) || isSecretName(slug) {
			l.targets[i] = toNowhere
			l.secret = append(l.secret, head)
			continue
		}
		l.targets[i] = toExtra
		l.keys[i] = extraKey(i, head, slug, count[folded], used)
		if !isCustom {
			l.leftover = append(l.leftover, l.keys[i])
		}
	}
	return l
}

// free is the first column that the heading may fill and no other has taken.
func (h headings) free(object, folded string, taken map[string]bool) string {
	for _, c := range h.columns[object][folded] {
		if !taken[c] {
			return c
		}
	}
	return ""
}

func target(o Object, column string) int {
	if column == idColumn {
		return toID
	}
	return slices.Index(o.Columns, column)
}

// extraKey names a column in Extra: the custom field's slug, else the heading
// as it is written, with " (2)" for its second occurrence in the file.
func extraKey(i int, head, slug string, occurrence int, used map[string]bool) string {
	key := strings.TrimSpace(strings.TrimPrefix(head, "\ufeff"))
	if key == "" {
		key, occurrence = fmt.Sprintf("column_%d", i+1), 1
	}
	if slug != "" {
		key, occurrence = slug, 1
	}
	unique := key
	for n := max(2, occurrence); occurrence > 1 || used[unique]; n++ {
		unique, occurrence = fmt.Sprintf("%s (%d)", key, n), 1
	}
	used[unique] = true
	return unique
}

// customNames maps every folded spelling of an object's custom fields to the
// slug: the label, the slug, and the slug with the prefixes that plugins add.
func customNames(object string, fields []customField) map[string]string {
	names := map[string]string{}
	put := func(folded, slug string) {
		if _, ok := names[folded]; !ok && folded != "" {
			names[folded] = slug
		}
	}
	for _, name := range []func(customField) []string{
		func(f customField) []string { return []string{f.label} },
		func(f customField) []string { return []string{f.slug} },
		func(f customField) []string { return []string{"cf " + f.slug, "custom " + f.slug, "meta " + f.slug} },
	} {
		for _, f := range fields {
			if f.belongsTo(object) {
				for _, n := range name(f) {
					put(foldHeading(n), f.slug)
				}
			}
		}
	}
	return names
}

// belongsTo accepts the plugin's words for objects; a field without one may
// stand in any file.
func (f customField) belongsTo(object string) bool {
	switch foldHeading(f.object) {
	case "", object:
		return true
	case "contacts", "subscriber", "subscribers", "person", "people":
		return object == "contact"
	case "company", "companies", "organisation", "organization":
		return object == "account"
	case "deals":
		return object == "deal"
	}
	return false
}
