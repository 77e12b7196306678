-- one row per id by which rules name a tag, a list or a custom field
-- reads: stg_tag, stg_list, stg_custom_field, clean_tag, clean_list
WITH ref (kind, ref, means, row_id) AS (
    -- Several records of one tag are one tag, under each of their ids.
    SELECT 'tag', np_id(s.source_id), t.title, s.row_id FROM stg_tag AS s JOIN clean_tag AS t ON t.tag_key = np_fold(np_text(s.title))
    UNION ALL SELECT 'list', np_id(s.source_id), l.title, s.row_id FROM stg_list AS s JOIN clean_list AS l ON l.list_key = np_fold(np_text(s.title))
    UNION ALL SELECT 'custom_field', np_id(s.source_id), s.slug, s.row_id FROM stg_custom_field AS s WHERE s.slug <> ''
)
SELECT kind, ref, means
FROM (SELECT *, row_number() OVER (PARTITION BY kind, ref ORDER BY row_id) AS nth FROM ref WHERE ref IS NOT NULL)
WHERE nth = 1
