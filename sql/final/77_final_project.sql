-- one row per project board that is moved, and one for tasks of no board, when the map makes projects of boards
-- reads: setup, map_setting, map_user, clean_site, clean_user_ref, stg_board, stg_section, final_project_task
WITH
site AS MATERIALIZED (SELECT timezone AS zone, date_order, coalesce(exclude_deleted, 1) AS exclude_deleted FROM clean_site),
section AS MATERIALIZED (
    SELECT board, group_concat(name, ', ') AS names, max(iif(nth = 1, name, NULL)) AS first
    FROM (SELECT np_id(board_id) AS board, coalesce(substr(np_name(title), 1, 255), 'Section') AS name,
            row_number() OVER (PARTITION BY np_id(board_id) ORDER BY CAST(position AS INTEGER), row_id) AS nth
        FROM stg_section ORDER BY 1, 3)
    GROUP BY board
),
project (row_id, nth, final_key, title, owner, body, facts, phase) AS (
    SELECT b.row_id,
        row_number() OVER (PARTITION BY coalesce(np_id(b.source_id), 'row:' || b.row_id) ORDER BY b.row_id),
        'board:' || np_key(coalesce(np_id(b.source_id), 'row:' || b.row_id)),
        coalesce(np_name(b.title), 'Board ' || coalesce(np_id(b.source_id), b.row_id)),
        iif(np_text(b.owner_id) IS NULL, NULL, 'user:' || coalesce(m.target_email, '@fallback')),
        np_html(b.description),
        np_facts('Sections', s.names, 'Visibility', b.visibility,
            'Shared with', (SELECT group_concat(coalesce(w.email, j.value), ', ') FROM json_each(iif(json_valid(b.shared_with), b.shared_with, json_array(b.shared_with))) AS j
                LEFT JOIN clean_user_ref AS w ON w.ref = j.value),
            'Icon', b.icon, 'Favourite', iif(np_bool(b.favourite), 'yes', NULL), 'Owner', coalesce(u.email, b.owner_id),
            'Created', np_stamp(b.created_at, site.zone, site.date_order), 'Created by', coalesce(a.email, b.created_by),
            'Changed', np_stamp(b.updated_at, site.zone, site.date_order), 'Changed by', coalesce(e.email, b.updated_by)),
        coalesce(s.first, 'Open')
    FROM site
    JOIN map_setting AS g ON g.map_key = 'projects' AND g.value = 'projects'
    CROSS JOIN stg_board AS b
    LEFT JOIN section AS s ON s.board = np_id(b.source_id)
    LEFT JOIN clean_user_ref AS u ON u.ref = b.owner_id
    LEFT JOIN clean_user_ref AS a ON a.ref = b.created_by
    LEFT JOIN clean_user_ref AS e ON e.ref = b.updated_by
    LEFT JOIN map_user AS m ON m.map_key = u.email
    WHERE coalesce(b.deleted_at, '') = '' OR site.exclude_deleted = 0
    UNION ALL
    SELECT 1000000000, 1, 'board:none', 'Tasks of no board', NULL, 'Tasks that stood on no project board in NextCRM.', '[]', 'Open'
    WHERE EXISTS (SELECT 1 FROM final_project_task WHERE project_key = 'board:none')
)
SELECT
    p.final_key,
    p.row_id AS seq,
    setup.source_tag || '/' || p.final_key AS marker,
    substr(p.title, 1, 255) AS title,
    json_patch('{}', json_object(
        'title', substr(p.title, 1, 255),
        'board_id', json_object('@ref', 'board:' || lower(trim(n.value))),
        'phase_id', json_object('@ref', 'phase:' || lower(trim(n.value)) || '/' || lower(p.phase)),
        'owner_id', json(iif(p.owner IS NULL, NULL, json_object('@ref', p.owner))),
        'description', concat_ws(char(10),
            iif(length(p.title) > 255, p.title, NULL),
            iif(length(p.body) > 60000, 'Its text is too long for Pipedrive: it stands in boards.csv.', nullif(p.body, '')) || char(10),
            (SELECT group_concat((f.value ->> 0) || ': ' || (f.value ->> 1), char(10)) FROM json_each(p.facts) AS f),
            '[NextCRM ' || setup.source_tag || '/' || p.final_key || ']'))) AS payload
FROM project AS p
JOIN map_setting AS n ON n.map_key = 'projects_board'
CROSS JOIN setup
WHERE p.nth = 1
