package normal

import (
	"encoding/json"
	"fmt"
	"iter"
	"strings"
)

// Titles are the known titles of a list column (tags, lists, options), prepared
// for matching. The zero value knows none. It is read-only after NewTitles.
type Titles struct {
	byKey   map[string]string // fold -> title as first given
	longest int               // most separators in a title, over all separators
}

// separators of list cells, in the order they win when a column proves none.
var separators = []string{",", ";", "|", "\n"}

// NewTitles prepares known titles; the first of equal spellings stands.
func NewTitles(titles []string) Titles {
	t := Titles{byKey: make(map[string]string, len(titles))}
	for _, title := range titles {
		key := Fold(title)
		if key == "" || t.byKey[key] != "" {
			continue
		}
		t.byKey[key] = Text(Entities(title))
		for _, sep := range separators {
			t.longest = max(t.longest, strings.Count(key, sep))
		}
	}
	return t
}

// List takes a cell with several titles apart. At each place the longest run of
// pieces that is a known title wins, so "Trade show, Berlin" survives a comma;
// the rest is cut at separator (blanks around it do not count). A JSON array is
// read as such. Empty items and null tokens are dropped, repeats are found by
// [Fold]. Known titles come back in their known spelling, others as written.
func List(cell string, known Titles, separator string) []string {
	s := Guard(trim(cell))
	if IsNull(s) {
		return nil
	}
	c := collector{known: known}
	if items, ok := jsonItems(s); ok {
		for _, item := range items {
			c.add(Entities(item))
		}
		return c.items
	}
	s, separator = Entities(s), listSeparator(separator)
	pieces := strings.Split(s, separator)
	for i := 0; i < len(pieces); {
		n := known.match(pieces[i:], separator)
		c.add(strings.Join(pieces[i:i+n], separator))
		i += n
	}
	return c.items
}

// listSeparator trims ", " to "," but keeps a line break or a tab.
func listSeparator(s string) string {
	if t := strings.Trim(s, " "); t != "" {
		return t
	}
	return separators[0]
}

// match returns how many leading pieces form a known title; 1 if none do.
func (t Titles) match(pieces []string, separator string) int {
	for n := min(t.longest+1, len(pieces)); n > 1; n-- {
		if t.byKey[fold(strings.Join(pieces[:n], separator))] != "" {
			return n
		}
	}
	return 1
}

// collector gathers decoded items.
type collector struct {
	known Titles
	seen  map[string]bool
	items []string
}

func (c *collector) add(item string) {
	if IsNull(item) {
		return
	}
	key := fold(item)
	if key == "" || c.seen[key] {
		return
	}
	if c.seen == nil {
		c.seen = map[string]bool{}
	}
	c.seen[key] = true
	title := c.known.byKey[key]
	if title == "" {
		title = Text(item)
	}
	c.items = append(c.items, title)
}

// jsonItems reads an array of texts, numbers, or objects with a title.
func jsonItems(s string) ([]string, bool) {
	if !strings.HasPrefix(s, "[") {
		return nil, false
	}
	var values []any
	decoder := json.NewDecoder(strings.NewReader(s))
	decoder.UseNumber()
	if decoder.Decode(&values) != nil || decoder.More() {
		return nil, false
	}
	items := make([]string, 0, len(values))
	for _, v := range values {
		items = append(items, jsonText(v))
	}
	return items, true
}

func jsonText(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case map[string]any:
		for _, key := range []string{"title", "name", "label", "value"} {
			if text, ok := v[key].(string); ok {
				return text
			}
		}
		text, err := json.Marshal(v)
		if err != nil {
			return ""
		}
		return string(text)
	}
	return fmt.Sprint(v)
}

// ListSeparator decides the separator of a list column: the candidate that yields
// most known titles; without any, the one that occurs most. evidence is the
// number of titles found by it.
func ListSeparator(cells iter.Seq[string], known Titles) (separator string, evidence int) {
	found, seen := map[string]int{}, map[string]int{}
	for cell := range cells {
		for _, sep := range separators {
			seen[sep] += strings.Count(cell, sep)
			for _, item := range List(cell, known, sep) {
				if known.byKey[fold(item)] != "" {
					found[sep]++
				}
			}
		}
	}
	separator = separators[0]
	for _, sep := range separators[1:] {
		if found[sep] > found[separator] || found[sep] == found[separator] && seen[sep] > seen[separator] {
			separator = sep
		}
	}
	return separator, found[separator]
}
