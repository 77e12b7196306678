package nextcrm

import (
	"fmt"
	"slices"
	"strings"
)

// fieldObject is the object whose records are not rows of a table here but the
// columns that a fork added.
const fieldObject = "custom_field"

// forkColumn is a column that NextCRM itself does not have.
type forkColumn struct {
	object string
	table  string
	column dbColumn
}

// fieldOwners are the objects whose records have custom fields in Pipedrive.
var fieldOwners = []string{"account", "contact", "deal"}

// noteUnknown proposes a field for a column, or else says where its values are.
func (s *databaseSource) noteUnknown(object, table string, c dbColumn) {
	if slices.Contains(fieldOwners, object) {
		s.fields = append(s.fields, forkColumn{object, table, c})
		return
	}
	s.note("info", "unknown-column", table, c.name, "not a column of NextCRM itself: its values are kept as extra of "+object, "")
}

// forkColumns yields one record for each unknown column of an object with custom fields.
func (s *databaseSource) forkColumns(yield func(*Row) error) error {
	object, ok := Lookup(fieldObject)
	if !ok {
		return fmt.Errorf("object %s is not in the catalogue", fieldObject)
	}
	for _, f := range s.fields {
		known := f.values()
		row := Row{Table: f.table, ID: []byte(f.table + "." + f.column.name), Values: make([][]byte, len(object.Columns))}
		for i, name := range object.Columns {
			if text, ok := known[name]; ok {
				row.Values[i] = []byte(text)
			}
		}
		if err := yield(&row); err != nil {
			return err
		}
	}
	return nil
}

func (f forkColumn) values() map[string]string {
	c := f.column
	values := map[string]string{"object": f.object, "slug": c.name, "label": humanize(c.name), "type": fieldType(c), "required": "false"}
	if c.isRequired {
		values["required"] = "true"
	}
	if len(c.labels) > 0 {
		values["options"] = strings.Join(c.labels, "|")
	}
	return values
}

// fieldType is the PostgreSQL type behind "pg:", with the table that a foreign
// key points to: "pg:numeric(12,2)", "pg:enum", "pg:uuid->Users".
func fieldType(c dbColumn) string {
	if c.references != "" {
		return "pg:" + c.typ + "->" + c.references
	}
	return "pg:" + c.typ
}
