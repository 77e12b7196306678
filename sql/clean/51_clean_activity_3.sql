-- one row per task on an account or a deal, its comments in the body
-- reads: stg_task, stg_task_comment, clean_site, profile, clean_user, clean_user_ref
WITH
site AS MATERIALIZED (SELECT timezone AS zone FROM clean_site),
how AS MATERIALIZED (SELECT field, date_order FROM profile WHERE object = 'task'),
comment AS MATERIALIZED (
    SELECT task_id, group_concat(html, '') AS html FROM (
        SELECT np_id(c.task_id) AS task_id,
            np_comment(coalesce(u.name, r.email, c.user_id), np_stamp(c.created_at, site.zone, NULL), c.description) AS html
        FROM site CROSS JOIN stg_task_comment AS c
        LEFT JOIN clean_user_ref AS r ON r.ref = c.user_id
        LEFT JOIN clean_user AS u ON u.user_key = r.user_key
        WHERE c.task_id <> ''
        ORDER BY np_stamp(c.created_at, site.zone, NULL), c.row_id)
    GROUP BY task_id
),
v AS (
    SELECT
        s.row_id, s.row_hash, s.extra, s.tags, s.likes, s.description, s.due_at AS written_due, s.created_by, s.updated_by, s.owner_id,
        np_id(s.source_id) AS id,
        np_name(s.title) AS title,
        np_body(s.description) AS body,
        np_when(s.due_at, NULL, site.zone, (SELECT date_order FROM how WHERE field = 'due_at')) AS due,
        coalesce(np_fold(np_text(s.priority)), '') AS priority,
        np_text(s.priority) AS written_priority,
        coalesce(np_fold(np_text(s.status)), '') AS status,
        np_text(s.status) AS written_status,
        np_stamp(s.created_at, site.zone, (SELECT date_order FROM how WHERE field = 'created_at')) AS created_at,
        np_stamp(s.updated_at, site.zone, (SELECT date_order FROM how WHERE field = 'updated_at')) AS updated_at
    FROM site CROSS JOIN stg_task AS s
),
ranked AS (
    SELECT v.*, row_number() OVER newest AS nth, first_value(row_hash) OVER newest AS newest_hash
    FROM v
    WINDOW newest AS (PARTITION BY coalesce(id, 'row ' || row_id) ORDER BY updated_at DESC NULLS LAST, row_id)
)
SELECT
    'task' AS object,
    r.row_id,
    'task:' || coalesce(np_key(r.id), 'row:' || r.row_id) AS activity_key,
    r.id AS source_id,
    'task' AS kind,
    r.title,
    nullif(coalesce(r.body, '') || coalesce(c.html, ''), '') AS body,
    coalesce(r.due, r.created_at) AS due,
    CASE WHEN r.due IS NOT NULL THEN 'due' WHEN r.created_at IS NOT NULL THEN 'created' END AS due_origin,
    NULL AS duration,
    r.status IN ('complete', 'completed', 'done', 'closed') AS is_done,
    CASE
        WHEN r.priority IN ('high', 'critical', 'urgent') THEN 'high'
        WHEN r.priority IN ('medium', 'normal') THEN 'medium'
        WHEN r.priority = 'low' THEN 'low'
    END AS priority,
    o.email AS owner_email,
    coalesce(a.name, au.email, np_text(r.created_by)) AS author,
    au.email AS author_email,
    r.created_at,
    np_facts(
        'Status', r.written_status,
        'Priority', r.written_priority,
        'Due as written', iif(r.due IS NULL, r.written_due, NULL),
        'Owner', iif(o.ref IS NULL, r.owner_id, NULL),
        'Tags', iif(json_valid(r.tags), (SELECT group_concat(iif(t.type IN ('array', 'object') OR typeof(t.key) = 'text', iif(typeof(t.key) = 'text', t.key || ': ', '') || t.value, t.value), ', ')
            FROM json_each(iif(json_valid(r.tags), r.tags, '[]')) AS t), r.tags),
        'Likes', nullif(r.likes, '0'),
        'Updated', r.updated_at,
        'Updated by', coalesce(ub.email, r.updated_by),
        'Pictures left out', np_images(r.description, r.body),
        '{}', r.extra) AS facts,
    CASE
        WHEN r.nth > 1 AND r.row_hash = r.newest_hash THEN 'repeated_record'
        WHEN r.nth > 1 THEN 'repeated_id_conflict'
    END AS set_aside,
    r.row_hash
FROM ranked AS r
LEFT JOIN comment AS c ON c.task_id = r.id AND r.nth = 1
LEFT JOIN clean_user_ref AS o ON o.ref = r.owner_id
LEFT JOIN clean_user_ref AS au ON au.ref = r.created_by
LEFT JOIN clean_user AS a ON a.user_key = au.user_key
LEFT JOIN clean_user_ref AS ub ON ub.ref = r.updated_by
