package nextcrm

import (
	"fmt"
	"slices"
	"strings"
)

// CoverageMarkdown shows what becomes of every table that a NextCRM database
// ever had and of every file that an export may hold, as two Markdown tables. It
// is made from the very lists that extraction works by. Should database.tsv be
// damaged, which a test rules out, its text is the error.
func CoverageMarkdown() string {
	m, err := readMapping()
	if err != nil {
		return err.Error()
	}
	var b strings.Builder
	b.WriteString("| NextCRM table | staging table | columns | kept in `extra` | left out |\n|---|---|---|---|---|\n")
	for _, table := range m.tables() {
		b.WriteString(m.coverageRow(table))
	}
	b.WriteString("\n| export file | staging table |\n|---|---|\n")
	for _, s := range stems {
		fmt.Fprintf(&b, "| %s | `stg_%s` |\n", strings.ReplaceAll(s.names, ",", ", "), s.kind)
	}
	fmt.Fprintf(&b, "| files of a folder %s | `stg_document_file` |\n", strings.Join(documentFolders, ", "))
	return b.String()
}

// tables lists all tables by name, whatever their case.
func (m databaseMapping) tables() []string {
	var names []string
	for name := range m.lines {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return strings.Compare(strings.ToLower(a)+a, strings.ToLower(b)+b) })
	return names
}

// coverageRow counts the columns that have a column of their own in staging and
// names all others.
func (m databaseMapping) coverageRow(table string) string {
	var objects, known, extra, out []string
	add := func(to *[]string, word string) {
		if !slices.Contains(*to, word) {
			*to = append(*to, word)
		}
	}
	for _, line := range m.lines[table] {
		_, isConstant := line.constant()
		switch {
		case line.column == mapSkip:
			return fmt.Sprintf("| `%s` | none | | | all of it: %s |\n", table, line.reason)
		case line.column == mapOut && m.isKept(table, line.dbColumn): // another object takes it
		case line.column == mapOut:
			add(&out, fmt.Sprintf("`%s`: %s", line.dbColumn, line.reason))
		case line.column == mapExtra:
			add(&extra, "`"+line.dbColumn+"`")
		case !isConstant:
			add(&known, line.dbColumn)
		}
		add(&objects, "`stg_"+line.object+"`")
	}
	return fmt.Sprintf("| `%s` | %s | %d | %s | %s |\n", table, strings.Join(objects, ", "), len(known), strings.Join(extra, ", "), strings.Join(out, "; "))
}

// isKept tells whether any object takes the column.
func (m databaseMapping) isKept(table, dbColumn string) bool {
	return slices.ContainsFunc(m.find(table, dbColumn), func(l mappingLine) bool { return l.column != mapOut })
}
