-- one row per task of a project board, when the map makes projects of boards; tasks of no board go to a project of their own
-- reads: setup, map_setting, map_user, clean_site, clean_user_ref, stg_board, stg_section, stg_board_task, stg_task_comment
WITH
site AS MATERIALIZED (SELECT timezone AS zone, date_order, coalesce(exclude_deleted, 1) AS exclude_deleted FROM clean_site),
-- The first row of an id stands for it.
board AS MATERIALIZED (
    SELECT np_id(b.source_id) AS id, min(b.row_id) AS row_id, coalesce(b.deleted_at, '') <> '' AND site.exclude_deleted AS is_out
    FROM site CROSS JOIN stg_board AS b GROUP BY 1
),
section AS MATERIALIZED (SELECT np_id(source_id) AS id, min(row_id) AS row_id, np_id(board_id) AS board, np_name(title) AS name FROM stg_section GROUP BY 1),
comment AS MATERIALIZED (
    SELECT task, group_concat(line, char(10)) AS lines
    FROM (SELECT np_id(c.board_task_id) AS task,
            concat_ws(', ', replace(replace(np_stamp(c.created_at, site.zone, site.date_order), 'T', ' '), 'Z', ' UTC'), coalesce(u.email, np_text(c.user_id))) || ': ' || np_html(c.description) AS line
        FROM site CROSS JOIN stg_task_comment AS c LEFT JOIN clean_user_ref AS u ON u.ref = c.user_id
        WHERE c.board_task_id <> '' ORDER BY c.created_at, c.row_id)
    GROUP BY task
),
task AS (
    SELECT t.row_id, site.zone, site.date_order,
        'board_task:' || np_key(coalesce(np_id(t.source_id), 'row:' || t.row_id)) AS final_key,
        row_number() OVER (PARTITION BY coalesce(np_id(t.source_id), 'row:' || t.row_id) ORDER BY t.row_id) AS nth,
        coalesce('board:' || np_key(b.id), 'board:none') AS project_key,
        coalesce(np_name(t.title), 'Task ' || coalesce(np_id(t.source_id), t.row_id)) AS title,
        lower(np_text(t.status)) = 'complete' AS is_done,
        np_date(t.due_at, site.zone, site.date_order) AS due_on,
        iif(np_text(t.owner_id) IS NULL, NULL, 'user:' || coalesce(m.target_email, '@fallback')) AS assignee,
        concat_ws(char(10) || char(10), np_html(t.description), 'Comments:' || char(10) || c.lines) AS body,
        np_facts('Section', s.name, 'Status', t.status, 'Priority', t.priority,
            'Tags', (SELECT group_concat(j.value, ', ') FROM json_each(iif(json_valid(t.tags) AND t.tags LIKE '[%', t.tags, json_array(t.tags))) AS j),
            'Likes', nullif(t.likes, '0'), 'Due', np_stamp(t.due_at, site.zone, site.date_order), 'Owner', coalesce(u.email, t.owner_id),
            'Created', np_stamp(t.created_at, site.zone, site.date_order), 'Created by', coalesce(a.email, t.created_by),
            'Changed', np_stamp(coalesce(nullif(t.last_edited_at, ''), t.updated_at), site.zone, site.date_order), 'Changed by', coalesce(e.email, t.updated_by)) AS facts
    FROM site
    JOIN map_setting AS g ON g.map_key = 'projects' AND g.value = 'projects'
    CROSS JOIN stg_board_task AS t
    LEFT JOIN section AS s ON s.id = np_id(t.section_id)
    LEFT JOIN board AS b ON b.id = s.board
    LEFT JOIN comment AS c ON c.task = np_id(t.source_id)
    LEFT JOIN clean_user_ref AS u ON u.ref = t.owner_id
    LEFT JOIN clean_user_ref AS a ON a.ref = t.created_by
    LEFT JOIN clean_user_ref AS e ON e.ref = t.updated_by
    LEFT JOIN map_user AS m ON m.map_key = u.email
    WHERE coalesce(b.is_out, 0) = 0
)
SELECT
    t.final_key,
    t.row_id AS seq,
    setup.source_tag || '/' || t.final_key AS marker,
    t.project_key,
    coalesce(length(t.body), 0) <= 60000 AS is_whole,
    substr(t.title, 1, 255) AS title,
    json_patch('{}', json_object(
        'title', substr(t.title, 1, 255),
        'project_id', json_object('@ref', 'project:' || t.project_key),
        'done', iif(t.is_done, 1, 0),
        'due_date', t.due_on,
        'assignee_ids', json(iif(t.assignee IS NULL, NULL, json_array(json_object('@ref', t.assignee)))),
        'description', concat_ws(char(10),
            iif(length(t.title) > 255, t.title, NULL),
            iif(length(t.body) > 60000, 'Its texts are too long for Pipedrive: they stand in board_tasks.csv.', nullif(t.body, '')) || char(10),
            (SELECT group_concat((f.value ->> 0) || ': ' || (f.value ->> 1), char(10)) FROM json_each(t.facts) AS f),
            '[NextCRM ' || setup.source_tag || '/' || t.final_key || ']'))) AS payload
FROM task AS t
CROSS JOIN setup
WHERE t.nth = 1
