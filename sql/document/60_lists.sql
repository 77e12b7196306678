-- one row per static list, with what Pipedrive has no place for
-- reads: stg_list, clean_list, map_option, final_filter
-- file: lists/lists.csv
SELECT
    coalesce(c.title, s.title) AS title,
    s.source_id  AS id,
    s.slug,
    s.description,
    s.is_public,
    s.created_at,
    c.uses       AS contacts,
    o.label      AS option_in_pipedrive,
    f.name       AS filter_in_pipedrive
FROM clean_list AS c
FULL JOIN stg_list AS s ON s.row_id = c.row_id
LEFT JOIN map_option AS o ON o.map_key = 'contact.lists=' || c.title
LEFT JOIN final_filter AS f ON f.name = substr('NextCRM list: ' || o.label, 1, 245)
ORDER BY c.row_id IS NULL, c.row_id, c.list_key, s.row_id
