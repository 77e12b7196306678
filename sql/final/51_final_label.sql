-- one row per label of leads: their statuses, as the map names them
-- reads: map_field, map_option
SELECT 'lead' AS entity, o.label, min(o.position) AS position
FROM map_field AS f
JOIN map_option AS o ON o.object = f.object AND o.source_field = f.source_field
WHERE f.map_key = 'deal.lead:status' AND f.action = 'native' AND o.label IS NOT NULL
GROUP BY o.label
