package report_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nextpipe/stages/report"
)

func TestTheDocumentOfSegmentsTellsRuleByRuleWhatBecameOfThem(t *testing.T) {
	db := sampleExport(t)
	if err := db.Write(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.Exec(`INSERT INTO clean_segment (segment_key, row_id, source_id, title, rules, definition) VALUES ('segment:9', 9, '9', 'Odd | <b>one</b>', 0, '{}');
			INSERT INTO xw_item (object, row_id, fate, rule, reason) VALUES ('segment', 9, 'documented', 'segments.md', 'unreadable')`)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if _, err := report.WriteDocuments(t.Context(), db, dir); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "segments.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"## Berlin customers (1)\n\nCity is Berlin and Contact type is any of customer.\n\n- Members on 2025-02-01: 16\n- In Pipedrive: a filter: NextCRM segment: Berlin customers\n",
		"| Contact type is any of customer | Contact type is customer |  |\n",
		"- In Pipedrive: frozen: NextCRM segment: Opened spring or hot partner (frozen)\n",
		"| activities.campaign\\_email\\_activity open 1 | no counterpart | Pipedrive's filters do not know who opened or clicked a mail. |\n",
		"## Odd \\| &lt;b&gt;one&lt;/b&gt; (9)\n\nIts rules are written in no grammar that is known.",
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("segments.md lacks %q; it is:\n%s", want, text)
		}
	}
}
