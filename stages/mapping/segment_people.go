package mapping

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"nextpipe/stages/internal/mapped"
	"nextpipe/stages/internal/segment"
	"nextpipe/stages/internal/warehouse"
)

// asked is one field of the people that some rule speaks of.
type asked struct {
	source, expression string
}

// countMembers looks at every person once, counts who belongs where, and keeps
// the people of the frozen segments. It gives the number of those people.
func (m *builder) countMembers(work []segmentWork, catalog ruleCatalog) (persons int64, err error) {
	fields := askedFields(work, catalog)
	terms := []string{"c.contact_key"}
	for _, f := range fields {
		terms = append(terms, f.expression)
	}
	rolls := make([]segment.Roll, len(work))
	for i, w := range work {
		rolls[i] = segment.NewRoll(w.seg, catalog.Catalog, w.now)
	}
	in, err := warehouse.NewInserter(m.tx, "map_segment_member", "contact_key", "segment_key", "name")
	if err != nil {
		return 0, err
	}
	// Companies as the record names them: that is what the old system asked.
	rows, err := m.tx.QueryContext(m.ctx, "SELECT "+strings.Join(terms, ",\n")+
		"\nFROM golden_contact AS c LEFT JOIN clean_account AS a ON a.account_key = c.account_key")
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	for rows.Next() {
		person, err := readPerson(rows, fields)
		if err != nil {
			return 0, err
		}
		isFrozen, err := enrol(person, work, rolls, in)
		if err != nil {
			return 0, err
		}
		if isFrozen {
			persons++
		}
	}
	if err := rows.Err(); err != nil {
		return 0, err
	}
	return persons, in.Close()
}

// enrol asks of one person all segments.
func enrol(person segment.Contact, work []segmentWork, rolls []segment.Roll, in *warehouse.Inserter) (isFrozen bool, err error) {
	for i := range work {
		r := &work[i].row
		belongs, undecided := rolls[i].Ask(person)
		switch {
		case undecided:
			r.Undecided++
		case belongs:
			r.Members++
		}
		if !belongs || r.Action != "frozen" {
			continue
		}
		isFrozen = true
		if err := in.Add(person.Key, r.MapKey, r.Name); err != nil {
			return false, err
		}
	}
	return isFrozen, nil
}

// readPerson reads the values that rules ask for; lists come as JSON.
func readPerson(rows *sql.Rows, fields []asked) (segment.Contact, error) {
	person := segment.Contact{Values: make(map[string][]string, len(fields))}
	cells, into := make([]sql.NullString, len(fields)), []any{&person.Key}
	for i := range cells {
		into = append(into, &cells[i])
	}
	if err := rows.Scan(into...); err != nil {
		return person, err
	}
	for i, cell := range cells {
		if !cell.Valid {
			continue
		}
		values := []string{cell.String}
		if isList(fields[i]) && strings.HasPrefix(cell.String, "[") {
			if err := json.Unmarshal([]byte(cell.String), &values); err != nil {
				return person, fmt.Errorf("%s, %s: %w", person.Key, fields[i].source, err)
			}
		}
		person.Values[fields[i].source] = values
	}
	return person, nil
}

// listStart is how the expressions of fields with several values begin.
const listStart = "/* list */ "

func isList(f asked) bool { return strings.HasPrefix(f.expression, listStart) }

// askedFields are the known fields that rules speak of, each once.
func askedFields(work []segmentWork, catalog ruleCatalog) []asked {
	var all []asked
	for _, w := range work {
		for _, rule := range slices.Concat(slices.Concat(w.seg.Any, w.seg.Except)...) {
			source := catalog.Resolve(rule.Field)
			known := slices.ContainsFunc(all, func(f asked) bool { return f.source == source })
			if expression := personField(source, catalog); expression != "" && !known {
				all = append(all, asked{source, expression})
			}
		}
	}
	return all
}

// personField is how a source field of a person reads in SQL; "" for one that
// the source does not have.
func personField(source string, catalog ruleCatalog) string {
	switch source {
	case "":
		return ""
	case "phones":
		return listStart + "(SELECT json_group_array(j.value ->> '$.value') FROM json_each(c.phones) AS j)"
	case "account.name":
		return "coalesce(a.name, c.company)"
	case "account.industry", "account.type":
		return "a." + strings.TrimPrefix(source, "account.")
	}
	if _, known := catalog.Fields[source]; !known {
		return ""
	}
	v := mapped.Of(source, catalog.valueTypes[source])
	if v.Array != "" {
		return listStart + v.Array
	}
	return v.Text
}
