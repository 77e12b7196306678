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
//	         skip = the whole table is left out
//	table    the table, db_column its column, * for all, or =word for a constant
//	         that tells the tables apart which feed one object
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
	mapSkip  = "skip"
)

// constant returns the word that stands in every row instead of a column's value.
func (l mappingLine) constant() (word string, ok bool) { return strings.CutPrefix(l.dbColumn, "=") }

// databaseMapping is database.tsv, arranged for look-ups.
type databaseMapping struct {
	tablesOf map[string][]string      // object → its tables in file order
	lines    map[string][]mappingLine // table → its lines in file order
}

func readMapping() (databaseMapping, error) {
	r := csv.NewReader(strings.NewReader(databaseTSV))
	r.Comma, r.FieldsPerRecord, r.LazyQuotes = '\t', 6, true
	records, err := r.ReadAll()
	if err != nil {
		return databaseMapping{}, fmt.Errorf("read database.tsv: %w", err)
	}
	m := databaseMapping{tablesOf: map[string][]string{}, lines: map[string][]mappingLine{}}
	for i, f := range records[1:] {
		line := mappingLine{f[0], f[1], f[2], f[3], f[4], f[5]}
		if !line.isValid() {
			return databaseMapping{}, fmt.Errorf("read database.tsv: line %d: object %q has no column %q", i+2, line.object, line.column)
		}
		m.lines[line.table] = append(m.lines[line.table], line)
		if tables := m.tablesOf[line.object]; line.dbColumn != "*" && !slices.Contains(tables, line.table) {
			m.tablesOf[line.object] = append(tables, line.table)
		}
	}
	return m, nil
}

// isValid tells whether the line's words are in the catalogue.
func (l mappingLine) isValid() bool {
	if l.dbColumn == "*" {
		return l.column == mapSkip
	}
	object, ok := Lookup(l.object)
	return ok && (slices.Contains([]string{mapID, mapExtra, mapOut}, l.column) || slices.Contains(object.Columns, l.column))
}

// objectOf returns the first object that a table feeds, "" for none: the one
// whose rows are counted for it.
func (m databaseMapping) objectOf(table string) string {
	if lines := m.lines[table]; len(lines) > 0 && lines[0].dbColumn != "*" {
		return lines[0].object
	}
	return ""
}

// of returns the lines by which a table feeds an object.
func (m databaseMapping) of(object, table string) []mappingLine {
	var found []mappingLine
	for _, line := range m.lines[table] {
		if line.object == object && line.dbColumn != "*" {
			found = append(found, line)
		}
	}
	return found
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
