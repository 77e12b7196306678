-- one row per finding
-- reads: issue, stg_account, stg_contact, stg_deal
SELECT
    i.severity,
    i.rule,
    i.object,
    coalesce(c.source_table, a.source_table, d.source_table, '') AS source_table,
    coalesce(c.source_row, a.source_row, d.source_row, '') AS source_row,
    coalesce(c.source_id, a.source_id, d.source_id, i.record_key, '') AS source_id,
    coalesce(i.field, '') AS field,
    coalesce(i.value, '') AS value,
    coalesce(i.hint, '') AS hint
FROM issue AS i
LEFT JOIN stg_contact AS c ON i.object = 'contact' AND c.row_id = i.row_id
LEFT JOIN stg_account AS a ON i.object = 'account' AND a.row_id = i.row_id
LEFT JOIN stg_deal AS d ON i.object = 'deal' AND d.row_id = i.row_id
ORDER BY i.object, i.rule, i.issue_id
