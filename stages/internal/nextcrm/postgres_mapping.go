package nextcrm

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
)

// databaseTSV says what becomes of every table and column that a NextCRM
// database ever had. One line a column; a new column is one line:
//
//	object   the object it feeds, or - for a table that feeds none
//	column   its known column; id = the record's id; + = kept in extra; - = left out;
//	         later, skip = what becomes of the whole table
//	table    the table, db_column its column, or * for all
//	labels   the labels NextCRM itself gives an enum; others are reported
//	reason   why it is left out
//
//go:embed database.tsv
var databaseTSV string

// mappingLine is one line of database.tsv.
type mappingLine struct{ object, column, table, dbColumn, labels, reason string }

// Words of the column "column" that are not columns.
const (
	mapID    = "id"
	mapExtra = "+"
	mapOut   = "-"
	mapLater = "later"
	mapSkip  = "skip"
)

// databaseMapping is database.tsv, arranged for look-ups.
type databaseMapping struct {
	tableOf map[string]string        // object → table
	lines   map[string][]mappingLine // table → its lines in file order
}

func readMapping() (databaseMapping, error) {
	r := csv.NewReader(strings.NewReader(databaseTSV))
	r.Comma, r.FieldsPerRecord, r.LazyQuotes = '\t', 6, true
	records, err := r.ReadAll()
	if err != nil {
		return databaseMapping{}, fmt.Errorf("read database.tsv: %w", err)
	}
	m := databaseMapping{tableOf: map[string]string{}, lines: map[string][]mappingLine{}}
	for i, f := range records[1:] {
		line := mappingLine{f[0], f[1], f[2], f[3], f[4], f[5]}
		if !line.isValid() {
			return databaseMapping{}, fmt.Errorf("read database.tsv: line %d: object %q has no column %q", i+2, line.object, line.column)
		}
		m.lines[line.table] = append(m.lines[line.table], line)
		if line.dbColumn != "*" {
			m.tableOf[line.object] = line.table
		}
	}
	return m, nil
}

// isValid tells whether the line's words are in the catalogue.
func (l mappingLine) isValid() bool {
	if l.dbColumn == "*" {
		return l.column == mapLater || l.column == mapSkip
	}
	object, ok := Lookup(l.object)
	return ok && (slices.Contains([]string{mapID, mapExtra, mapOut}, l.column) || slices.Contains(object.Columns, l.column))
}

// objectOf returns the object that a table feeds, "" for none.
func (m databaseMapping) objectOf(table string) string {
	if lines := m.lines[table]; len(lines) > 0 && lines[0].dbColumn != "*" {
		return lines[0].object
	}
	return ""
}

// find returns the lines of one column: several when it feeds several.
func (m databaseMapping) find(table, dbColumn string) []mappingLine {
	var found []mappingLine
	for _, line := range m.lines[table] {
		if line.dbColumn == dbColumn {
			found = append(found, line)
		}
	}
	return found
}
