package build_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTasksOfBoardsBecomeTasksOfProjects(t *testing.T) {
	long := strings.Repeat("äöü ", 20_000)
	db := happenings(t, "open-source", "UTC", map[string][]row{
		"board":   {{"id": "b1", "title": "Roof", "description": "<p>Old &amp; new</p>", "owner_id": "u2", "position": "1", "favourite": "t"}, {"id": "b2", "title": strings.Repeat("x", 300)}, {"id": "gone", "deleted_at": "2024-01-01T00:00:00Z"}},
		"section": {{"id": "s2", "board_id": "b1", "title": "Done", "position": "2"}, {"id": "s1", "board_id": "b1", "title": "To do", "position": "1"}, {"id": "s3", "board_id": "gone", "title": "Lost"}, {"id": "s4", "board_id": "nowhere", "title": "Adrift"}},
		"board_task": {
			{"id": "t]1", "section_id": "s2", "title": "Measure", "description": "<b>On</b> site", "status": "COMPLETE", "due_at": "2024-03-01T23:30:00Z", "owner_id": "u2", "tags": `["a","b"]`, "likes": "0"},
			{"id": "t2", "section_id": "s1", "title": "", "description": long, "owner_id": "unknown"},
			{"id": "t3", "title": "Free"}, {"id": "t4", "section_id": "s3", "title": "Deleted"}, {"id": "t5", "section_id": "s4", "title": "Adrift"}},
		"task_comment": {{"id": "2", "board_task_id": "t]1", "description": "second", "user_id": "gone", "created_at": "2024-05-02T10:00:00Z"}, {"id": "1", "board_task_id": "t]1", "description": "<i>first</i>", "user_id": "u2", "created_at": "2024-05-01T10:00:00Z"},
			{"id": "3", "board_task_id": "t2", "description": "of the long one", "created_at": "2024-05-01T10:00:00Z"}, {"id": "4", "board_task_id": "t4", "description": "deleted", "created_at": "2024-05-01T10:00:00Z"}},
	})
	decideSetting(t, db, "projects", "projects")
	decideSetting(t, db, "projects_board", "From NextCRM")
	rebuild(t, db)
	want := []string{
		"board:b1 Roof board:from nextcrm phase:from nextcrm/to do Old & new\n\nSections: To do, Done\nFavourite: yes\nOwner: bo@example.com\n[NextCRM abc123/board:b1]",
		"board:b2 " + strings.Repeat("x", 255) + " board:from nextcrm phase:from nextcrm/open " + strings.Repeat("x", 300) + "\n[NextCRM abc123/board:b2]",
		"board:none Tasks of no board board:from nextcrm phase:from nextcrm/open Tasks that stood on no project board in NextCRM.\n\n[NextCRM abc123/board:none]",
	}
	if diff := cmp.Diff(want, column(t, db, `SELECT final_key || ' ' || title || ' ' || (payload ->> '$.board_id.@ref') || ' ' || (payload ->> '$.phase_id.@ref') || ' ' || (payload ->> '$.description')
		FROM final_project ORDER BY seq`)); diff != "" {
		t.Errorf("projects (-want +got):\n%s", diff)
	}
	want = []string{
		"board_task:t_1 board:b1 Measure 1 2024-03-01 On site\n\nComments:\n2024-05-01 10:00:00 UTC, bo@example.com: first\n2024-05-02 10:00:00 UTC, gone: second\n\n" +
			"Section: Done\nStatus: COMPLETE\nTags: a, b\nDue: 2024-03-01 23:30:00 UTC\nOwner: bo@example.com\n[NextCRM abc123/board_task:t_1]",
		"board_task:t2 board:b1 Task t2 0  Its texts are too long for Pipedrive: they stand in board_tasks.csv.\n\nSection: To do\nOwner: unknown\n[NextCRM abc123/board_task:t2]",
		"board_task:t3 board:none Free 0  [NextCRM abc123/board_task:t3]",
		"board_task:t5 board:none Adrift 0  Section: Adrift\n[NextCRM abc123/board_task:t5]",
	}
	if diff := cmp.Diff(want, column(t, db, `SELECT final_key || ' ' || project_key || ' ' || title || ' ' || (payload ->> '$.done') || ' ' || coalesce(payload ->> '$.due_date', '') || ' ' || (payload ->> '$.description')
		FROM final_project_task ORDER BY seq`)); diff != "" {
		t.Errorf("tasks (-want +got):\n%s", diff)
	}
	want = []string{"from nextcrm/open Open 1", "from nextcrm/to do To do 2", "from nextcrm/done Done 3"}
	if diff := cmp.Diff(want, column(t, db, "SELECT phase_key || ' ' || name || ' ' || position FROM final_phase ORDER BY position")); diff != "" {
		t.Errorf("phases (-want +got):\n%s", diff)
	}
	want = []string{"board b1 final board:b1", "board b2 final board:b2", "board gone excluded soft_deleted",
		"board_task t2 final board_task:t2 too_long", "board_task t3 final board_task:t3", "board_task t4 excluded soft_deleted", "board_task t5 final board_task:t5", "board_task t]1 final board_task:t_1",
		"section s1 merged board:b1 phase", "section s2 merged board:b1 phase", "section s3 excluded soft_deleted", "section s4 documented board_sections.csv",
		"task_comment 1 merged board_task:t_1 comment", "task_comment 2 merged board_task:t_1 comment", "task_comment 3 documented board_tasks", "task_comment 4 excluded soft_deleted"}
	if diff := cmp.Diff(want, column(t, db, "SELECT concat_ws(' ', object, source_id, fate, final_key, rule) FROM xw_item WHERE object IN ('board', 'section', 'board_task', 'task_comment') ORDER BY 1")); diff != "" {
		t.Errorf("fates (-want +got):\n%s", diff)
	}
}
