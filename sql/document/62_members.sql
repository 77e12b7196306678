-- one row per membership that a file of its own states, with its date and status
-- reads: stg_contact_tag, stg_contact_list, xw_item
-- file: lists/members.csv
SELECT 'tag' AS kind, s.tag AS title, s.contact_id, s.email, NULL AS status, s.created_at, x.fate, x.final_key AS person, x.reason
FROM stg_contact_tag AS s
LEFT JOIN xw_item AS x ON x.object = 'contact_tag' AND x.row_id = s.row_id
UNION ALL
SELECT 'list', s.list, s.contact_id, s.email, s.status, s.created_at, x.fate, x.final_key, x.reason
FROM stg_contact_list AS s
LEFT JOIN xw_item AS x ON x.object = 'contact_list' AND x.row_id = s.row_id
