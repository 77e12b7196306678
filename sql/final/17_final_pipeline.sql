-- one row per pipeline of contracts, when the map makes deals of them and no pipeline has that name
-- reads: map_setting, clean_contract, final_pipeline
SELECT
    lower(trim(p.value)) AS pipeline_key,
    trim(p.value) AS name,
    (SELECT count(*) FROM final_pipeline) + 1 AS position
FROM map_setting AS p
JOIN map_setting AS c ON c.map_key = 'contracts' AND c.value = 'deal'
WHERE p.map_key = 'contracts_pipeline'
  AND EXISTS (SELECT 1 FROM clean_contract)
  AND NOT EXISTS (SELECT 1 FROM final_pipeline WHERE pipeline_key = lower(trim(p.value)))
