package main

import (
	"strings"
	"unicode/utf8"
)

// widest bounds a column on the terminal; the CSV files have everything.
const widest = 44

// table prints the first rows of a table in columns.
func (p *printer) table(title string, columns []string, rows [][]string, most int) {
	p.line("\n%s (%d)", title, len(rows))
	shown := append([][]string{columns}, rows[:min(most, len(rows))]...)
	width := make([]int, len(columns))
	for _, row := range shown {
		for i, cell := range row {
			width[i] = max(width[i], utf8.RuneCountInString(short(cell)))
		}
	}
	for _, row := range shown {
		var b strings.Builder
		for i, cell := range row {
			text := short(cell)
			b.WriteString("  " + text + strings.Repeat(" ", width[i]-utf8.RuneCountInString(text)))
		}
		p.line("%s", strings.TrimRight(b.String(), " "))
	}
	if len(rows) > most {
		p.line("  … %d more, see --out", len(rows)-most)
	}
}

// short is a cell in one line of bounded width.
func short(cell string) string {
	cell = strings.Join(strings.Fields(cell), " ")
	if runes := []rune(cell); len(runes) > widest {
		return string(runes[:widest-1]) + "…"
	}
	return cell
}
