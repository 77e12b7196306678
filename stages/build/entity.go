package build

import (
	"cmp"
	"fmt"
	"sort"
	"strings"

	"nextpipe/stages/internal/mapped"
)

// entity is how one kind of final record is made. Adding one is a new value in
// a file of its own.
type entity struct {
	name, table string
	key         string // c.account_key
	records     string // the table or view whose records become one each
	// columns are the typed columns between marker and payload, in order: name, expression.
	columns [][2]string
	// native gives the JSON of the API's own keys.
	native map[string]nativeKey
	// from is the FROM clause with everything that columns and keys refer to.
	from func(m *theMap) string
	// with are the common table expressions that from needs.
	with func(m *theMap) []string
	// also are rows added by a SELECT of their own; "" for none.
	also func(m *theMap, columns []string) string
}

// nativeKey gives the JSON expression of an API key from the mapped value.
type nativeKey func(m *theMap, v mapped.Value) string

var entities = []entity{organizations, persons, deals}

// source yields the records as c, without any look-up.
func (e entity) source(m *theMap) string {
	if e.name == "deal" {
		return mapped.Deals(m.rules) + " AS c"
	}
	return e.records + " AS c"
}

// shared are shapes that several native keys have.
var (
	asText   nativeKey = func(_ *theMap, v mapped.Value) string { return quoted(v.Text) }
	asNumber nativeKey = func(_ *theMap, v mapped.Value) string { return v.Text }
	asStamp  nativeKey = func(_ *theMap, v mapped.Value) string { return stamp(v.Text) }
	asDate   nativeKey = func(_ *theMap, v mapped.Value) string { return quoted("substr(" + v.Text + ", 1, 10)") }
	asOwner  nativeKey = func(*theMap, mapped.Value) string { return reference("user:", "ifnull(u.target_email, '@fallback')") }
	asLabels nativeKey = func(*theMap, mapped.Value) string { return "tag.labels" }
	asOrg    nativeKey = func(*theMap, mapped.Value) string { return reference("organization:", "organization.final_key") }
)

// asAddress is the record's address with its parts.
func asAddress(_ *theMap, v mapped.Value) string { return address(mapField{source: "address"}, v) }

// render writes the SELECT of an entity.
func (m *theMap) render(e entity) (string, error) {
	payload, err := m.payload(e)
	if err != nil {
		return "", err
	}
	columns := [][2]string{{"final_key", e.key}, {"seq", "c.row_id"}, {"marker", "setup.source_tag || '/' || " + e.key}}
	columns = append(columns, e.columns...)
	columns = append(columns, [2]string{"payload", payload})
	var names, list []string
	for _, c := range columns {
		names = append(names, c[0])
		list = append(list, "    "+c[1]+" AS "+c[0])
	}
	var b strings.Builder
	fmt.Fprintf(&b, "-- %s: one row per %s\n", e.table, e.name)
	b.WriteString("-- Written from the map by nextpipe build; runs in the sqlite3 shell as it stands.\n")
	b.WriteString("-- A key stands in the payload only where its expression is not NULL.\n")
	b.WriteString(m.with(e) + "SELECT\n" + strings.Join(list, ",\n") + "\n" + m.from(e))
	if e.also != nil {
		b.WriteString("\nUNION ALL\n" + e.also(m, names))
	}
	return b.String(), nil
}

// with is the WITH clause of an entity: its own look-ups and those of its sets.
func (m *theMap) with(e entity) string {
	all := e.with(m)
	for i, f := range m.sets(e) {
		all = append(all, m.setOf(e, f, i))
	}
	if len(all) == 0 {
		return ""
	}
	return "WITH\n" + strings.Join(all, ",\n") + "\n"
}

// from is the FROM clause of an entity with the joins of its sets.
func (m *theMap) from(e entity) string {
	from := e.from(m)
	for i, f := range m.sets(e) {
		from += fmt.Sprintf("\nLEFT JOIN set_%d ON set_%d.source = %s", i+1, i+1, arrayOf(m.value(f)))
	}
	return from
}

// payload puts the JSON object together, a line a key.
func (m *theMap) payload(e entity) (string, error) {
	native, custom := []string{}, []string{}
	taken := map[string]string{}
	for _, f := range m.fields[e.name] {
		if other := taken[f.target]; f.target != "" && other != "" {
			return "", fmt.Errorf("map_field %q and %q both go to %s; decide another target_field for one", other, f.key, f.target)
		}
		taken[f.target] = f.key
		switch f.action {
		case "native":
			shape, ok := e.native[f.target]
			if !ok {
				return "", fmt.Errorf("map_field %q: %s has no field %q of Pipedrive's own; it has %s", f.key, e.name, f.target, keysOf(e.native))
			}
			native = append(native, member(f.target, shape(m, m.value(f))))
		case "custom":
			value, err := m.custom(f, m.value(f))
			if err != nil {
				return "", err
			}
			custom = append(custom, member("@field:"+e.name+"."+f.target, value))
		}
	}
	if text := m.details(e); text != "" {
		custom = append(custom, member("@field:"+e.name+".nextcrm_details", quoted(text)))
	}
	return object(append(append(native, m.visibility(e.name)...), inner(custom)...)), nil
}

// visibility is visible_to as the map decides it, for one kind of record or for
// all; none is the account's default.
func (m *theMap) visibility(entity string) []string {
	if v := cmp.Or(m.setting["visible_to_"+entity], m.setting["visible_to"]); v != "" {
		return []string{member("visible_to", mapped.Literal(v))}
	}
	return nil
}

// object puts a JSON object together from its members.
func object(members []string) string { return "'{' || substr(" + printed(members, 8) + ", 2) || '}'" }

// inner wraps the custom fields' members into the key custom_fields.
func inner(custom []string) []string {
	if len(custom) == 0 {
		return nil
	}
	return []string{`',"custom_fields":{' || nullif(substr(` + printed(custom, 12) + ", 2), '') || '}'"}
}

// member is one key of an object with the comma before it; NULL without a value.
func member(key, value string) string {
	return mapped.Literal(","+mapped.JSONString(key)+":") + " || " + value
}

// groupSize bounds what is joined in one step: SQLite allows functions 127
// arguments and expressions a depth of 1,000, and accounts may have hundreds of
// fields.
const groupSize = 50

// printed joins JSON texts, one a line; a NULL prints as nothing. printf writes
// into one buffer, where || would copy all that went before at every step. JSON
// holds no NUL byte, at which printf would stop.
func printed(terms []string, indent int) string {
	if len(terms) == 0 {
		return "''"
	}
	if len(terms) > groupSize {
		var groups []string
		for len(terms) > 0 {
			n := min(groupSize, len(terms))
			groups = append(groups, printed(terms[:n], indent+4))
			terms = terms[n:]
		}
		return printed(groups, indent)
	}
	pad := "\n" + strings.Repeat(" ", indent)
	return "printf('" + strings.Repeat("%s", len(terms)) + "'," + pad + strings.Join(terms, ","+pad) + ")"
}

// concat joins texts, one a line.
func concat(terms []string, indent int) string {
	if len(terms) == 0 {
		return "''"
	}
	pad := "\n" + strings.Repeat(" ", indent)
	if len(terms) <= groupSize {
		return pad + strings.Join(terms, pad+"|| ")
	}
	var groups []string
	for len(terms) > 0 {
		n := min(groupSize, len(terms))
		groups = append(groups, "("+concat(terms[:n], indent+4)+")")
		terms = terms[n:]
	}
	return concat(groups, indent)
}

// value is how a mapped source field reads, the ones that build computes included.
func (m *theMap) value(f mapField) mapped.Value {
	switch f.source {
	case "marker":
		return mapped.Value{Text: "setup.source_tag || '/' || c." + f.object + "_key"}
	case "original_owner":
		return mapped.Value{Text: m.originalOwner()}
	case "marketing_status":
		return mapped.Value{Text: marketingStatus}
	}
	if mapped.IsTagField(f.source) {
		return mapped.Value{Array: "c.tags", Text: "tag.names_" + m.tagColumn(f)}
	}
	if f.object == "deal" {
		return mapped.DealField(f.source, f.valueType)
	}
	return mapped.Of(f.source, f.valueType)
}

func (m *theMap) originalOwner() string {
	if m.setting["keep_source_owner"] == "always" {
		return "c.owner_email"
	}
	return "iif(u.target_email IS NULL, c.owner_email, NULL)"
}

// keysOf lists the keys of native fields for an error message.
func keysOf(native map[string]nativeKey) string {
	keys := make([]string, 0, len(native))
	for k := range native {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return strings.Join(keys, ", ")
}
