-- one row per user of the source and the user of Pipedrive who took over
-- reads: stg_user, clean_user, map_user
-- file: source/users.csv
SELECT s.source_id AS id, s.name, s.email, s.login, s.role, s.status, s.language, s.created_at, s.last_login_at,
    m.records, m.target_email AS in_pipedrive, m.evidence
FROM stg_user AS s
LEFT JOIN clean_user AS u ON u.row_id = s.row_id
LEFT JOIN map_user AS m ON m.map_key = u.email
ORDER BY s.row_id
