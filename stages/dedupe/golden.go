package dedupe

import (
	"database/sql"
	"slices"

	"nextpipe/stages/internal/match"
	"nextpipe/stages/internal/matchrow"
	"nextpipe/stages/internal/normal"
)

// fromUnion is the origin of a value that several records gave.
const fromUnion = "union"

// note explains a field that is not simply the survivor's, or that other
// records would have had another value for.
type note struct {
	field string
	value sql.NullString
	from  string
	why   string
	lost  []match.FieldValue
}

// merger merges the rows of one final record, the survivor's first.
type merger struct {
	rules   fieldRules
	columns []string
	index   map[string]int
	keys    []string // of the records, by rank
	rows    []matchrow.Row
	out     []sql.NullString
	donor   []int // by column: which row gave a scalar's value; -1 none
	notes   []note
}

// merge fills m.out and m.notes. Followers come after the columns they follow,
// whatever the order of columns, and lists after the columns of their primaries.
func (m *merger) merge() error {
	m.out, m.donor = slices.Clone(m.rows[0].Values), make([]int, len(m.columns))
	var differing, followers, lists []int
	for i, c := range m.columns {
		switch {
		case m.agree(i):
			m.donor[i] = donorOfSame(m.out[i])
		case m.rules.follows[c] != "":
			followers = append(followers, i)
		case m.rules.labelled[c] != "":
			lists = append(lists, i)
		case !slices.Contains(m.rules.own, c):
			differing = append(differing, i)
		}
	}
	if err := m.columnsOf(differing); err != nil {
		return err
	}
	for _, i := range followers {
		m.follow(i, m.index[m.rules.follows[m.columns[i]]])
	}
	for _, i := range lists {
		if err := m.labelled(m.columns[i], m.rules.labelled[m.columns[i]]); err != nil {
			return err
		}
	}
	if m.rules.nameParts {
		m.name()
	}
	return nil
}

func (m *merger) columnsOf(differing []int) error {
	allowed := m.allowed()
	for _, i := range differing {
		if err := m.column(m.columns[i], allowed); err != nil {
			return err
		}
	}
	return nil
}

// agree reports whether all records say the same in a column: most do in most.
func (m *merger) agree(i int) bool {
	for _, r := range m.rows[1:] {
		if r.Values[i] != m.rows[0].Values[i] {
			return false
		}
	}
	return true
}

func donorOfSame(v sql.NullString) int {
	if empty(v) {
		return -1
	}
	return 0
}

// allowed says which rows may fill the columns that belong together.
func (m *merger) allowed() map[string][]int {
	if len(m.rules.together) == 0 {
		return nil
	}
	rows, out := agreeing(m.rows, m.rules.together), map[string][]int{}
	for _, c := range m.rules.together {
		out[c] = rows
	}
	return out
}

func (m *merger) column(c string, allowed map[string][]int) error {
	switch r := m.rules; {
	case c == "custom":
		return m.custom()
	case slices.Contains(r.union, c):
		return m.union(c)
	case slices.Contains(r.consent, c):
		m.consent(c)
	case slices.Contains(r.earliest, c):
		m.extreme(c, "the earliest of all", func(a, b string) bool { return a < b })
	case slices.Contains(r.latest, c):
		m.extreme(c, "the latest of all", func(a, b string) bool { return a > b })
	default:
		m.scalar(c, allowed[c])
	}
	return nil
}

// values are the records' values of a column as match merges them.
func (m *merger) values(c string) []match.FieldValue {
	out := make([]match.FieldValue, len(m.rows))
	for i, r := range m.rows {
		out[i].Key = m.keys[i]
		if v := r.Values[m.index[c]]; v.Valid && v.String != "" {
			out[i].Items = []string{v.String}
		}
	}
	return out
}

// scalar takes the survivor's value, else the first of the rows that may give one.
func (m *merger) scalar(c string, allowed []int) {
	values := m.values(c)
	may := values
	if allowed != nil {
		may = make([]match.FieldValue, 0, len(allowed))
		for _, i := range allowed {
			may = append(may, values[i])
		}
	}
	f := match.MergeField(match.Scalar, may)
	m.donor[m.index[c]] = -1
	if f.Items != nil {
		m.donor[m.index[c]] = slices.Index(m.keys, f.From[0])
	}
	m.set(c, f, m.lost(values, f))
}

// lost are the values that differ from what was taken, in more than the key of
// an account that merged.
func (m *merger) lost(values []match.FieldValue, f match.MergedField) []match.FieldValue {
	var lost []match.FieldValue
	for _, v := range values {
		if len(v.Items) > 0 && (f.Items == nil || m.meaning(v.Items[0]) != m.meaning(f.Items[0])) {
			lost = append(lost, v)
		}
	}
	return lost
}

func (m *merger) meaning(value string) string {
	if final, ok := m.rules.aliases[value]; ok {
		return final
	}
	return value
}

// set stores a merged scalar and explains it unless it is simply the survivor's.
func (m *merger) set(c string, f match.MergedField, lost []match.FieldValue) {
	value, from := sql.NullString{}, m.keys[0]
	if f.Items != nil {
		value, from = sql.NullString{String: f.Items[0], Valid: true}, f.From[0]
	}
	m.out[m.index[c]] = value
	if from != m.keys[0] || len(lost) > 0 {
		m.notes = append(m.notes, note{c, value, from, f.Why, lost})
	}
}

func (m *merger) consent(c string) {
	f := match.MergeField(match.Consent, m.values(c))
	m.set(c, f, f.Lost)
}

// extreme takes the value that comes first under before; RFC 3339 in UTC sorts as text.
func (m *merger) extreme(c, why string, before func(a, b string) bool) {
	best := match.FieldValue{}
	for _, v := range m.values(c) {
		if len(v.Items) > 0 && (best.Items == nil || before(v.Items[0], best.Items[0])) {
			best = v
		}
	}
	if best.Items != nil && best.Key != m.keys[0] {
		m.set(c, match.MergedField{Items: best.Items, From: []string{best.Key}, Why: why}, nil)
	}
}

// follow takes a column from the record that gave its leader. When nobody gave
// the leader the column is filled by itself.
func (m *merger) follow(i, leader int) {
	donor := m.donor[leader]
	if donor < 0 {
		m.scalar(m.columns[i], nil)
		return
	}
	m.out[i] = m.rows[donor].Values[i]
	if m.out[i] != m.rows[0].Values[i] {
		m.notes = append(m.notes, note{m.columns[i], m.out[i], m.keys[donor], "goes with " + m.columns[leader], nil})
	}
}

// name makes the name anew when a part of it was filled, and takes a real name
// where the survivor only had a stand-in.
func (m *merger) name() {
	survivor := m.rows[0]
	first, last := m.out[m.index["first_name"]].String, m.out[m.index["last_name"]].String
	if first == survivor.Text("first_name") && last == survivor.Text("last_name") {
		return
	}
	name := normal.PersonName(first, last, "", "")
	if name.Display == "" {
		return
	}
	for c, v := range map[string]string{"name": name.Display, "name_origin": "name", "name_key": name.Key} {
		m.out[m.index[c]] = sql.NullString{String: v, Valid: v != ""}
	}
	m.notes = append(m.notes, note{"name", m.out[m.index["name"]], fromUnion, "made of the merged first and last name", nil})
}
