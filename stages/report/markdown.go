package report

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// markdown puts a CommonMark document together. Whatever comes from the source
// is text there, never markup.
type markdown struct{ b strings.Builder }

// line writes a paragraph, a heading or an entry of a list. The arguments are
// escaped, the format is not.
func (m *markdown) line(format string, args ...any) {
	for i, a := range args {
		args[i] = escapeMarkdown(fmt.Sprint(a))
	}
	fmt.Fprintf(&m.b, format+"\n", args...)
}

// table writes rows under headings, and a blank line after them.
func (m *markdown) table(head []string, rows [][]string) {
	fmt.Fprintf(&m.b, "\n| %s |\n|%s\n", strings.Join(head, " | "), strings.Repeat("---|", len(head)))
	for _, row := range rows {
		cells := make([]string, len(row))
		for i, cell := range row {
			cells[i] = escapeMarkdown(cell)
		}
		fmt.Fprintf(&m.b, "| %s |\n", strings.Join(cells, " | "))
	}
	m.b.WriteString("\n")
}

// block writes a text with its lines, as code: nothing in it is markup. The
// fence is longer than any in the text.
func (m *markdown) block(title, text string) {
	if text == "" {
		return
	}
	fence := "```"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	fmt.Fprintf(&m.b, "\n%s:\n\n%s\n%s\n%s\n", title, fence, strings.ReplaceAll(text, "\r", ""), fence)
}

// write puts the document into dir and returns the file's name.
func (m *markdown) write(dir, name string) ([]string, error) {
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(m.b.String()), 0o644); err != nil {
		return nil, err
	}
	return []string{path}, nil
}

// special are the characters that could start markup, and line ends, which
// would end a row of a table.
var special = strings.NewReplacer("\\", "\\\\", "`", "\\`", "*", "\\*", "_", "\\_", "[", "\\[", "]", "\\]", "<", "&lt;", ">", "&gt;", "&", "&amp;",
	"#", "\\#", "|", "\\|", "~", "\\~", "!", "\\!", "\r\n", " ", "\n", " ", "\r", " ")

func escapeMarkdown(s string) string { return special.Replace(s) }
