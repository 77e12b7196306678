package mapping_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nextpipe/stages/mapping"
)

// segmented are two segments, of which only the first is a filter: a rule that
// nobody can answer is in the second.
const segmented = `INSERT INTO clean_segment (segment_key, row_id, source_id, title, shape, rules, definition, as_of) VALUES
	('segment:1', 1, '1', 'Engineers', 'fluentcrm', 1, '{"object_type":"custom_segment","value":{"filters":[[{"source":["subscriber","prefix"],"operator":"=","value":"Ing."}]]}}', '2025-01-31T23:30:00Z'),
	('segment:2', 2, '2', 'Openers', 'fluentcrm', 1, '{"object_type":"custom_segment","value":{"filters":[[{"source":["activities","email_opened"],"operator":"=","value":"1"}]]}}', '2025-01-31T23:30:00Z')`

func TestASegmentIsProposedAsAFilterWhereEveryRuleHasACounterpart(t *testing.T) {
	db := warehouseWith(t, small, segmented, "UPDATE clean_site SET timezone = 'Europe/Berlin'")
	run(t, db)
	want := []string{
		"Engineers: filter full, 1 members, 0 undecided, on 2025-02-01 [] every rule has its counterpart",
		`Openers: frozen none, 0 members, 1 undecided, on 2025-02-01 ["email_activity"] Pipedrive's filters do not know who opened or clicked a mail. Of 1 people the source does not say whether they belonged.`,
	}
	got := list(t, db, `SELECT name || ': ' || action || ' ' || translation || ', ' || members || ' members, ' || undecided || ' undecided, on ' || as_of || ' ' || reasons || ' ' || evidence
		FROM map_segment ORDER BY map_key`)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	want = []string{"Name prefix is Ing. → Name prefix is Ing.", "activities.email_opened is 1 → nothing: Pipedrive's filters do not know who opened or clicked a mail."}
	got = list(t, db, `SELECT rule_text || ' → ' || ifnull(counterpart, 'nothing: ' || explanation) FROM map_segment_rule ORDER BY segment_key, position`)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rules (-want +got):\n%s", diff)
	}
}

func TestDecisionsOnSegmentsAreAppliedOrNamed(t *testing.T) {
	db := warehouseWith(t, small, segmented, decideSQL("map_segment", "segment:1", "action", "'frozen'"), decideSQL("map_field", "contact.segments", "target_name", "'Segments'"))
	run(t, db)
	want := []string{"contact:1 Engineers", "Segments set", "Segment: Engineers", "Segment: Openers"}
	got := list(t, db, `SELECT contact_key || ' ' || name FROM map_segment_member UNION ALL
		SELECT target_name || ' ' || target_type FROM map_field WHERE map_key = 'contact.segments' UNION ALL SELECT label FROM map_option WHERE source_field = 'segments'`)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for decision, want := range map[string]string{
		decideSQL("map_segment", "segment:2", "action", "'filter'"):                  `map_segment "segment:2" cannot be a filter: Pipedrive's filters do not know`,
		decideSQL("map_segment", "segment:2", "name", "'engineers'"):                 `name "engineers" is empty or that of segment:1`,
		decideSQL("map_segment", "segment:3", "action", "'skip'"):                    `map_segment has no row "segment:3"`,
		decideSQL("map_segment", "segment:2", "members", "'5'"):                      "column members is not for decisions",
		decideSQL("map_setting", "segment_day", "value", "'yesterday'"):              "takes a day such as 2026-01-31",
		decideSQL("map_setting", "visible_to_person", "value", "'all'"):              `map_setting "visible_to_person" takes`,
		decideSQL("map_option", "contact.segments=Nobody", "label", "'x'"):           `map_option has no row "contact.segments=Nobody"`,
		decideSQL("map_setting", "plan", "value", "'lite'") + `;` + seenByTheirGroup: `which plan lite does not have`,
	} {
		db := warehouseWith(t, small, segmented, decision)
		if _, err := mapping.Run(t.Context(), db); !errors.Is(err, mapping.ErrDecision) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", decision, err, want)
		}
	}
}

var seenByTheirGroup = decideSQL("map_setting", "visible_to_deal", "value", "'5'")

func TestADecidedDayIsTheOneOnWhichAgesCount(t *testing.T) {
	fresh := strings.ReplaceAll(segmented, `"prefix"],"operator":"=","value":"Ing."`, `"created_at"],"operator":"days_within","value":"7"`)
	db := warehouseWith(t, small, fresh, "UPDATE clean_contact SET created_at = '2024-01-14T14:30:00Z'", decideSQL("map_setting", "segment_day", "value", "'2024-01-20'"))
	run(t, db)
	if got := list(t, db, "SELECT members || ' on ' || as_of FROM map_segment WHERE map_key = 'segment:1'"); got[0] != "1 on 2024-01-20" {
		t.Errorf("members: %s", got[0])
	}
}

func TestNewMembersAndAnotherDayDoNotMoveTheSeal(t *testing.T) {
	db := warehouseWith(t, small, segmented, decideSQL("map_segment", "segment:1", "action", "'frozen'"))
	run(t, db)
	first, err := mapping.Seal(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	execute(t, db, `UPDATE clean_segment SET as_of = '2025-06-30T10:00:00Z';
		INSERT INTO clean_contact (contact_key, row_id, source_id, name, name_origin, prefix, row_hash) VALUES ('contact:2', 2, '2', 'Eva', 'name', 'Ing.', 'h')`)
	run(t, db)
	if got, err := mapping.Seal(t.Context(), db); err != nil || got != first {
		t.Errorf("the seal moved: %v", err)
	}
	execute(t, db, decideSQL("map_segment", "segment:1", "name", "'E'"))
	run(t, db)
	if got, err := mapping.Seal(t.Context(), db); err != nil || got == first {
		t.Errorf("another name left the seal as it was: %v", err)
	}
}
