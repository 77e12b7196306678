-- one row per custom field that products need: their marker
-- reads: clean_product, clean_deal_sum
SELECT
    'nextcrm_id' AS field_key,
    'product' AS entity,
    'NextCRM ID' AS name,
    'varchar' AS field_type,
    'From NextCRM: product, marker' AS description,
    1 AS position
WHERE EXISTS (SELECT 1 FROM clean_product) OR EXISTS (SELECT 1 FROM clean_deal_sum)
