-- one row per comment on a task of a project board; where the task went, its comments go
-- reads: stg_task_comment, stg_board_task, xw_item
SELECT
    'task_comment' AS object,
    c.row_id,
    np_id(c.source_id) AS source_id,
    iif(x.fate = 'excluded' OR np_body(c.description) IS NULL, 'excluded', 'documented') AS fate,
    NULL AS entity,
    NULL AS final_key,
    CASE
        WHEN np_body(c.description) IS NULL THEN 'empty_comment'
        WHEN x.fate = 'excluded' THEN x.rule
        WHEN x.row_id IS NULL THEN 'activities_without_parent'
        ELSE 'board_tasks'
    END AS rule,
    CASE
        WHEN np_body(c.description) IS NULL THEN 'the comment has no text'
        WHEN x.fate = 'excluded' THEN x.reason
        WHEN x.row_id IS NULL THEN 'its task does not exist: its whole text stands in activities_without_parent.csv'
        ELSE 'stands with its task in board_tasks.csv'
    END AS reason
FROM stg_task_comment AS c
LEFT JOIN (SELECT np_id(source_id) AS id, min(row_id) AS row_id FROM stg_board_task GROUP BY 1) AS t ON t.id = np_id(c.board_task_id)
LEFT JOIN xw_item AS x ON x.object = 'board_task' AND x.row_id = t.row_id
WHERE coalesce(c.task_id, '') = '' AND c.board_task_id <> ''
