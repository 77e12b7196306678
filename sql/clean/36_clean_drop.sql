-- one row per company record without a name
-- reads: stg_account, clean_account, clean_drop
SELECT
    'account' AS object,
    s.row_id,
    np_id(s.source_id) AS source_id,
    'rejected' AS fate,
    NULL AS into_key,
    'account.no_name' AS rule,
    'the company has no name' AS reason
FROM stg_account AS s
WHERE NOT EXISTS (SELECT 1 FROM clean_account AS c WHERE c.row_id = s.row_id)
    AND NOT EXISTS (SELECT 1 FROM clean_drop AS d WHERE d.object = 'account' AND d.row_id = s.row_id)
