package nextcrm

import (
	"fmt"
	"slices"
	"strings"
)

// CoverageMarkdown shows what becomes of every table that a NextCRM database
// ever had and of every file that an export may hold, as two Markdown tables. It
// is made from the very lists that extraction works by and from fates.tsv. Should
// one of them be damaged, which tests rule out, its text is the error.
func CoverageMarkdown() string {
	m, err := readMapping()
	if err != nil {
		return err.Error()
	}
	all, err := Fates()
	if err != nil {
		return err.Error()
	}
	fates := map[string]Fate{}
	for _, f := range all {
		fates[f.Object] = f
	}
	var b strings.Builder
	b.WriteString("| NextCRM table | staging | what becomes of it | columns | more, in `extra` | left out |\n|---|---|---|---|---|---|\n")
	for _, table := range m.tables() {
		b.WriteString(m.coverageRow(table, fates))
	}
	b.WriteString("\n| export file | staging | what becomes of it |\n|---|---|---|\n")
	for _, s := range stems {
		fmt.Fprintf(&b, "| %s | `stg_%s` | %s |\n", strings.ReplaceAll(s.names, ",", ", "), s.kind, fates[s.kind].text())
	}
	fmt.Fprintf(&b, "| files of a folder %s | `stg_document_file` | %s |\n", strings.Join(documentFolders, ", "), fates["document_file"].text())
	return b.String()
}

// text is the fate as a cell.
func (f Fate) text() string { return f.Kind + ": " + f.What }

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
// names all others, and those that stay there.
func (m databaseMapping) coverageRow(table string, fates map[string]Fate) string {
	var objects, becomes, known, extra, out []string
	add := func(to *[]string, word string) {
		if !slices.Contains(*to, word) {
			*to = append(*to, word)
		}
	}
	for _, line := range m.lines[table] {
		_, isConstant := line.constant()
		switch {
		case line.column == mapSkip:
			return fmt.Sprintf("| `%s` | none | left out: %s | | | all of it |\n", table, line.reason)
		case line.column == mapOut && m.isKept(table, line.dbColumn): // another object takes it
		case line.column == mapOut:
			add(&out, fmt.Sprintf("`%s`: %s", line.dbColumn, line.reason))
		case line.column == mapExtra:
			add(&extra, "`"+line.dbColumn+"`")
		case !isConstant:
			add(&known, line.dbColumn)
		}
		if reason := fates[line.object].Kept[line.column]; reason != "" {
			add(&out, fmt.Sprintf("`%s` stays in the warehouse: %s", line.dbColumn, reason))
		}
		add(&objects, "`stg_"+line.object+"`")
		add(&becomes, fates[line.object].text())
	}
	return fmt.Sprintf("| `%s` | %s | %s | %d | %s | %s |\n", table, strings.Join(objects, ", "), strings.Join(becomes, "; "), len(known),
		strings.Join(extra, ", "), strings.Join(out, "; "))
}

// isKept tells whether any object takes the column.
func (m databaseMapping) isKept(table, dbColumn string) bool {
	return slices.ContainsFunc(m.find(table, dbColumn), func(l mappingLine) bool { return l.column != mapOut })
}
