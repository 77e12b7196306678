-- one row per note of the source's own note files
-- reads: stg_note, clean_site, profile, clean_user, clean_user_ref
WITH
site AS MATERIALIZED (SELECT timezone AS zone FROM clean_site),
how AS MATERIALIZED (SELECT field, date_order FROM profile WHERE object = 'note'),
v AS (
    SELECT
        s.row_id, s.row_hash, s.extra, s.description, s.created_at AS written_created,
        np_id(s.source_id) AS id,
        replace(replace(coalesce(np_fold(np_text(s.type)), 'note'), '_', ' '), '-', ' ') AS kind,
        np_text(s.type) AS written_type,
        np_name(s.title) AS title,
        np_body(s.description) AS body,
        np_stamp(s.created_at, site.zone, (SELECT date_order FROM how WHERE field = 'created_at')) AS created_at,
        np_stamp(s.updated_at, site.zone, (SELECT date_order FROM how WHERE field = 'updated_at')) AS updated_at,
        coalesce(nullif(s.created_by, ''), s.owner_email) AS author,
        coalesce(nullif(s.owner_email, ''), s.created_by) AS owner
    FROM site CROSS JOIN stg_note AS s
),
ranked AS (
    SELECT v.*, row_number() OVER newest AS nth, first_value(row_hash) OVER newest AS newest_hash, first_value(row_id) OVER newest AS newest_row
    FROM v
    WINDOW newest AS (PARTITION BY coalesce(id, 'row ' || row_id) ORDER BY updated_at DESC NULLS LAST, row_id)
),
other AS MATERIALIZED (
    SELECT newest_row, json_group_array(json_array('Another version of this record', concat_ws(': ', title, np_html(description)))) AS facts
    FROM ranked WHERE nth > 1 AND row_hash <> newest_hash GROUP BY newest_row
)
SELECT
    'note' AS object,
    r.row_id,
    'note:' || coalesce(np_key(r.id), 'row:' || r.row_id) AS activity_key,
    r.id AS source_id,
    r.kind,
    r.title,
    r.body,
    r.created_at AS due,
    iif(r.created_at IS NULL, NULL, 'created') AS due_origin,
    NULL AS duration,
    1 AS is_done,
    NULL AS priority,
    coalesce(o.email, np_email(r.owner, NULL)) AS owner_email,
    coalesce(a.name, au.email, np_text(r.author)) AS author,
    coalesce(au.email, np_email(r.author, NULL)) AS author_email,
    r.created_at,
    np_facts(
        'Type', iif(r.kind = 'note', NULL, r.written_type),
        'Created as written', iif(r.created_at IS NULL, r.written_created, NULL),
        'Updated', r.updated_at,
        'Pictures left out', np_images(r.description, r.body),
        '[]', x.facts,
        '{}', r.extra) AS facts,
    CASE
        WHEN r.nth > 1 AND r.row_hash = r.newest_hash THEN 'repeated_record'
        WHEN r.nth > 1 THEN 'repeated_id_conflict'
        WHEN r.title IS NULL AND r.body IS NULL AND x.facts IS NULL THEN 'empty_note'
    END AS set_aside,
    r.row_hash
FROM ranked AS r
LEFT JOIN other AS x ON x.newest_row = r.row_id
LEFT JOIN clean_user_ref AS o ON o.ref = r.owner
LEFT JOIN clean_user_ref AS au ON au.ref = r.author
LEFT JOIN clean_user AS a ON a.user_key = au.user_key
