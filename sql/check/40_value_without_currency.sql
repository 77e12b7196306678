-- one row per deal with a value and no currency; set default_currency in map_setting
-- reads: final_deal
-- severity: error
SELECT 'deal' AS entity, final_key, 'value ' || value AS detail
FROM final_deal
WHERE value IS NOT NULL AND currency IS NULL
