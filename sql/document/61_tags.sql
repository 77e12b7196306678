-- one row per tag and kind of record that carries it, with what Pipedrive has no place for
-- reads: stg_tag, clean_tag, map_label
-- file: lists/tags.csv
SELECT
    coalesce(c.title, s.title) AS title,
    s.source_id AS id,
    s.slug,
    s.description,
    s.created_at,
    l.entity,
    l.uses      AS records,
    l.action    AS became,
    l.field,
    l.label     AS in_pipedrive
FROM clean_tag AS c
FULL JOIN stg_tag AS s ON s.row_id = c.row_id
LEFT JOIN map_label AS l ON l.tag_key = c.tag_key
ORDER BY c.row_id IS NULL, c.row_id, c.tag_key, s.row_id, l.entity
