-- one row per stage of a pipeline; source stages mapped to the same name share one
-- reads: map_stage
WITH stage AS (
    SELECT
        lower(trim(pipeline)) AS pipeline_key,
        lower(trim(stage)) AS folded,
        min(trim(stage)) AS name,
        min(position) AS position,
        max(probability) AS probability
    FROM map_stage
    GROUP BY 1, 2
)
SELECT
    pipeline_key || '/' || folded AS stage_key,
    pipeline_key,
    name,
    row_number() OVER (PARTITION BY pipeline_key ORDER BY position, folded) AS position,
    probability
FROM stage
