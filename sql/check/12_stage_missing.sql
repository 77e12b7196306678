-- one row per deal whose stage is not among the finals; map again, then build
-- reads: final_deal, final_stage
-- severity: error
SELECT 'deal' AS entity, final_key, 'stage ' || stage_key AS detail
FROM final_deal
WHERE stage_key NOT IN (SELECT stage_key FROM final_stage)
