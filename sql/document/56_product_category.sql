-- one row per product category of the old system; Pipedrive keeps their names only
-- reads: stg_product_category
-- file: product_categories.csv
SELECT name, description, position, is_active, created_at, created_by, updated_at, updated_by, source_id AS id, extra
FROM stg_product_category
ORDER BY CAST(position AS INTEGER), name
