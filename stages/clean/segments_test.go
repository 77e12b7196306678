package clean_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

const inBonn = `{"title":"Bonn","filters":[[{"source":["subscriber","city"],"operator":"=","value":"Bonn"},{"source":["segment","tags"],"operator":"in","value":["9"]}]]}`

func TestSegmentsAreReadOnceWhateverGrammarAndFilesTheyComeIn(t *testing.T) {
	db := newWarehouse(t, "plugin", "Europe/Berlin")
	stageRows(t, db, "contact", map[string]string{"id": "1", "email": "a@example.com", "created_at": "2024-01-02 10:00:00", "updated_at": "2024-03-01 00:30:00"})
	stageRows(t, db, "segment",
		map[string]string{"id": "1,001", "title": "Bonn people", "json": inBonn},
		map[string]string{"id": "1001", "title": "the same again", "json": inBonn},
		map[string]string{"json": inBonn},
		map[string]string{"id": "3", "json": `{"filters":"broken"`},
		map[string]string{"id": "4", "title": "Odd", "json": `{"rules":[1]}`})
	exec(t, db, `INSERT INTO fix_value (object, source_id, field, value, by_name) VALUES ('segment', '4', 'json', '`+inBonn+`', 'Eva')`)
	run(t, db)
	want := []string{
		"segment:1001 | Bonn people | fluentcrm | 2 | 2024-02-29T23:30:00Z",
		"segment:row:3 | Bonn | fluentcrm | 2 | 2024-02-29T23:30:00Z",
		"segment:3 | Segment 3 | NULL | 0 | 2024-02-29T23:30:00Z",
		"segment:4 | Odd | fluentcrm | 2 | 2024-02-29T23:30:00Z",
	}
	if diff := cmp.Diff(want, query(t, db, "SELECT segment_key, title, shape, rules, as_of FROM clean_segment ORDER BY row_id")); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if diff := cmp.Diff([]string{"segment:3"}, query(t, db, "SELECT record_key FROM issue WHERE rule = 'segment_unreadable'")); diff != "" {
		t.Errorf("unreadable (-want +got):\n%s", diff)
	}
}

func TestIdsOfRepeatedTagsAndListsMeanOneAndTheSame(t *testing.T) {
	db := newWarehouse(t, "plugin", "UTC")
	stageRows(t, db, "tag", map[string]string{"id": "3", "title": "VIP"}, map[string]string{"id": "14", "title": " vip "}, map[string]string{"title": "No id"})
	stageRows(t, db, "list", map[string]string{"id": "3", "title": "News"})
	stageRows(t, db, "custom_field", map[string]string{"id": "12", "slug": "plan_tier", "type": "text"})
	stageRows(t, db, "setting", map[string]string{"key": "exported_at", "value": "2025-02-01T08:00:00+01:00"})
	stageRows(t, db, "segment", map[string]string{"id": "1", "json": inBonn})
	run(t, db)
	want := []string{"custom_field | 12 | plan_tier", "list | 3 | News", "tag | 14 | VIP", "tag | 3 | VIP"}
	if diff := cmp.Diff(want, query(t, db, "SELECT kind, ref, means FROM clean_rule_ref ORDER BY 1, 2")); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if got := *value(t, db, "SELECT as_of FROM clean_segment"); got != "2025-02-01T07:00:00Z" {
		t.Errorf("the export is of %s", got)
	}
}
