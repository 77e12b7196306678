-- one row per pipeline, stage, field, option or label whose name Pipedrive does not take: over 255 characters or empty
-- reads: final_pipeline, final_stage, final_field, final_option, final_label
-- severity: error
SELECT 'pipeline' AS entity, pipeline_key AS final_key, length(name) || ' characters' AS detail
FROM final_pipeline WHERE length(name) NOT BETWEEN 1 AND 255
UNION ALL
SELECT 'stage', stage_key, length(name) || ' characters' FROM final_stage WHERE length(name) NOT BETWEEN 1 AND 255
UNION ALL
SELECT entity || ' field', field_key, length(name) || ' characters' FROM final_field WHERE length(name) NOT BETWEEN 1 AND 255
UNION ALL
SELECT entity || ' option', field_key, length(label) || ' characters' FROM final_option WHERE length(label) NOT BETWEEN 1 AND 255
UNION ALL
SELECT entity || ' label', label, length(label) || ' characters' FROM final_label WHERE length(label) NOT BETWEEN 1 AND 255
