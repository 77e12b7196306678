-- one row per option of an enum or set field
-- reads: map_option, map_field, map_label
WITH choice AS (
    SELECT f.entity, f.target_field AS field_key, o.label, min(o.position) AS position
    FROM map_option AS o
    JOIN map_field AS f ON f.object = o.object AND f.source_field = o.source_field
    WHERE f.action = 'custom' AND f.target_type IN ('enum', 'set') AND o.label IS NOT NULL
    GROUP BY 1, 2, 3
    UNION ALL
    -- Tags that the map sends to a field are its options.
    SELECT f.entity, f.target_field, l.label, -max(l.uses)
    FROM map_label AS l
    JOIN map_field AS f ON f.entity = l.entity AND f.source_field = l.source_field AND f.action = 'custom'
    WHERE l.action = 'field' AND l.label IS NOT NULL
    GROUP BY 1, 2, 3
)
SELECT
    entity,
    field_key,
    label,
    row_number() OVER (PARTITION BY entity, field_key ORDER BY position, label) AS position
FROM choice
