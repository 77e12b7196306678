-- one row per product that an account subscribes to
-- reads: stg_account_product, stg_account, stg_product, xw_account, final_organization, clean_user, xw_item
-- file: subscriptions.csv
SELECT
    coalesce(o.name, a.name) AS organization,
    o.final_key AS organization_key,
    s.account_id,
    p.name AS product,
    p.sku,
    s.product_id,
    s.status,
    s.quantity,
    s.custom_price,
    p.unit_price AS list_price,
    p.billing_period,
    s.currency,
    s.snapshot_rate,
    s.start_at,
    s.end_at,
    s.renewal_at,
    s.notes,
    s.created_at,
    coalesce(u.email, s.created_by) AS created_by,
    s.updated_at,
    s.updated_by,
    s.extra,
    s.source_id AS id
FROM stg_account_product AS s
LEFT JOIN xw_item AS k ON k.object = 'account_product' AND k.row_id = s.row_id
LEFT JOIN stg_account AS a ON a.source_id = s.account_id
LEFT JOIN xw_account AS x ON x.source_id = s.account_id AND x.fate IN ('final', 'merged')
LEFT JOIN final_organization AS o ON o.final_key = x.final_key
LEFT JOIN stg_product AS p ON p.source_id = s.product_id
LEFT JOIN clean_user AS u ON u.source_id = s.created_by
WHERE k.fate IS NOT 'excluded'
ORDER BY organization, s.start_at, s.row_id
