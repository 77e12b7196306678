-- one row per custom field that the source declares, with what Pipedrive has no place for
-- reads: stg_custom_field, xw_item
-- file: source/custom_fields.csv
SELECT s.source_id AS id, s.object, s.slug, s.label, s.type, s.options, s.field_group, s.required, x.fate, x.reason AS became
FROM stg_custom_field AS s
LEFT JOIN xw_item AS x ON x.object = 'custom_field' AND x.row_id = s.row_id
ORDER BY s.row_id
