package report

import (
	"context"

	"nextpipe/stages/internal/warehouse"
)

// writeProjectGuide writes projects.md: every board with its sections and tasks
// as an outline. Without boards there is none.
func writeProjectGuide(ctx context.Context, db *warehouse.DB, dir string) ([]string, error) {
	rows, err := lists(ctx, db, `WITH task AS (
			SELECT t.*, coalesce(u.email, '') AS owner FROM stg_board_task AS t LEFT JOIN clean_user AS u ON u.source_id = t.owner_id),
		board AS (
			SELECT b.*, coalesce(u.email, b.owner_id, '') AS owner FROM stg_board AS b
			LEFT JOIN xw_item AS x ON x.object = 'board' AND x.row_id = b.row_id
			LEFT JOIN clean_user AS u ON u.source_id = b.owner_id WHERE x.fate IS NOT 'excluded')
		SELECT printf('%09d ', b.position) || coalesce(b.source_id, ''), coalesce(b.title, 'Board'), b.owner, coalesce(b.description, ''), coalesce(s.source_id, ''), coalesce(s.title, ''),
			coalesce(t.title, ''), coalesce(lower(t.status), ''), coalesce(substr(t.due_at, 1, 10), ''), coalesce(t.owner, ''), coalesce(t.description, ''),
			CAST(b.position AS INTEGER), CAST(s.position AS INTEGER), CAST(t.position AS INTEGER)
		FROM board AS b LEFT JOIN stg_section AS s ON s.board_id = b.source_id LEFT JOIN task AS t ON t.section_id = s.source_id
		UNION ALL
		SELECT '~', 'Tasks of no board', '', '', '', '', coalesce(t.title, ''), coalesce(lower(t.status), ''), coalesce(substr(t.due_at, 1, 10), ''), t.owner, coalesce(t.description, ''),
			0, 0, CAST(t.position AS INTEGER)
		FROM task AS t WHERE NOT EXISTS (SELECT 1 FROM stg_section AS s WHERE s.source_id = t.section_id)
		ORDER BY 1, 12, 13, 5, 14`)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	made, err := lists(ctx, db, "SELECT name, (SELECT count(*) FROM final_project), (SELECT count(*) FROM final_project_task) FROM final_board")
	if err != nil {
		return nil, err
	}
	m := &markdown{}
	m.aboutProjects(made)
	board, section := "none yet", "none yet"
	for _, r := range rows {
		if r[0] != board {
			board, section = r[0], "none yet"
			m.line("\n## %s\n", r[1])
			m.optional("Owner: %s\n", r[2])
			m.optional("%s\n", r[3])
		}
		if r[4] != section {
			section = r[4]
			m.optional("\n### %s\n", r[5])
		}
		m.task(r[6:11])
	}
	return m.write(dir, "projects.md")
}

// aboutProjects says what becomes of the boards; made is a row for the board in
// Pipedrive, the number of projects and of tasks, none when there is none.
func (m *markdown) aboutProjects(made [][]string) {
	m.line("# Project boards\n")
	if len(made) == 0 {
		m.line("Pipedrive's projects are an add-on or part of the larger plans, so boards are not loaded: " +
			"this outline and the CSV files of boards, sections and tasks hold them whole. " +
			"Where the account has projects, set `projects` of the map to `projects`: each board becomes a project, its tasks become tasks.")
		return
	}
	m.line("The map makes projects of these boards: %s projects with %s tasks, on the board %s in Pipedrive. A task there stands in no phase, "+
		"so its section is named in its text; the sections are phases of that board. "+
		"This outline and the CSV files of boards, sections and tasks hold all of it as it was.", made[0][1], made[0][2], made[0][0])
}

// task writes title, status, due day, owner and text as an entry of a list.
func (m *markdown) task(t []string) {
	if t[0] == "" {
		return
	}
	box := "- [ ] "
	if t[1] == "complete" {
		box = "- [x] "
	}
	text := t[0]
	for i, word := range []string{"due ", "", ""} {
		if v := t[2+i]; v != "" {
			text += " · " + word + v
		}
	}
	m.line(box+"%s", text)
}

// optional writes a line only when it has something to say.
func (m *markdown) optional(format, value string) {
	if value != "" {
		m.line(format, value)
	}
}
