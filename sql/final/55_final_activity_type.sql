-- one row per activity type that the map names; types of the same name share one
-- reads: map_activity_type
SELECT
    lower(trim(type_name)) AS type_key,
    min(trim(type_name)) AS name,
    min(icon) AS icon_key,
    row_number() OVER (ORDER BY sum(uses) DESC, lower(trim(type_name))) AS position
FROM map_activity_type
WHERE action = 'activity'
GROUP BY lower(trim(type_name))
