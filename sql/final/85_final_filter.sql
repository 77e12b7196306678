-- one row per static list that the map keeps as an option: a saved filter that finds who is on it
-- reads: clean_list, map_option, map_field, setup
WITH
field AS MATERIALIZED (
    SELECT target_field, iif(target_type = 'set', 'contains', '=') AS operator
    FROM map_field
    WHERE map_key = 'contact.lists' AND action = 'custom' AND target_type IN ('set', 'enum')
),
kept AS (
    SELECT
        coalesce(l.source_id, 'name:' || l.list_key) AS id,
        o.label,
        row_number() OVER (ORDER BY l.row_id IS NULL, l.row_id, l.list_key) AS seq,
        -- Lists that the map calls the same are one.
        row_number() OVER (PARTITION BY o.label ORDER BY l.row_id IS NULL, l.row_id, l.list_key) AS nth
    FROM clean_list AS l
    JOIN map_option AS o ON o.map_key = 'contact.lists=' || l.title
    WHERE o.label IS NOT NULL
),
named AS (
    -- Pipedrive takes 255 characters; a filter is found again by its name, so no two may be the same.
    SELECT *, substr('NextCRM list: ' || label, 1, 245) AS base,
        row_number() OVER (PARTITION BY lower(substr('NextCRM list: ' || label, 1, 245)) ORDER BY seq) AS same
    FROM kept
    WHERE nth = 1
),
keyed AS (
    SELECT *, 'filter:list:' || replace(replace(id, '%', '%25'), ']', '%5D') AS final_key,
        base || iif(same > 1, ' (' || same || ')', '') AS name
    FROM named
)
SELECT
    k.final_key,
    k.seq,
    setup.source_tag || '/' || k.final_key AS marker,
    k.name,
    json_object('name', k.name, 'type', 'people', 'conditions', json_object('glue', 'and', 'conditions', json_array(
        json_object('glue', 'and', 'conditions', json_array(json_object(
            'object', 'person',
            'field_id', json_object('@ref', 'filter_field:person.' || f.target_field),
            'operator', f.operator,
            'value', json_object('@ref', 'option_text:person.' || f.target_field || ':' || k.label),
            'extra_value', NULL))),
        json_object('glue', 'or', 'conditions', json_array())))) AS payload
FROM keyed AS k
CROSS JOIN field AS f
CROSS JOIN setup
