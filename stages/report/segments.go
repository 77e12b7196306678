package report

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"nextpipe/stages/internal/warehouse"
)

// segmentLine is one rule of a segment with what its segment became.
type segmentLine struct {
	key, segment, action, name, translation, sentence, evidence, asOf string
	members, undecided                                                int64
	rule, counterpart, explanation                                    string
	isException                                                       bool
}

// writeSegments writes segments.md: for each segment who belonged to it, what
// became of it, and rule by rule its counterpart in Pipedrive or why there is none.
func writeSegments(ctx context.Context, db *warehouse.DB, dir string) (names []string, err error) {
	lines, err := segmentLines(ctx, db)
	if err != nil || len(lines) == 0 {
		return nil, err
	}
	name := filepath.Join(dir, "segments.md")
	f, err := os.Create(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w := bufio.NewWriter(f)
	fmt.Fprint(w, "# Segments\n\nA filter goes on working in Pipedrive. A frozen segment is the people who belonged to it on one day: "+
		"an option of their field \"NextCRM segments\", and a filter that finds it.\n")
	last := ""
	for _, l := range lines {
		if l.key != last {
			l.head(w)
			last = l.key
		}
		l.body(w)
	}
	return []string{name}, w.Flush()
}

func segmentLines(ctx context.Context, db *warehouse.DB) ([]segmentLine, error) {
	rows, err := db.Read().QueryContext(ctx, `SELECT c.segment_key, c.title || iif(c.source_id IS NULL, '', ' (' || c.source_id || ')'), coalesce(s.action, ''),
			coalesce(f.name, ''), coalesce(s.translation, ''), coalesce(s.rule_text, ''), coalesce(s.evidence, ''), coalesce(s.as_of, ''),
			coalesce(s.members, 0), coalesce(s.undecided, 0), coalesce(r.rule_text, ''), coalesce(r.counterpart, ''),
			coalesce(r.explanation, ''), coalesce(r.is_exception, 0)
		FROM clean_segment AS c
		LEFT JOIN map_segment AS s ON s.map_key = c.segment_key
		LEFT JOIN map_segment_rule AS r ON r.segment_key = c.segment_key
		LEFT JOIN xw_item AS x ON x.object = 'segment' AND x.row_id = c.row_id
		LEFT JOIN final_filter AS f ON f.final_key = x.final_key
		ORDER BY c.row_id, r.position`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []segmentLine
	for rows.Next() {
		var l segmentLine
		if err := rows.Scan(&l.key, &l.segment, &l.action, &l.name, &l.translation, &l.sentence, &l.evidence, &l.asOf, &l.members, &l.undecided,
			&l.rule, &l.counterpart, &l.explanation, &l.isException); err != nil {
			return nil, err
		}
		all = append(all, l)
	}
	return all, rows.Err()
}

// head tells what became of a segment as a whole.
func (l segmentLine) head(w io.Writer) {
	fmt.Fprintf(w, "\n## %s\n\n", markdown(l.segment))
	if l.action == "" {
		fmt.Fprintln(w, "Its rules are written in no grammar that is known. The whole definition is in the column definition of clean_segment; build the filter by hand.")
		return
	}
	fmt.Fprintf(w, "%s.\n\n- Members on %s: %d", markdown(l.sentence), l.asOf, l.members)
	if l.undecided > 0 {
		fmt.Fprintf(w, "; of %d more the source does not say whether they belonged", l.undecided)
	}
	became := map[string]string{"filter": "a filter", "frozen": "frozen", "skip": "left out by the map"}[l.action]
	if l.name != "" {
		became += ": " + markdown(l.name)
	}
	fmt.Fprintf(w, "\n- In Pipedrive: %s\n- Translation: %s; %s\n\n", became, l.translation, markdown(l.evidence))
	if l.rule != "" {
		fmt.Fprint(w, "| Rule | In Pipedrive | |\n|---|---|---|\n")
	}
}

// body tells what became of one rule.
func (l segmentLine) body(w io.Writer) {
	if l.rule == "" {
		return
	}
	rule, counterpart := markdown(l.rule), markdown(l.counterpart)
	if l.isException {
		rule = "except: " + rule
	}
	if counterpart == "" {
		counterpart = "no counterpart"
	}
	fmt.Fprintf(w, "| %s | %s | %s |\n", rule, counterpart, markdown(l.explanation))
}

// markdown keeps a text of the source from being read as markup.
func markdown(s string) string {
	return strings.NewReplacer("\\", "\\\\", "|", "\\|", "*", "\\*", "_", "\\_", "`", "\\`", "<", "&lt;", "[", "\\[", "#", "\\#", "\n", " ", "\r", " ").Replace(s)
}
