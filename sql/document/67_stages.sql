-- one row per stage of the source and its place in a pipeline
-- reads: stg_stage, clean_stage, map_stage
-- file: source/stages.csv
SELECT s.source_id AS id, s.pipeline, s.name, s.position, s.probability, s.stage_kind,
    m.pipeline AS pipeline_in_pipedrive, m.stage AS stage_in_pipedrive, m.outcome, m.deals
FROM stg_stage AS s
LEFT JOIN clean_stage AS c ON c.row_id = s.row_id
LEFT JOIN map_stage AS m ON m.stage_key = c.stage_key
ORDER BY s.row_id, m.map_key
