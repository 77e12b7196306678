-- one row per state of a campaign, as a stage of its pipeline
-- reads: clean_campaign, map_setting, map_stage
WITH
life (state, place) AS (
    VALUES ('draft', 1), ('scheduled', 2), ('sending', 3), ('paused', 4), ('sent', 5), ('archived', 6), ('cancelled', 7), ('failed', 8)
),
stage AS (
    SELECT c.stage_key, c.pipeline_key, min(trim(c.stage)) AS name, min(coalesce(l.place, 9)) AS place, max(c.deal_status = 'won') AS is_won
    FROM map_campaign AS c LEFT JOIN life AS l ON l.state = c.state
    GROUP BY c.stage_key
)
SELECT
    stage_key,
    pipeline_key,
    name,
    14000 + row_number() OVER (PARTITION BY pipeline_key ORDER BY place, name) AS position,
    -- Open campaigns must not count in a weighted forecast.
    iif(is_won, 100, 0) AS probability
FROM stage
WHERE stage_key NOT IN (SELECT lower(trim(pipeline)) || '/' || lower(trim(stage)) FROM map_stage)
