-- one row per target list whose title no other list has
-- reads: stg_target_list, stg_target_list_member, clean_site, clean_list
WITH
member AS MATERIALIZED (SELECT np_id(target_list_id) AS id, count(*) AS uses FROM stg_target_list_member GROUP BY 1),
named AS (
    SELECT np_fold(np_text(l.title)) AS list_key, np_text(l.title) AS title, l.row_id, np_id(l.source_id) AS id, np_html(l.description) AS description,
        ifnull(m.uses, 0) AS uses
    FROM stg_target_list AS l CROSS JOIN clean_site AS site LEFT JOIN member AS m ON m.id = np_id(l.source_id)
    WHERE np_text(l.title) IS NOT NULL
        AND NOT (site.exclude_deleted AND (l.deleted_at <> '' AND l.deleted_at <> 'NULL' AND l.deleted_at NOT GLOB '0000-*') IS TRUE)
)
SELECT
    list_key,
    min(title) AS title,
    NULL AS row_id,
    min(id) AS source_id,
    min(description) AS description,
    sum(uses) AS uses
FROM named
WHERE NOT EXISTS (SELECT 1 FROM clean_list AS c WHERE c.list_key = named.list_key)
GROUP BY list_key
