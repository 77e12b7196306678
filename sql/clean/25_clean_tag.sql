-- one row per tag, whatever its spelling, declared or only met on records
-- reads: stg_tag, stg_contact, stg_account, stg_deal, stg_contact_tag, stg_target, clean_prospect, clean_site, clean_drop
WITH
declared AS MATERIALIZED (
    SELECT np_fold(np_text(title)) AS tag_key, np_text(title) AS title, min(row_id) AS row_id, np_id(source_id) AS id,
        np_text(slug) AS slug, np_html(description) AS description
    FROM stg_tag
    WHERE np_text(title) IS NOT NULL
    GROUP BY 1
),
known AS MATERIALIZED (
    SELECT json_group_array(d.title) AS titles, coalesce(c.list_separator, ',') AS separator
    FROM clean_site AS c LEFT JOIN declared AS d
),
-- Each different cell is taken apart once, however many records hold it.
cell (object, value, records) AS (
    SELECT 'contact', s.tags, count(*) FROM stg_contact AS s
    WHERE s.tags <> '' AND NOT EXISTS (SELECT 1 FROM clean_drop AS d WHERE d.object = 'contact' AND d.row_id = s.row_id) GROUP BY s.tags
    UNION ALL
    -- A target becomes a person.
    SELECT 'contact', s.tags, count(*) FROM stg_target AS s JOIN clean_prospect AS p ON p.object = 'target' AND p.row_id = s.row_id AND p.fate = 'live'
    WHERE s.tags <> '' GROUP BY s.tags
    UNION ALL
    SELECT 'account', s.tags, count(*) FROM stg_account AS s
    WHERE s.tags <> '' AND NOT EXISTS (SELECT 1 FROM clean_drop AS d WHERE d.object = 'account' AND d.row_id = s.row_id) GROUP BY s.tags
    UNION ALL
    SELECT 'deal', s.tags, count(*) FROM stg_deal AS s
    WHERE s.tags <> '' AND NOT EXISTS (SELECT 1 FROM clean_drop AS d WHERE d.object = 'deal' AND d.row_id = s.row_id) GROUP BY s.tags
),
-- A membership file names a tag by its title, its id or its slug.
member (value, records) AS (SELECT tag, count(*) FROM stg_contact_tag WHERE tag <> '' GROUP BY tag),
used (title, object, records) AS (
    SELECT i.value, cell.object, cell.records
    FROM cell, known, json_each(np_titles(cell.value, known.titles, known.separator)) AS i
    UNION ALL
    SELECT coalesce(
            (SELECT d.title FROM declared AS d WHERE d.tag_key = np_fold(m.value)),
            (SELECT min(d.title) FROM declared AS d WHERE d.id = np_id(m.value)),
            (SELECT min(d.title) FROM declared AS d WHERE d.slug = np_text(m.value)),
            np_text(m.value)),
        'contact', m.records
    FROM member AS m
),
met AS MATERIALIZED (
    SELECT np_fold(title) AS tag_key, min(title) AS title,
        sum(records) FILTER (WHERE object = 'contact') AS contact,
        sum(records) FILTER (WHERE object = 'account') AS account,
        sum(records) FILTER (WHERE object = 'deal') AS deal
    FROM used WHERE title IS NOT NULL
    GROUP BY 1
)
SELECT
    tag_key,
    coalesce(d.title, m.title) AS title,
    d.row_id,
    d.id            AS source_id,
    d.description,
    coalesce(m.contact, 0) AS uses_contact,
    coalesce(m.account, 0) AS uses_account,
    coalesce(m.deal, 0)    AS uses_deal
FROM declared AS d FULL JOIN met AS m USING (tag_key)
