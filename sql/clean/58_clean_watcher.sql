-- one row per user who follows an account or a board
-- reads: stg_watcher, clean_account, clean_user_ref
SELECT
    s.row_id,
    np_id(s.source_id) AS source_id,
    np_fold(np_text(s.object)) AS object,
    a.account_key,
    u.email AS user_email
FROM stg_watcher AS s
LEFT JOIN clean_account AS a ON s.object = 'account' AND a.account_key = 'account:' || np_id(s.object_id)
LEFT JOIN clean_user_ref AS u ON u.ref = np_id(s.user_id)
