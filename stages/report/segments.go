package report

import (
	"context"

	"nextpipe/stages/internal/warehouse"
)

// segmentLine is one rule of a segment with what its segment became.
type segmentLine struct {
	key, segment, action, name, translation, sentence, evidence, asOf string
	members                                                           int64
	rule, counterpart, explanation                                    string
	isException                                                       bool
}

// writeSegments writes segments.md: for each segment who belonged to it, what
// became of it, and rule by rule its counterpart in Pipedrive or why there is none.
func writeSegments(ctx context.Context, db *warehouse.DB, dir string) ([]string, error) {
	lines, err := segmentLines(ctx, db)
	if err != nil || len(lines) == 0 {
		return nil, err
	}
	var doc markdown
	doc.line("# Segments\n\nA filter goes on working in Pipedrive. A frozen segment is the people who belonged to it on one day: " +
		"an option of their field \"NextCRM segments\", and a filter that finds it.")
	for len(lines) > 0 {
		n := 1
		for n < len(lines) && lines[n].key == lines[0].key {
			n++
		}
		writeSegment(&doc, lines[:n])
		lines = lines[n:]
	}
	return doc.write(dir, "segments.md")
}

// writeSegment tells of one segment, whose rules are the lines.
func writeSegment(doc *markdown, lines []segmentLine) {
	l := lines[0]
	doc.line("\n## %s\n", l.segment)
	if l.action == "" {
		doc.line("Its rules are written in no grammar that is known. The whole definition is in clean_segment; build the filter by hand.")
		return
	}
	became := map[string]string{"filter": "a filter", "frozen": "frozen", "skip": "left out by the map"}[l.action]
	if l.name != "" {
		became += ": " + l.name
	}
	doc.line("%s.\n\n- Members on %s: %s\n- In Pipedrive: %s\n- Translation: %s; %s", l.sentence, l.asOf, l.members, became, l.translation, l.evidence)
	var rules [][]string
	for _, l := range lines {
		if l.rule == "" {
			continue
		}
		if l.isException {
			l.rule = "except: " + l.rule
		}
		if l.counterpart == "" {
			l.counterpart = "no counterpart"
		}
		rules = append(rules, []string{l.rule, l.counterpart, l.explanation})
	}
	doc.table([]string{"Rule", "In Pipedrive", "Why not, or not quite"}, rules)
}

func segmentLines(ctx context.Context, db *warehouse.DB) ([]segmentLine, error) {
	rows, err := db.Read().QueryContext(ctx, `SELECT c.segment_key, c.title || iif(c.source_id IS NULL, '', ' (' || c.source_id || ')'), coalesce(s.action, ''),
			coalesce(f.name, ''), coalesce(s.translation, ''), coalesce(s.rule_text, ''), coalesce(s.evidence, ''), coalesce(s.as_of, ''),
			coalesce(s.members, 0), coalesce(r.rule_text, ''), coalesce(r.counterpart, ''),
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
		if err := rows.Scan(&l.key, &l.segment, &l.action, &l.name, &l.translation, &l.sentence, &l.evidence, &l.asOf, &l.members,
			&l.rule, &l.counterpart, &l.explanation, &l.isException); err != nil {
			return nil, err
		}
		all = append(all, l)
	}
	return all, rows.Err()
}
