package clean

import (
	"database/sql/driver"
	"encoding/json"
	"strings"
	"sync"

	"nextpipe/stages/internal/normal"
)

// listFunctions read cells with several values, and the custom values.
func listFunctions() []function {
	var known memo[normal.Titles]
	var fields memo[fieldSet]
	return []function{
		{"np_titles", 3, func(a arguments) driver.Value {
			if a[0] == nil {
				return "[]"
			}
			return jsonOf(normal.List(a.text(0), known.get(a.text(1), parseTitles), a.text(2)))
		}},
		{"np_union", -1, union},
		{"np_notes", 1, notes},
		{"np_extra", -1, extra},
		{"np_undeclared", 2, undeclared},
		{"np_flaw", 3, flaw},
		{"np_custom", 2, func(a arguments) driver.Value {
			set := fields.get(a.text(1), parseFieldSet)
			if set.err != nil {
				return set.err
			}
			return set.clean(a.text(0))
		}},
	}
}

// memo keeps what was parsed from the last few arguments: a query hands the same
// lists and field sets to its functions for every row.
type memo[T any] struct {
	mu     sync.Mutex
	recent []memoEntry[T] // newest first
}

type memoEntry[T any] struct {
	source string
	value  T
}

// memoSize is more than the different lists of one query.
const memoSize = 4

func (m *memo[T]) get(source string, parse func(string) T) T {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, e := range m.recent {
		if e.source == source {
			return e.value
		}
	}
	own := strings.Clone(source)
	e := memoEntry[T]{own, parse(own)}
	m.recent = append([]memoEntry[T]{e}, m.recent[:min(len(m.recent), memoSize-1)]...)
	return e.value
}

// parseTitles prepares a JSON array of known titles.
func parseTitles(list string) normal.Titles { return normal.NewTitles(stringsOf(list)) }

// stringsOf reads a JSON array of strings; anything else is empty.
func stringsOf(list string) []string {
	var out []string
	if json.Unmarshal([]byte(list), &out) != nil {
		return nil
	}
	return out
}

// union joins JSON arrays of strings; spellings that fold alike count once.
func union(a arguments) driver.Value {
	var all []string
	seen := map[string]bool{}
	for i := range a {
		for _, s := range stringsOf(a.text(i)) {
			if key := normal.Fold(s); !seen[key] {
				seen[key] = true
				all = append(all, s)
			}
		}
	}
	return jsonOf(all)
}

// notes reads a cell of free notes: a JSON array of texts or of objects that
// hold one, or just a text.
func notes(a arguments) driver.Value {
	cell := normal.Guard(a.text(0))
	if normal.IsNull(cell) {
		return nil
	}
	var items []json.RawMessage
	if json.Unmarshal([]byte(cell), &items) != nil {
		return jsonOf([]string{normal.HTMLText(cell)})
	}
	var all []string
	for _, item := range items {
		if text := normal.HTMLText(noteText(item)); text != "" {
			all = append(all, text)
		}
	}
	return jsonOrNull(all)
}

// noteText is the text of one note; of an unknown object its JSON, so that
// nothing of it is lost.
func noteText(item json.RawMessage) string {
	var text string
	if json.Unmarshal(item, &text) == nil {
		return text
	}
	var object struct{ Content, Note, Text string }
	if json.Unmarshal(item, &object) == nil && object.Content+object.Note+object.Text != "" {
		return strings.TrimSpace(object.Content + "\n" + object.Note + "\n" + object.Text)
	}
	return string(item)
}

// extra adds known columns that have no place in a clean table to the custom
// values: the JSON object, then key and value in turns. Keys the object has
// already stay as they are.
func extra(a arguments) driver.Value {
	object := a.text(0)
	var b []byte
	for i := 1; i+1 < len(a); i += 2 {
		if a[i+1] == nil || normal.IsNull(a.text(i+1)) {
			continue
		}
		key := quoteJSON(a.text(i))
		if strings.Contains(object, key+":") {
			continue
		}
		b = append(append(append(b, ','), key...), ':')
		b = append(b, quoteJSON(a.text(i+1))...)
	}
	if len(b) == 0 {
		return a[0]
	}
	if body := strings.TrimSuffix(object, "}"); len(body) > 1 {
		return body + string(b) + "}"
	}
	return "{" + string(b[1:]) + "}"
}

// flaw writes rule, field and value of a finding as a JSON array; NULL without a
// rule.
func flaw(a arguments) driver.Value {
	if a[0] == nil {
		return nil
	}
	b := append(appendQuoted([]byte{'['}, a.text(0)), ',')
	b = append(appendQuoted(b, a.text(1)), ',')
	if a[2] == nil {
		b = append(b, "null"...)
	} else {
		b = appendQuoted(b, short(a.text(2)))
	}
	return string(append(b, ']'))
}
