-- one row per definition of the source, such as a tag, a field or a stage: what it became in Pipedrive
-- reads: stg_tag, stg_custom_field, stg_stage, clean_tag, clean_stage, clean_custom_field, map_label, map_field, map_stage
WITH
tag AS (
    SELECT s.row_id, np_id(s.source_id) AS source_id, t.title,
        (SELECT group_concat(l.action || ' ' || l.label || ' on ' || l.entity || 's', ', ')
         FROM map_label AS l WHERE l.tag_key = t.tag_key AND l.action <> 'skip') AS places
    FROM stg_tag AS s
    LEFT JOIN clean_tag AS t ON t.tag_key = np_fold(np_text(s.title))
),
field AS (
    SELECT s.row_id, np_id(s.source_id) AS source_id, f.entity, f.action, f.target_field, f.target_name, d.slug
    FROM stg_custom_field AS s
    LEFT JOIN clean_custom_field AS d ON d.object = np_custom_object(s.object) AND d.slug = s.slug
    LEFT JOIN map_field AS f ON f.map_key = d.object || '.custom:' || d.slug
),
stage AS (
    SELECT s.row_id, np_id(s.source_id) AS source_id, c.stage_key,
        (SELECT min(m.pipeline || ' / ' || m.stage) FROM map_stage AS m WHERE m.stage_key = c.stage_key) AS place
    FROM stg_stage AS s
    LEFT JOIN clean_stage AS c ON c.stage_key = coalesce('stage:' || np_id(s.source_id),
        'stage:' || coalesce(np_fold(np_name(s.pipeline)), '') || '/' || np_fold(np_name(s.name)))
)
SELECT 'tag' AS object, row_id, source_id,
    iif(places IS NULL, 'excluded', 'merged') AS fate,
    NULL AS entity,
    NULL AS final_key,
    CASE WHEN title IS NULL THEN 'empty' WHEN places IS NULL THEN 'map_label' ELSE 'label' END AS rule,
    CASE WHEN title IS NULL THEN 'it has no title'
         WHEN places IS NULL THEN 'no record carries it, or the map leaves it out; see lists/tags.csv'
         ELSE places END AS reason
FROM tag
UNION ALL
SELECT 'custom_field', row_id, source_id,
    CASE WHEN slug IS NULL THEN 'documented' WHEN coalesce(action, 'skip') = 'skip' THEN 'excluded' ELSE 'merged' END,
    NULL,
    NULL,
    CASE WHEN slug IS NULL THEN 'source/custom_fields.csv' WHEN coalesce(action, 'skip') = 'skip' THEN 'map_field' ELSE 'field' END,
    CASE WHEN slug IS NULL THEN 'its object is none that has fields of its own; see source/custom_fields.csv'
         WHEN coalesce(action, 'skip') = 'skip' THEN 'no record has a value, or the map leaves it out; see source/custom_fields.csv'
         WHEN action = 'details' THEN 'lines of NextCRM details on ' || entity || 's'
         ELSE 'field ' || coalesce(target_name, target_field) || ' of ' || entity || 's' END
FROM field
UNION ALL
SELECT 'stage', row_id, source_id,
    CASE WHEN place IS NOT NULL THEN 'merged' WHEN stage_key IS NULL THEN 'excluded' ELSE 'documented' END,
    NULL,
    NULL,
    CASE WHEN place IS NOT NULL THEN 'stage' WHEN stage_key IS NULL THEN 'empty' ELSE 'source/stages.csv' END,
    CASE WHEN place IS NOT NULL THEN 'stage ' || place WHEN stage_key IS NULL THEN 'it has no name'
         ELSE 'no pipeline of the map has it; see source/stages.csv' END
FROM stage
