-- one row per pipeline of the map; deal categories of the same name share one
-- reads: map_stage
SELECT
    lower(trim(pipeline)) AS pipeline_key,
    min(trim(pipeline)) AS name,
    row_number() OVER (ORDER BY lower(trim(pipeline))) AS position
FROM map_stage
GROUP BY lower(trim(pipeline))
