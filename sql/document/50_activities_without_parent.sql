-- one row per activity, note, task, mail or comment that hangs on nothing which is moved, with its whole text
-- reads: xw_item, clean_activity, clean_activity_link, stg_activity, stg_note, stg_task, stg_email, stg_todo, stg_task_comment, clean_user_ref
-- file: activities_without_parent.csv
SELECT
    i.object,
    i.source_id AS id,
    a.kind AS type,
    a.title,
    a.due AS date,
    coalesce(a.created_at, c.created_at) AS created_at,
    coalesce(a.author, u.email, c.user_id) AS author,
    a.owner_email AS owner,
    coalesce((SELECT group_concat(l.object || ' ' || l.ref, ', ') FROM clean_activity_link AS l WHERE l.activity_key = a.activity_key),
        'task ' || nullif(c.task_id, ''), 'project task ' || c.board_task_id) AS about,
    coalesce(s.description, n.description, t.description, m.body_html, m.body_text, d.description, c.description) AS text,
    a.facts AS details,
    i.reason
FROM xw_item AS i
LEFT JOIN clean_activity AS a ON a.object = i.object AND a.row_id = i.row_id
LEFT JOIN stg_activity AS s ON i.object = 'activity' AND s.row_id = i.row_id
LEFT JOIN stg_note AS n ON i.object = 'note' AND n.row_id = i.row_id
LEFT JOIN stg_task AS t ON i.object = 'task' AND t.row_id = i.row_id
LEFT JOIN stg_email AS m ON i.object = 'email' AND m.row_id = i.row_id
LEFT JOIN stg_todo AS d ON i.object = 'todo' AND d.row_id = i.row_id
LEFT JOIN stg_task_comment AS c ON i.object = 'task_comment' AND c.row_id = i.row_id
LEFT JOIN clean_user_ref AS u ON u.ref = c.user_id
WHERE i.fate = 'documented' AND i.rule = 'activities_without_parent'
    AND i.object IN ('activity', 'note', 'task', 'email', 'calendar_event', 'todo', 'task_comment')
ORDER BY i.object, i.row_id
