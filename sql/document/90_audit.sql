-- one row per entry of the old system's audit log
-- reads: stg_audit, clean_user
-- file: audit.csv
SELECT
    a.created_at,
    a.object,
    a.object_id,
    a.action,
    a.changes,
    coalesce(u.email, a.user_id) AS user,
    a.source_id AS id,
    a.extra
FROM stg_audit AS a
LEFT JOIN clean_user AS u ON u.source_id = a.user_id
ORDER BY a.created_at, a.row_id
