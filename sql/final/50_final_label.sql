-- one row per label of an entity
-- reads: map_label
SELECT
    entity,
    label,
    row_number() OVER (PARTITION BY entity ORDER BY sum(uses) DESC, label) AS position
FROM map_label
WHERE action = 'label' AND label IS NOT NULL
GROUP BY entity, label
