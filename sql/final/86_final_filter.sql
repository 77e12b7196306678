-- one row per segment: the filter it becomes, or one that finds the people it held
-- reads: map_segment, map_option, map_field, clean_segment, setup
WITH
field AS MATERIALIZED (
    SELECT target_field, iif(target_type = 'set', 'contains', '=') AS operator
    FROM map_field
    WHERE map_key = 'contact.segments' AND action = 'custom' AND target_type IN ('set', 'enum')
),
kept AS (
    SELECT
        s.map_key, s.name, s.action, c.row_id,
        iif(s.action = 'filter', json(s.conditions), json_object('glue', 'and', 'conditions', json_array(
            json_object('glue', 'and', 'conditions', json_array(json_object(
                'object', 'person',
                'field_id', json_object('@ref', 'filter_field:person.' || f.target_field),
                'operator', f.operator,
                'value', json_object('@ref', 'option_text:person.' || f.target_field || ':' || o.label),
                'extra_value', NULL))),
            json_object('glue', 'or', 'conditions', json_array())))) AS conditions
    FROM map_segment AS s
    JOIN clean_segment AS c ON c.segment_key = s.map_key
    LEFT JOIN map_option AS o ON o.map_key = 'contact.segments=' || s.name
    LEFT JOIN field AS f
    WHERE s.action = 'filter' OR s.action = 'frozen' AND o.label IS NOT NULL AND f.target_field IS NOT NULL
),
keyed AS (
    SELECT *, 'filter:' || replace(replace(map_key, '%', '%25'), ']', '%5D') AS final_key,
        'NextCRM segment: ' || name || iif(action = 'frozen', ' (frozen)', '') AS filter_name
    FROM kept
)
SELECT
    k.final_key,
    1000000 + k.row_id AS seq,
    setup.source_tag || '/' || k.final_key AS marker,
    k.filter_name AS name,
    json_object('name', k.filter_name, 'type', 'people', 'conditions', json(k.conditions)) AS payload
FROM keyed AS k
CROSS JOIN setup
