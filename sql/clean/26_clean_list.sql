-- one row per static list, whatever its spelling, declared or only met on contacts
-- reads: stg_list, stg_contact, stg_contact_list, clean_site, clean_drop
WITH
declared AS MATERIALIZED (
    SELECT np_fold(np_text(title)) AS list_key, np_text(title) AS title, min(row_id) AS row_id, np_id(source_id) AS id,
        np_text(slug) AS slug, np_html(description) AS description
    FROM stg_list
    WHERE np_text(title) IS NOT NULL
    GROUP BY 1
),
known AS MATERIALIZED (
    SELECT json_group_array(d.title) AS titles, coalesce(c.list_separator, ',') AS separator
    FROM clean_site AS c LEFT JOIN declared AS d
),
cell (value, records) AS (
    SELECT s.lists, count(*) FROM stg_contact AS s
    WHERE s.lists <> '' AND NOT EXISTS (SELECT 1 FROM clean_drop AS d WHERE d.object = 'contact' AND d.row_id = s.row_id) GROUP BY s.lists
),
member (value, records) AS (SELECT list, count(*) FROM stg_contact_list WHERE list <> '' GROUP BY list),
used (title, records) AS (
    SELECT i.value, cell.records
    FROM cell, known, json_each(np_titles(cell.value, known.titles, known.separator)) AS i
    UNION ALL
    SELECT coalesce(
            (SELECT d.title FROM declared AS d WHERE d.list_key = np_fold(m.value)),
            (SELECT min(d.title) FROM declared AS d WHERE d.id = np_id(m.value)),
            (SELECT min(d.title) FROM declared AS d WHERE d.slug = np_text(m.value)),
            np_text(m.value)),
        m.records
    FROM member AS m
),
met AS MATERIALIZED (
    SELECT np_fold(title) AS list_key, min(title) AS title, sum(records) AS uses
    FROM used WHERE title IS NOT NULL
    GROUP BY 1
)
SELECT
    list_key,
    coalesce(d.title, m.title) AS title,
    d.row_id,
    d.id AS source_id,
    d.description,
    coalesce(m.uses, 0) AS uses
FROM declared AS d FULL JOIN met AS m USING (list_key)
