-- one row per contract, deleted ones only when the map migrates them
-- reads: clean_contract, stg_contract, xw_account, final_organization, xw_item
-- file: contracts.csv
SELECT
    c.title,
    c.status,
    c.value,
    c.currency,
    c.snapshot_rate,
    o.name AS organization,
    o.final_key AS organization_key,
    c.owner_email AS owner,
    c.start_on,
    c.end_on,
    c.renewal_reminder_on,
    c.customer_signed_on,
    c.company_signed_on,
    c.type,
    c.description,
    c.lines,
    c.created_at,
    coalesce(c.created_by, s.created_by) AS created_by,
    c.updated_at,
    s.updated_by,
    c.deleted_at,
    s.deleted_by,
    s.extra,
    x.final_key AS moved_to,
    c.contract_key AS id
FROM clean_contract AS c
JOIN stg_contract AS s ON s.row_id = c.row_id
LEFT JOIN xw_item AS x ON x.object = 'contract' AND x.row_id = c.row_id
LEFT JOIN xw_account AS a ON a.account_key = c.account_key AND a.fate = 'final'
LEFT JOIN final_organization AS o ON o.final_key = a.final_key
WHERE x.fate IS NOT 'excluded'
ORDER BY c.start_on, c.row_id
