-- one row per entry of a user's own to-do list
-- reads: stg_todo, clean_site, clean_user, clean_user_ref
SELECT
    'todo' AS object,
    s.row_id,
    'todo:' || coalesce(np_key(np_id(s.source_id)), 'row:' || s.row_id) AS activity_key,
    np_id(s.source_id) AS source_id,
    'todo' AS kind,
    np_name(s.title) AS title,
    np_body(s.description) AS body,
    np_stamp(s.created_at, c.timezone, c.date_order) AS due,
    iif(np_stamp(s.created_at, c.timezone, c.date_order) IS NULL, NULL, 'created') AS due_origin,
    NULL AS duration,
    0 AS is_done,
    NULL AS priority,
    r.email AS owner_email,
    coalesce(u.name, r.email, np_text(s.user_id)) AS author,
    r.email AS author_email,
    np_stamp(s.created_at, c.timezone, c.date_order) AS created_at,
    np_facts(
        'URL', s.url,
        'User', iif(r.ref IS NULL, s.user_id, NULL),
        'Created as written', iif(np_stamp(s.created_at, c.timezone, c.date_order) IS NULL, s.created_at, NULL),
        '{}', s.extra) AS facts,
    iif(row_number() OVER (PARTITION BY coalesce(np_id(s.source_id), 'row ' || s.row_id) ORDER BY s.row_id) > 1, 'repeated_record', NULL) AS set_aside,
    s.row_hash
FROM clean_site AS c CROSS JOIN stg_todo AS s
LEFT JOIN clean_user_ref AS r ON r.ref = s.user_id
LEFT JOIN clean_user AS u ON u.user_key = r.user_key
