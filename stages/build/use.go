package build

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"

	"nextpipe/stages/internal/mapped"
	"nextpipe/stages/internal/warehouse"
)

// use is what one entity's custom fields refer to: the options in use and the
// length of the longest text of each field. It is read from the records that
// the payloads were made of: taking a million payloads apart again would cost
// more than making them.
type use struct {
	options map[string]bool
	longest map[string]int64
}

// writeUse fills final_use.
func (m *theMap) writeUse(ctx context.Context, tx *sql.Tx) error {
	in, err := warehouse.NewInserter(tx, "final_use", "entity", "kind", "symbol", "longest")
	if err != nil {
		return err
	}
	for _, e := range entities {
		u := use{map[string]bool{}, map[string]int64{}}
		if err := m.readUse(ctx, tx, e, u); err != nil {
			return fmt.Errorf("read what %s uses: %w", e.table, err)
		}
		for symbol := range u.options {
			if err := in.Add(e.name, "option", symbol, 0); err != nil {
				return err
			}
		}
		for symbol, n := range u.longest {
			if err := in.Add(e.name, "text", symbol, n); err != nil {
				return err
			}
		}
	}
	return in.Close()
}

func (m *theMap) readUse(ctx context.Context, tx *sql.Tx, e entity, u use) error {
	var choices []mapField
	var values []string
	for _, f := range m.fields[e.name] {
		v := m.value(f)
		switch {
		case f.action != "custom" || mapped.IsTagField(f.source):
		case f.kind == "set":
			choices, values = append(choices, f), append(values, arrayOf(v))
		case f.kind == "enum":
			choices, values = append(choices, f), append(values, v.Text)
		}
	}
	texts, lengths := m.textFields(e)
	if err := m.readLengths(ctx, tx, e, texts, lengths, u); err != nil {
		return err
	}
	return m.readChoices(ctx, tx, e, choices, values, u)
}

// textFields lists the fields of an entity that hold text, and the expression
// of the longest one in each.
func (m *theMap) textFields(e entity) (texts, lengths []string) {
	for _, f := range m.fields[e.name] {
		isText := f.kind == "varchar" || f.kind == "varchar_auto" || f.kind == "phone" || f.kind == "text"
		if f.action != "custom" || mapped.IsTagField(f.source) || !isText {
			continue
		}
		if f.source == "marker" || f.source == "original_owner" {
			continue // made of keys and addresses
		}
		texts, lengths = append(texts, e.name+"."+f.target), append(lengths, "coalesce(max(length("+m.value(f).Text+")), 0)")
	}
	return texts, lengths
}

func (m *theMap) readLengths(ctx context.Context, tx *sql.Tx, e entity, texts, lengths []string, u use) error {
	if len(texts) == 0 {
		return nil
	}
	longest := make([]int64, len(texts))
	targets := make([]any, len(texts))
	for i := range longest {
		targets[i] = &longest[i]
	}
	err := tx.QueryRowContext(ctx, "SELECT "+strings.Join(lengths, ",\n")+"\nFROM "+e.source(m)).Scan(targets...)
	for i, t := range texts {
		u.longest[t] = longest[i]
	}
	return err
}

// readChoices collects the options of every combination of values in use.
func (m *theMap) readChoices(ctx context.Context, tx *sql.Tx, e entity, fields []mapField, values []string, u use) error {
	if len(fields) == 0 {
		return nil
	}
	rows, err := tx.QueryContext(ctx, "SELECT DISTINCT "+strings.Join(values, ",\n")+"\nFROM "+e.source(m))
	if err != nil {
		return err
	}
	defer rows.Close()
	found := make([]sql.NullString, len(fields))
	targets := make([]any, len(fields))
	seen := make([]map[string]bool, len(fields))
	for i := range found {
		targets[i], seen[i] = &found[i], map[string]bool{}
	}
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return err
		}
		for i, v := range found {
			if !v.Valid || seen[i][v.String] {
				continue
			}
			seen[i][v.String] = true
			if err := m.addOptions(fields[i], v.String, u); err != nil {
				return err
			}
		}
	}
	return rows.Err()
}

// addOptions notes the option of an enum's value or the options of a set's array.
func (m *theMap) addOptions(f mapField, value string, u use) error {
	values := []string{value}
	if f.kind == "set" && strings.HasPrefix(value, "[") {
		if err := json.Unmarshal([]byte(value), &values); err != nil {
			return fmt.Errorf("map_field %q: read options %s: %w", f.key, value, err)
		}
	}
	for _, v := range values {
		if label := m.label(f, v); label != nil {
			u.options[f.entity+"."+f.target+":"+*label] = true
		}
	}
	return nil
}

// label is the option of a source value; nil when the map leaves it out.
func (m *theMap) label(f mapField, value string) *string {
	for _, o := range m.renamed[f.object+"."+f.source] {
		if o.value == value {
			return o.label
		}
	}
	return &value
}

// details is the text of the field "NextCRM details"; "" when nothing goes there.
func (m *theMap) details(e entity) string {
	var lines []string
	for _, f := range m.fields[e.name] {
		if f.action == "details" {
			lines = append(lines, "ifnull(char(10) || "+mapped.Literal(f.name+": ")+" || "+m.value(f).Text+", '')")
		}
	}
	if len(lines) == 0 {
		return ""
	}
	return "nullif(substr(" + concat(lines, 20) + ", 2), '')"
}
