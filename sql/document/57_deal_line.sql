-- one row per line of a deal, with what became of it and of the deal's value
-- reads: stg_deal_line, xw_item, map_deal_value, clean_deal, final_deal_product
-- file: deal_lines.csv
SELECT
    coalesce(d.title, s.deal_id) AS deal,
    s.name,
    s.sku,
    s.description,
    s.quantity,
    s.unit_price,
    s.discount_type,
    s.discount_value,
    s.line_total,
    s.currency,
    x.fate,
    x.reason,
    f.quantity AS sent_quantity,
    f.item_price AS sent_price,
    f.product_key AS sent_product,
    v.policy,
    v.deal_value,
    v.lines_total,
    v.held_value,
    v.deal_currency,
    s.deal_id,
    s.product_id,
    s.source_id AS id,
    s.created_at,
    s.created_by,
    s.updated_at,
    s.updated_by,
    s.extra
FROM stg_deal_line AS s
LEFT JOIN xw_item AS x ON x.object = 'deal_line' AND x.row_id = s.row_id
LEFT JOIN map_deal_value AS v ON v.map_key = 'deal:' || s.deal_id
LEFT JOIN clean_deal AS d ON d.deal_key = v.map_key
LEFT JOIN final_deal_product AS f ON f.final_key = x.final_key
ORDER BY s.deal_id, CAST(s.position AS INTEGER), s.row_id
