-- one row per product of the old system, with what became of it
-- reads: stg_product, stg_product_category, xw_item
-- file: products.csv
SELECT s.name, s.sku, s.type, s.status, s.unit_price, s.unit_cost, s.currency, s.tax_rate, s.unit, s.is_recurring, s.billing_period,
    c.name AS category, s.description, x.fate, x.reason, s.created_at, s.created_by, s.updated_at, s.updated_by, s.deleted_at, s.deleted_by,
    s.source_id AS id, s.extra
FROM stg_product AS s
LEFT JOIN stg_product_category AS c ON c.source_id = s.category_id
LEFT JOIN xw_item AS x ON x.object = 'product' AND x.row_id = s.row_id
ORDER BY s.name, s.row_id
