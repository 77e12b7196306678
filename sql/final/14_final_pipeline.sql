-- one row per pipeline of campaigns that no deal category has
-- reads: clean_campaign, map_setting, map_stage
SELECT pipeline_key, min(trim(pipeline)) AS name, 14000 + row_number() OVER (ORDER BY pipeline_key) AS position
FROM map_campaign
WHERE pipeline_key NOT IN (SELECT lower(trim(pipeline)) FROM map_stage)
GROUP BY pipeline_key
