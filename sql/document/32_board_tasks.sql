-- one row per task of a project board
-- reads: stg_board_task, stg_section, stg_board, stg_task_comment, clean_user, xw_item
-- file: board_tasks.csv
WITH comment AS MATERIALIZED (
    SELECT c.board_task_id, group_concat(c.created_at || ' ' || coalesce(u.email, c.user_id, '') || ': ' || c.description, char(10)) AS comments
    FROM (SELECT * FROM stg_task_comment WHERE board_task_id <> '' ORDER BY created_at, row_id) AS c
    LEFT JOIN clean_user AS u ON u.source_id = c.user_id
    GROUP BY c.board_task_id
)
SELECT
    b.title AS board,
    s.title AS section,
    t.section_id,
    t.position,
    t.title,
    t.description,
    t.priority,
    t.status,
    t.due_at,
    coalesce(u.email, t.owner_id) AS owner,
    t.tags,
    t.likes,
    c.comments,
    t.last_edited_at,
    t.created_at,
    t.created_by,
    t.updated_at,
    t.updated_by,
    t.extra,
    t.source_id AS id
FROM stg_board_task AS t
LEFT JOIN xw_item AS x ON x.object = 'board_task' AND x.row_id = t.row_id
LEFT JOIN stg_section AS s ON s.source_id = t.section_id
LEFT JOIN stg_board AS b ON b.source_id = s.board_id
LEFT JOIN comment AS c ON c.board_task_id = t.source_id
LEFT JOIN clean_user AS u ON u.source_id = t.owner_id
WHERE x.fate IS NOT 'excluded'
ORDER BY CAST(b.position AS INTEGER), b.title, CAST(s.position AS INTEGER), CAST(t.position AS INTEGER), t.row_id
