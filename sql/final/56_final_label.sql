-- one row per product category, in the order of the source
-- reads: stg_product_category
SELECT
    'product' AS entity,
    np_name(name) AS label,
    row_number() OVER (ORDER BY min(CAST(position AS INTEGER)), np_name(name)) AS position
FROM stg_product_category
WHERE np_name(name) IS NOT NULL
GROUP BY np_name(name)
