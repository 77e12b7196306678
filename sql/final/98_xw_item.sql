-- one row per comment on a task of a project board; where the task went, its comments go
-- reads: stg_task_comment, stg_board_task, final_project_task, xw_item
SELECT
    'task_comment' AS object,
    c.row_id,
    np_id(c.source_id) AS source_id,
    CASE WHEN x.fate = 'excluded' OR np_body(c.description) IS NULL THEN 'excluded' WHEN p.is_whole THEN 'merged' ELSE 'documented' END AS fate,
    iif(p.is_whole AND np_body(c.description) IS NOT NULL, 'project_task', NULL) AS entity,
    iif(p.is_whole AND np_body(c.description) IS NOT NULL, p.final_key, NULL) AS final_key,
    CASE
        WHEN np_body(c.description) IS NULL THEN 'empty_comment'
        WHEN x.fate = 'excluded' THEN x.rule
        WHEN x.row_id IS NULL THEN 'activities_without_parent'
        WHEN p.is_whole THEN 'comment'
        ELSE 'board_tasks'
    END AS rule,
    CASE
        WHEN np_body(c.description) IS NULL THEN 'the comment has no text'
        WHEN x.fate = 'excluded' THEN x.reason
        WHEN x.row_id IS NULL THEN 'its task does not exist: its whole text stands in activities_without_parent.csv'
        WHEN p.is_whole THEN 'stands below the text of its task'
        ELSE 'stands with its task in board_tasks.csv'
    END AS reason
FROM stg_task_comment AS c
LEFT JOIN (SELECT np_id(source_id) AS id, min(row_id) AS row_id FROM stg_board_task GROUP BY 1) AS t ON t.id = np_id(c.board_task_id)
LEFT JOIN xw_item AS x ON x.object = 'board_task' AND x.row_id = t.row_id
LEFT JOIN final_project_task AS p ON x.entity = 'project_task' AND p.final_key = x.final_key
WHERE coalesce(c.task_id, '') = '' AND c.board_task_id <> ''
