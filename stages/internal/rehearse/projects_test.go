package rehearse_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nextpipe/fixtures/sandbox"
	"nextpipe/stages/internal/rehearse"
	"nextpipe/stages/internal/warehouse"
	"nextpipe/stages/rollback"
)

func pathOf(entity string, id int64) string { return fmt.Sprintf("/api/v2/%s/%d", entity, id) }

// withProject is a loaded account with a project and its task.
func withProject(t *testing.T) (db *warehouse.DB, a *sandbox.Account, project, task int64) {
	t.Helper()
	db, a = loadedThen(t, "")
	return db, a, idOf(t, db, "board:1"), idOf(t, db, "board_task:1")
}

// only is the one record of an entity whose id is the given one.
func only(t *testing.T, a *sandbox.Account, entity string, id int64) map[string]any {
	t.Helper()
	for _, r := range a.Records(entity) {
		if number64(r["id"]) == id {
			return r
		}
	}
	t.Fatalf("there is no %s %d", entity, id)
	return nil
}

func TestProvision_ProjectsStandOnTheBoardThatHasTheName(t *testing.T) {
	db, a := rehearse.BroadWarehouse(t), rehearse.Account(t, 1)
	board, err := a.Create("boards", map[string]any{"name": "r&d"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Create("phases", map[string]any{"name": "To Do", "board_id": board}); err != nil {
		t.Fatal(err)
	}
	before := a.Dump(marker)
	if err := through(t, db, a); err != nil {
		t.Fatal(err, differences(t, db))
	}
	if n := count(t, db, "SELECT count(*) FROM provisioned WHERE kind = 'board' OR symbol = 'nextcrm/to do'"); n != 0 {
		t.Errorf("%d things were made that the account had under that name", n)
	}
	if n := count(t, db, "SELECT count(*) FROM provisioned WHERE symbol = 'nextcrm/done' AND parent_id = ?", fmt.Sprint(board)); n != 1 {
		t.Error("the phase that was missing does not stand on the account's board")
	}
	if _, err := rollback.Run(t.Context(), rehearse.Connect(t, db, a), rollback.Part{}, false); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, a.Dump(marker)); diff != "" {
		t.Errorf("the rollback left traces (-before +after):\n%s", diff)
	}
}

func TestVerify_SeesWhatUsersChangedInProjectsAndTasks(t *testing.T) {
	db, a, project, task := withProject(t)
	act(t, a, "PATCH", pathOf("projects", project), map[string]any{"description": "ours now [NextCRM " + rehearse.Tag + "/board:1]"})
	act(t, a, "PATCH", pathOf("tasks", task), map[string]any{"done": json.Number("0"), "due_date": "2024-04-01", "assignee_ids": []any{}})
	if err := through(t, db, a); err == nil {
		t.Error("verify saw nothing")
	}
	got := strings.Split(strings.TrimSpace(differences(t, db)), "\n")
	for i, want := range []string{"project board:1 value description", "project_task board_task:1 value assignee_ids", "project_task board_task:1 value done: want 1, got 0",
		`project_task board_task:1 value due_date: want "2024-03-01", got "2024-04-01"`} {
		if len(got) <= i || !strings.HasPrefix(got[i], want) {
			t.Errorf("differences are %q; want %q as the %dth", got, want, i+1)
		}
	}
}

func TestDelta_ATaskThatIsOpenAgainIsOpenedAndLosesItsDay(t *testing.T) {
	db, a, _, task := withProject(t)
	write(t, db, `UPDATE final_project_task SET payload = json_remove(json_set(payload, '$.done', 0), '$.due_date')`)
	if err := through(t, db, a); err != nil {
		t.Fatal(err, differences(t, db))
	}
	if got := only(t, a, "tasks", task); got["is_done"] != false || got["due_date"] != nil {
		t.Errorf("the task is done: %v, due: %v", got["is_done"], got["due_date"])
	}
	writes := len(a.Writes())
	if err := through(t, db, a); err != nil || len(a.Writes()) != writes {
		t.Errorf("the next run wrote %d times, %v", len(a.Writes())-writes, err)
	}
}

func TestDelta_WhatAUserDidToATaskIsNotOverwritten(t *testing.T) {
	db, a, _, task := withProject(t)
	write(t, db, `UPDATE final_project_task SET payload = json_set(payload, '$.title', 'Measure again', '$.due_date', '2024-05-01')`)
	act(t, a, "PATCH", pathOf("tasks", task), map[string]any{"due_date": "2024-04-01"})
	_ = through(t, db, a) // says what stays to be decided
	if got := only(t, a, "tasks", task); got["due_date"] != "2024-04-01" {
		t.Errorf("the task is due on %v, which the user did not say", got["due_date"])
	}
}

func TestRollback_KeepsProjectsThatPeopleWorkWith(t *testing.T) {
	for name, tc := range map[string]struct {
		do   func(t *testing.T, a *sandbox.Account, project, task int64)
		kept string
	}{
		"a task of theirs": {func(t *testing.T, a *sandbox.Account, project, _ int64) {
			act(t, a, "POST", "/api/v2/tasks", map[string]any{"title": "Mine", "project_id": project})
		}, "project board:1: a record that stays refers to it"},
		"an activity of theirs": {func(t *testing.T, a *sandbox.Account, project, _ int64) {
			act(t, a, "POST", "/api/v2/activities", map[string]any{"subject": "Mine", "type": "call", "project_id": project})
		}, "project board:1: a record that stays refers to it"},
		"a changed task": {func(t *testing.T, a *sandbox.Account, _, task int64) {
			act(t, a, "PATCH", pathOf("tasks", task), map[string]any{"done": json.Number("0")})
		}, "project_task board_task:1: somebody changed is_done"},
		"an archived project": {func(t *testing.T, a *sandbox.Account, project, _ int64) {
			act(t, a, "POST", pathOf("projects", project)+"/archive", nil)
		}, "project board:1: somebody archived it"},
		"a project on our board": {func(t *testing.T, a *sandbox.Account, project, task int64) {
			p := only(t, a, "projects", project)
			act(t, a, "POST", "/api/v2/projects", map[string]any{"title": "Mine", "board_id": p["board_id"], "phase_id": p["phase_id"]})
		}, "board nextcrm: in use by project"},
		"a phase on our board": {func(t *testing.T, a *sandbox.Account, project, _ int64) {
			act(t, a, "POST", "/api/v2/phases", map[string]any{"name": "Mine", "board_id": only(t, a, "projects", project)["board_id"]})
		}, "board nextcrm: in use by phase"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db, a, project, task := withProject(t)
			tc.do(t, a, project, task)
			res, err := rollback.Run(t.Context(), rehearse.Connect(t, db, a), rollback.Part{}, false)
			if err != nil || res.Left == 0 {
				t.Errorf("%v, %d left", err, res.Left)
			}
			if got := keptRecords(t, db); !strings.Contains(got, tc.kept) {
				t.Errorf("kept: %s; want %s", got, tc.kept)
			}
		})
	}
}
