-- one row per product, line or note on lines with a text longer than Pipedrive takes; shorten it with fix_value
-- reads: final_product, final_deal_product, final_note
-- severity: error
SELECT 'product' AS entity, final_key, 'name of ' || length(name) || ' characters' AS detail FROM final_product WHERE length(name) > 255
UNION ALL
SELECT 'product', final_key, 'description of ' || length(payload ->> 'description') || ' characters'
FROM final_product WHERE length(payload ->> 'description') > 65000
UNION ALL
SELECT 'deal_product', final_key, 'comment of ' || length(payload ->> 'comments') || ' characters'
FROM final_deal_product WHERE length(payload ->> 'comments') > 65000
UNION ALL
SELECT 'note', final_key, length(CAST(payload ->> 'content' AS BLOB)) || ' bytes'
FROM final_note WHERE final_key GLOB 'note:deal_lines:*' AND length(CAST(payload ->> 'content' AS BLOB)) > 100000
