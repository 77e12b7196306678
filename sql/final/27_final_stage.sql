-- one row per state of contracts, when the map makes deals of them
-- reads: map_setting, clean_contract, final_pipeline, final_stage
WITH
word (status, name, position) AS (VALUES ('notstarted', 'Not started', 1), ('inprogress', 'In progress', 2), ('signed', 'Signed', 3)),
state AS (
    SELECT coalesce(w.name, upper(substr(c.status, 1, 1)) || substr(c.status, 2), 'Not started') AS name, min(coalesce(w.position, 9)) AS position
    FROM (SELECT status FROM clean_contract UNION SELECT status FROM word WHERE EXISTS (SELECT 1 FROM clean_contract)) AS c
    LEFT JOIN word AS w ON w.status = c.status
    GROUP BY 1
)
SELECT
    p.pipeline_key || '/' || lower(s.name) AS stage_key,
    p.pipeline_key,
    s.name,
    (SELECT coalesce(max(position), 0) FROM final_stage WHERE pipeline_key = p.pipeline_key) + row_number() OVER (ORDER BY s.position, s.name) AS position,
    NULL AS probability
FROM state AS s
JOIN map_setting AS m ON m.map_key = 'contracts' AND m.value = 'deal'
JOIN map_setting AS n ON n.map_key = 'contracts_pipeline'
JOIN final_pipeline AS p ON p.pipeline_key = lower(trim(n.value))
WHERE NOT EXISTS (SELECT 1 FROM final_stage AS f WHERE f.stage_key = p.pipeline_key || '/' || lower(s.name))
