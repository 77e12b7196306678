-- one row per line of a contract
-- reads: stg_contract_line, clean_contract, stg_product, clean_user, xw_item
-- file: contract_lines.csv
SELECT
    c.title AS contract,
    coalesce(c.contract_key, l.contract_id) AS contract_id,
    l.position,
    l.name,
    l.sku,
    l.description,
    p.name AS product,
    l.product_id,
    l.quantity,
    l.unit_price,
    l.discount_type,
    l.discount_value,
    l.line_total,
    l.currency,
    l.created_at,
    coalesce(u.email, l.created_by) AS created_by,
    l.updated_at,
    l.updated_by,
    l.extra,
    l.source_id AS id
FROM stg_contract_line AS l
LEFT JOIN xw_item AS x ON x.object = 'contract_line' AND x.row_id = l.row_id
LEFT JOIN clean_contract AS c ON c.source_id = l.contract_id
LEFT JOIN stg_product AS p ON p.source_id = l.product_id
LEFT JOIN clean_user AS u ON u.source_id = l.created_by
WHERE x.fate IS NOT 'excluded'
ORDER BY c.start_on, contract_id, CAST(l.position AS INTEGER), l.row_id
