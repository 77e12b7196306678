-- one row per custom field that the records need
-- reads: map_field
SELECT
    target_field AS field_key,
    entity,
    target_name AS name,
    target_type AS field_type,
    'From NextCRM: ' || object || ', ' || source_field AS description,
    position
FROM map_field
WHERE action = 'custom'
UNION ALL
-- Everything without a field of its own stands in one text, a line each.
SELECT
    'nextcrm_details',
    entity,
    'NextCRM details',
    'text',
    'From NextCRM: ' || group_concat(source_field, ', '),
    max(position) + 1000
FROM map_field
WHERE action = 'details'
GROUP BY entity
