-- one row per contact that a membership file names, by id or else by e-mail
-- reads: stg_contact_tag, stg_contact_list, stg_tag, stg_list, clean_tag, clean_list
WITH
tag_word AS MATERIALIZED (
    -- Titles win over ids, ids over slugs: a tag may be called 2024 and another have that id.
    SELECT tag_key AS word, title, 1 AS rank FROM clean_tag
    UNION ALL SELECT np_fold(source_id), title, 2 FROM clean_tag WHERE source_id IS NOT NULL
    UNION ALL SELECT np_fold(s.slug), t.title, 3 FROM stg_tag AS s JOIN clean_tag AS t ON t.tag_key = np_fold(s.title) WHERE s.slug <> ''
),
list_word AS MATERIALIZED (
    SELECT list_key AS word, title, 1 AS rank FROM clean_list
    UNION ALL SELECT np_fold(source_id), title, 2 FROM clean_list WHERE source_id IS NOT NULL
    UNION ALL SELECT np_fold(s.slug), l.title, 3 FROM stg_list AS s JOIN clean_list AS l ON l.list_key = np_fold(s.title) WHERE s.slug <> ''
),
tag_title AS MATERIALIZED (SELECT word, title FROM (SELECT *, row_number() OVER (PARTITION BY word ORDER BY rank, title) AS nth FROM tag_word) WHERE nth = 1),
list_title AS MATERIALIZED (SELECT word, title FROM (SELECT *, row_number() OVER (PARTITION BY word ORDER BY rank, title) AS nth FROM list_word) WHERE nth = 1),
membership (ref, tag, list) AS (
    SELECT coalesce('contact:' || np_id(s.contact_id), 'email:' || np_email(s.email, NULL)), t.title, NULL
    FROM stg_contact_tag AS s JOIN tag_title AS t ON t.word = np_fold(s.tag)
    UNION
    -- Who left a list is not on it.
    SELECT coalesce('contact:' || np_id(s.contact_id), 'email:' || np_email(s.email, NULL)), NULL, l.title
    FROM stg_contact_list AS s JOIN list_title AS l ON l.word = np_fold(s.list)
    WHERE coalesce(np_consent(s.status), '') NOT IN ('unsubscribed', 'bounced', 'complained')
)
SELECT
    ref,
    json_group_array(tag) FILTER (WHERE tag IS NOT NULL)   AS tags,
    json_group_array(list) FILTER (WHERE list IS NOT NULL) AS lists
FROM membership
WHERE ref IS NOT NULL
GROUP BY ref
