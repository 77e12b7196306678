package stages

import (
	"database/sql"
	"strings"
	"testing"

	nextcrmsample "nextpipe/fixtures/nextcrm"
	"nextpipe/fixtures/nextcrm/pgtest"
	"nextpipe/fixtures/process"
	"nextpipe/fixtures/sandbox"
)

// databaseEnv is the sample database of the newest shape before a local account.
func databaseEnv(t *testing.T, server *pgtest.Server, o sandbox.Options) (*Env, *sandbox.Account) {
	t.Helper()
	script, err := nextcrmsample.DatabaseSQL("latest")
	if err != nil {
		t.Fatal(err)
	}
	a, url := process.Account(t, o)
	return envOn(t, a, url, Options{Source: server.NewDatabase(t, script), OverrideCampaigns: nextcrmsample.ActiveCampaigns["open-source"]}), a
}

// decide sets one setting of the map as a person would.
func decide(t *testing.T, e *Env, setting, value string) {
	t.Helper()
	err := e.DB.Write(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.Exec("INSERT OR REPLACE INTO decide_map (map_table, map_key, column_name, value, by_name) VALUES ('map_setting', ?, 'value', ?, 'test')", setting, value)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestContractsAndSubscriptionsReachTheAccountTheWayTheMapSays(t *testing.T) {
	server, err := pgtest.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Stop() })
	for as, want := range map[string]map[string]string{
		// Two of eight contracts have no organization: only a deal can stand alone.
		"note": {"contract deals": "0", "contract notes": "6", "subscription notes": "6", "documented contracts": "2"},
		"deal": {"contract deals": "8", "contract notes": "8", "subscription notes": "6", "documented contracts": "0"},
	} {
		t.Run("contracts as "+as, func(t *testing.T) {
			e, _ := databaseEnv(t, server, sandbox.Options{Seed: 1})
			decide(t, e, "contracts", as)
			decide(t, e, "subscriptions", "note")
			if err := upTo(e, "verify"); err != nil && ExitCode(err) != 3 {
				t.Fatal(err)
			}
			const live = "SELECT count(*) FROM link WHERE state = 'live' AND part = '' AND "
			for name, query := range map[string]string{
				"contract deals":       live + "entity = 'deal' AND final_key LIKE 'contract:%'",
				"contract notes":       live + "entity = 'note' AND final_key LIKE 'note:contract:%'",
				"subscription notes":   live + "entity = 'note' AND final_key LIKE 'note:subscription:%'",
				"documented contracts": "SELECT count(*) FROM xw_item WHERE object = 'contract' AND fate = 'documented'",
			} {
				if got := scalar(t, e, query); got != want[name] {
					t.Errorf("%s: %s, want %s", name, got, want[name])
				}
			}
			if n := scalar(t, e, "SELECT (SELECT count(*) FROM difference) + (SELECT coalesce(sum(abs(off_by)), 0) FROM reconcile_source)"); n != "0" {
				t.Errorf("%s differences and rows that nothing accounts for", n)
			}
		})
	}
}

// projectFates are what becomes of the sample's project boards: three boards, one
// of them deleted, and 18 tasks, three of which stand in no section.
const projectFates = `SELECT group_concat(line, ', ') FROM (SELECT object || ' ' || fate || ' ' || count(*) AS line FROM xw_item AS x
	WHERE object IN ('board', 'section', 'board_task') OR object = 'task_comment' AND row_id IN (SELECT row_id FROM stg_task_comment WHERE board_task_id <> '')
	GROUP BY object, fate ORDER BY 1)`

func TestProjectBoardsReachTheAccountWhenTheMapSaysSo(t *testing.T) {
	server, err := pgtest.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Stop() })
	e, account := databaseEnv(t, server, sandbox.Options{Seed: 1, Projects: true})
	decide(t, e, "projects", "projects")
	if err := upTo(e, "verify"); err != nil && ExitCode(err) != 3 {
		t.Fatal(err)
	}
	const task = "FROM final_project_task WHERE final_key = 'board_task:60000000-0000-4000-8000-000000005002'"
	for query, want := range map[string]string{
		projectFates: "board excluded 1, board final 2, board_task excluded 6, board_task final 12, section excluded 3, section merged 5, task_comment excluded 4, task_comment merged 6",
		"SELECT group_concat(title, ', ') FROM (SELECT title FROM final_project ORDER BY seq)":                    "Board 1, Board 2, Tasks of no board",
		"SELECT group_concat(name, ', ') FROM (SELECT name FROM final_phase ORDER BY position)":                   "Open, Doing, To do",
		"SELECT count(*) FROM link WHERE entity = 'project' AND state = 'live'":                                   "3",
		"SELECT count(*) FROM link WHERE entity = 'project_task' AND state = 'live'":                              "12",
		"SELECT count(*) FROM final_project_task WHERE project_key = 'board:none'":                                "3",
		"SELECT (SELECT count(*) FROM difference) + (SELECT coalesce(sum(abs(off_by)), 0) FROM reconcile_source)": "0",
		"SELECT payload ->> '$.due_date' " + task:                                                                 "2024-01-20",
		"SELECT payload ->> '$.project_id.@ref' " + task:                                                          "project:board:60000000-0000-4000-8000-000000003001",
		"SELECT replace(payload ->> '$.description', (SELECT source_tag FROM setup) || '/', '') " + task: "Do it\n\nComments:\n2024-01-15 06:28:00 UTC, lena.schmidt@nextcrm-demo.example: Comment 2\n👍\n\n" +
			"Section: To do\nStatus: ACTIVE\nPriority: normal\nTags: site\nLikes: 3\nDue: 2024-01-20 22:57:00 UTC\nOwner: lena.schmidt@nextcrm-demo.example\n" +
			"Created: 2024-01-08 23:37:00 UTC\nCreated by: jana.dvorakova@nextcrm-demo.example\nChanged: 2024-01-14 23:17:00 UTC\n" +
			"Changed by: f0000000-0000-4000-8000-000000000002\n[NextCRM board_task:60000000-0000-4000-8000-000000005002]",
	} {
		if got := scalar(t, e, query); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	writes := len(account.Writes())
	if err := upTo(e, "verify"); err != nil && ExitCode(err) != 3 {
		t.Fatal(err)
	}
	if more := len(account.Writes()) - writes; more != 0 {
		t.Errorf("the second run sent %d writes", more)
	}
	t.Run("and stay there when it changes its mind", func(t *testing.T) {
		decide(t, e, "projects", "documented")
		if err := upTo(e, "verify"); err != nil && ExitCode(err) != 3 {
			t.Fatal(err)
		}
		if more := len(account.Writes()) - writes; more != 0 {
			t.Errorf("that sent %d writes", more)
		}
		const want = "board documented 2, board excluded 1, board_task documented 12, board_task excluded 6, section documented 5, section excluded 3, task_comment documented 6, task_comment excluded 4"
		if got := scalar(t, e, projectFates); got != want {
			t.Errorf("fates: %s, want %s", got, want)
		}
	})
}

func TestAnAccountWithoutProjectsSaysWhichSettingAskedForThem(t *testing.T) {
	server, err := pgtest.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Stop() })
	e, _ := databaseEnv(t, server, sandbox.Options{Seed: 1})
	decide(t, e, "projects", "projects")
	if err := e.Execute(t.Context(), "test", "scope", "extract", "clean", "dedupe", "map", "build", "provision"); ExitCode(err) != 2 || !strings.Contains(err.Error(), "map_setting projects") {
		t.Errorf("exit code %d, %v; want 2 and the name of the setting", ExitCode(err), err)
	}
	decide(t, e, "projects", "all of them")
	if err := e.Execute(t.Context(), "test", "map"); ExitCode(err) != 2 {
		t.Errorf("a word that the setting does not know: exit code %d, %v", ExitCode(err), err)
	}
}
