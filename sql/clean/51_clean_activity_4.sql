-- one row per mail of a mailbox; the copies that other mailboxes have of it are set aside
-- reads: stg_email, clean_site, profile, clean_user_ref
WITH
site AS MATERIALIZED (SELECT timezone AS zone, exclude_deleted FROM clean_site),
how AS MATERIALIZED (SELECT field, date_order FROM profile WHERE object = 'email'),
v AS (
    SELECT
        s.*,
        np_id(s.source_id) AS id,
        'email:' || coalesce(np_mail_key(s.message_id, s.source_id), 'row:' || s.row_id) AS activity_key,
        coalesce(np_body(s.body_html), np_body(s.body_text)) AS body,
        np_stamp(s.sent_at, site.zone, (SELECT date_order FROM how WHERE field = 'sent_at')) AS sent,
        np_stamp(s.created_at, site.zone, (SELECT date_order FROM how WHERE field = 'created_at')) AS stored,
        coalesce(np_bool(s.is_deleted), 0) AND site.exclude_deleted AS is_gone,
        u.email AS mailbox, u.user_key
    FROM site CROSS JOIN stg_email AS s
    LEFT JOIN clean_user_ref AS u ON u.ref = s.user_id
),
ranked AS MATERIALIZED (
    -- The copy that has the text stands for the mail, then the sender's own.
    SELECT v.*, row_number() OVER best AS nth, first_value(is_gone) OVER best AS is_gone_everywhere
    FROM v
    WINDOW best AS (PARTITION BY activity_key ORDER BY is_gone, body IS NULL, coalesce(folder, '') <> 'SENT', source_id, row_id)
),
copy AS MATERIALIZED (
    SELECT activity_key, group_concat(place, ', ') AS places FROM (
        SELECT activity_key, coalesce(mailbox, user_id, mailbox_id) || coalesce(' (' || lower(folder) || ')', '') AS place
        FROM ranked ORDER BY nth)
    GROUP BY activity_key
)
SELECT
    'email' AS object,
    r.row_id,
    r.activity_key,
    r.id AS source_id,
    'email' AS kind,
    np_name(r.subject) AS title,
    r.body,
    coalesce(r.sent, r.stored) AS due,
    CASE WHEN r.sent IS NOT NULL THEN 'date' WHEN r.stored IS NOT NULL THEN 'created' END AS due_origin,
    NULL AS duration,
    1 AS is_done,
    NULL AS priority,
    r.mailbox AS owner_email,
    coalesce(np_name(r.from_name), np_text(r.from_email)) AS author,
    np_email(r.from_email, NULL) AS author_email,
    r.stored AS created_at,
    np_facts(
        'From', concat_ws(' ', np_name(r.from_name), '<' || np_text(r.from_email) || '>'),
        'To', np_people(r.to_recipients),
        'Cc', np_people(r.cc_recipients),
        'Bcc', np_people(r.bcc_recipients),
        'Sent', coalesce(r.sent, 'not known'),
        'Sent as written', iif(r.sent IS NULL, r.sent_at, NULL),
        'Mailboxes', c.places,
        'Message-ID', r.message_id,
        'Read', iif(np_bool(r.is_read) = 0, 'no', NULL),
        'Deleted in the mailbox', iif(np_bool(r.is_deleted) = 1, 'yes', NULL),
        'Pictures left out', np_images(r.body_html, r.body),
        '{}', r.extra) AS facts,
    CASE
        WHEN r.is_gone_everywhere THEN 'soft_deleted'
        WHEN r.nth > 1 THEN 'same_mail'
    END AS set_aside,
    r.row_hash
FROM ranked AS r
LEFT JOIN copy AS c ON c.activity_key = r.activity_key
