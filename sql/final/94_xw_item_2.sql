-- one row per membership that a file of its own states: the person who has the tag or is on the list
-- reads: stg_contact_tag, stg_contact_list, stg_tag, stg_list, clean_tag, clean_list, clean_contact, clean_drop, xw_contact, map_label, map_option, map_field
WITH
member AS (
    SELECT 'contact_tag' AS object, row_id, np_id(source_id) AS source_id, tag AS word, 0 AS has_left,
        coalesce('contact:' || np_id(contact_id), 'email:' || np_email(email, NULL)) AS ref
    FROM stg_contact_tag
    UNION ALL
    SELECT 'contact_list', row_id, np_id(source_id), list,
        coalesce(np_consent(status), '') IN ('unsubscribed', 'bounced', 'complained'),
        coalesce('contact:' || np_id(contact_id), 'email:' || np_email(email, NULL))
    FROM stg_contact_list
),
-- As in clean_membership: titles win over ids, ids over slugs.
meaning (object, word, title, rank) AS (
    SELECT 'contact_tag', tag_key, title, 1 FROM clean_tag
    UNION ALL SELECT 'contact_tag', np_fold(source_id), title, 2 FROM clean_tag WHERE source_id IS NOT NULL
    UNION ALL SELECT 'contact_tag', np_fold(s.slug), t.title, 3 FROM stg_tag AS s JOIN clean_tag AS t ON t.tag_key = np_fold(s.title) WHERE s.slug <> ''
    UNION ALL SELECT 'contact_list', list_key, title, 1 FROM clean_list
    UNION ALL SELECT 'contact_list', np_fold(source_id), title, 2 FROM clean_list WHERE source_id IS NOT NULL
    UNION ALL SELECT 'contact_list', np_fold(s.slug), l.title, 3 FROM stg_list AS s JOIN clean_list AS l ON l.list_key = np_fold(s.title) WHERE s.slug <> ''
),
-- Where the map puts what it means; NULL where it leaves it out.
home AS MATERIALIZED (
    SELECT w.object, w.word, w.title,
        CASE
            WHEN w.object = 'contact_list' THEN iif(o.label IS NULL, NULL, f.action)
            WHEN l.action = 'label' THEN t.action
            WHEN l.action = 'field' THEN k.action
        END AS action,
        CASE
            WHEN w.object = 'contact_list' THEN 'option ' || o.label || ' of ' || f.target_name
            WHEN l.action = 'label' THEN 'label ' || l.label
            ELSE 'option ' || l.label || ' of ' || k.target_name
        END AS place
    FROM (SELECT *, row_number() OVER (PARTITION BY object, word ORDER BY rank, title) AS nth FROM meaning) AS w
    LEFT JOIN map_label AS l ON w.object = 'contact_tag' AND l.entity = 'person' AND l.title = w.title
    LEFT JOIN map_option AS o ON w.object = 'contact_list' AND o.map_key = 'contact.lists=' || w.title
    LEFT JOIN map_field AS f ON f.map_key = 'contact.lists'
    LEFT JOIN map_field AS t ON t.map_key = 'contact.tags'
    LEFT JOIN map_field AS k ON k.object = 'contact' AND k.source_field = l.source_field
    WHERE w.nth = 1
),
person AS MATERIALIZED (
    SELECT ref, min(final_key) AS final_key, max(is_left_out) AS is_left_out
    FROM (
        SELECT 'contact:' || c.source_id AS ref, x.final_key, 0 AS is_left_out
        FROM clean_contact AS c JOIN xw_contact AS x ON x.row_id = c.row_id WHERE c.source_id IS NOT NULL
        UNION ALL
        SELECT 'email:' || c.email, x.final_key, 0
        FROM clean_contact AS c JOIN xw_contact AS x ON x.row_id = c.row_id WHERE c.email IS NOT NULL
        UNION ALL
        SELECT 'contact:' || d.source_id, NULL, 1 FROM clean_drop AS d WHERE d.object = 'contact' AND d.fate IN ('excluded', 'rejected')
    )
    GROUP BY ref
),
judged AS (
    SELECT m.object, m.row_id, m.source_id, h.action, h.place, p.final_key,
        CASE
            WHEN h.word IS NULL THEN 'empty'
            WHEN m.has_left THEN 'left_list'
            WHEN p.final_key IS NOT NULL AND h.action IN ('native', 'custom', 'details') THEN 'person'
            WHEN p.final_key IS NOT NULL THEN iif(m.object = 'contact_tag', 'map_label', 'map_option')
            WHEN p.is_left_out THEN 'contact_left_out'
            ELSE 'dangling_contact'
        END AS rule
    FROM member AS m
    LEFT JOIN home AS h ON h.object = m.object AND h.word = np_fold(m.word)
    LEFT JOIN person AS p ON p.ref = m.ref
)
SELECT
    object,
    row_id,
    source_id,
    CASE rule WHEN 'person' THEN 'merged' WHEN 'dangling_contact' THEN 'documented' ELSE 'excluded' END AS fate,
    iif(rule = 'person', 'person', NULL) AS entity,
    iif(rule = 'person', final_key, NULL) AS final_key,
    iif(rule = 'dangling_contact', 'lists/members.csv', rule) AS rule,
    CASE rule
        WHEN 'person' THEN iif(action = 'details', 'a line of NextCRM details', place)
        WHEN 'empty' THEN 'it names no tag or list'
        WHEN 'left_list' THEN 'the contact has left the list; see lists/members.csv'
        WHEN 'contact_left_out' THEN 'its contact is left out'
        WHEN 'dangling_contact' THEN 'no contact answers to it; see lists/members.csv'
        ELSE 'the map leaves it out'
    END AS reason
FROM judged
