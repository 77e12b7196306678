-- one row per stage, a record of its own or only mentioned by deals
-- reads: stg_stage, stg_deal, clean_drop
WITH
record AS MATERIALIZED (
    SELECT
        coalesce('stage:' || np_id(source_id), 'stage:' || coalesce(np_fold(np_name(pipeline)), '') || '/' || np_fold(np_name(name))) AS stage_key,
        row_id,
        np_id(source_id) AS source_id,
        np_name(pipeline) AS pipeline,
        np_name(name) AS name,
        CAST(np_integer(position) AS INTEGER) AS position,
        np_percent(probability) AS probability,
        np_text(stage_kind) AS stage_kind,
        np_fold(np_name(pipeline)) AS pipeline_fold,
        np_fold(np_name(name)) AS name_fold
    FROM stg_stage
    WHERE np_name(name) IS NOT NULL
),
mention AS (
    SELECT np_fold(np_name(pipeline)) AS pipeline_fold, np_fold(np_name(stage)) AS name_fold, np_name(pipeline) AS pipeline,
        np_name(stage) AS name, count(*) AS deals
    FROM stg_deal AS s
    WHERE np_name(stage) IS NOT NULL AND NOT EXISTS (SELECT 1 FROM clean_drop AS d WHERE d.object = 'deal' AND d.row_id = s.row_id)
    GROUP BY 1, 2
)
SELECT stage_key, row_id, source_id, pipeline, name, position, probability, stage_kind, 'record' AS origin
FROM (SELECT *, row_number() OVER (PARTITION BY stage_key ORDER BY row_id) AS nth FROM record)
WHERE nth = 1
UNION ALL
SELECT 'stage:' || coalesce(m.pipeline_fold, '') || '/' || m.name_fold, NULL, NULL, m.pipeline, m.name, NULL, NULL, NULL, 'mention'
FROM mention AS m
WHERE NOT EXISTS (
    SELECT 1 FROM record AS r
    WHERE r.name_fold = m.name_fold AND coalesce(r.pipeline_fold, '') = coalesce(m.pipeline_fold, ''))
