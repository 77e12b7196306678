-- one row per won or lost deal without any time to close it at: Pipedrive stamps the day of the load
-- reads: final_deal
-- severity: warning
SELECT 'deal' AS entity, final_key, status AS detail
FROM final_deal
WHERE status IN ('won', 'lost') AND payload ->> ('$.' || status || '_time') IS NULL
