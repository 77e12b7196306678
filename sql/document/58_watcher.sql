-- one row per follower who could not be one in Pipedrive
-- reads: stg_watcher, xw_item, clean_account, stg_board, clean_user_ref
-- file: watchers.csv
SELECT s.object, coalesce(a.name, b.title, s.object_id) AS name, coalesce(u.email, s.user_id) AS user, x.fate, x.reason, s.object_id, s.user_id, s.extra
FROM stg_watcher AS s
JOIN xw_item AS x ON x.object = 'watcher' AND x.row_id = s.row_id
LEFT JOIN clean_account AS a ON s.object = 'account' AND a.account_key = 'account:' || s.object_id
LEFT JOIN stg_board AS b ON s.object = 'board' AND b.source_id = s.object_id
LEFT JOIN clean_user_ref AS u ON u.ref = s.user_id
WHERE x.fate NOT IN ('final', 'merged')
ORDER BY s.row_id
