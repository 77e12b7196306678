-- one row per user, setting and change of a deal in the source: where it is kept
-- reads: stg_user, stg_setting, stg_deal_audit, clean_user, clean_drop, map_user
SELECT 'user' AS object, s.row_id, np_id(s.source_id) AS source_id,
    CASE WHEN d.row_id IS NOT NULL THEN d.fate WHEN m.target_email IS NOT NULL THEN 'merged' ELSE 'documented' END AS fate,
    NULL AS entity,
    NULL AS final_key,
    CASE WHEN d.row_id IS NOT NULL THEN d.rule WHEN m.target_email IS NOT NULL THEN 'user' ELSE 'source/users.csv' END AS rule,
    CASE WHEN d.row_id IS NOT NULL THEN d.reason
         WHEN m.target_email IS NOT NULL THEN 'user ' || m.target_email
         ELSE 'no user of Pipedrive; the fallback owns the records; see source/users.csv' END AS reason
FROM stg_user AS s
LEFT JOIN clean_drop AS d ON d.object = 'user' AND d.row_id = s.row_id
LEFT JOIN clean_user AS u ON u.row_id = s.row_id
LEFT JOIN map_user AS m ON m.map_key = u.email
UNION ALL
SELECT 'setting', row_id, np_id(source_id), 'documented', NULL, NULL, 'source/settings.csv',
    'says how the source is to be read, or is of no use in Pipedrive; see source/settings.csv'
FROM stg_setting
UNION ALL
SELECT 'deal_audit', row_id, np_id(source_id), 'documented', NULL, NULL, 'source/deal_history.csv',
    'Pipedrive takes no history; what decided a deal is in its status and reason; see source/deal_history.csv'
FROM stg_deal_audit
