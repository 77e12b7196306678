-- one row per call, meeting, mail or other happening that the source keeps as an activity
-- reads: stg_activity, stg_calendar_event, stg_setting, clean_site, profile, clean_user, clean_user_ref
WITH
site AS MATERIALIZED (
    SELECT c.timezone AS zone, c.exclude_deleted,
        -- What lies before the export was taken is over.
        coalesce((SELECT np_stamp(max(value), c.timezone, NULL) FROM stg_setting WHERE key = 'exported_at'),
            (SELECT max(np_stamp(created_at, c.timezone, NULL)) FROM stg_activity)) AS taken_at
    FROM clean_site AS c
),
how AS MATERIALIZED (SELECT field, date_order FROM profile WHERE object = 'activity'),
-- A calendar's entry of an activity tells when, how long and with whom.
event AS MATERIALIZED (
    SELECT np_id(activity_id) AS activity_id,
        json_group_array(json_array(label, value)) AS facts,
        max(iif(label = 'Calendar minutes', value, NULL)) AS minutes
    FROM (
        SELECT e.row_id, e.activity_id, f.key AS nth, f.value ->> 0 AS label, f.value ->> 1 AS value
        FROM stg_calendar_event AS e, json_each(np_facts(
            'Calendar', concat_ws(' ', e.source, e.external_id),
            'Calendar start', np_stamp(e.start_at, 'UTC', NULL),
            'Calendar end', np_stamp(e.end_at, 'UTC', NULL),
            'Calendar status', e.status,
            'Attendees', np_people(e.attendee_emails),
            'iCal UID', e.ical_uid,
            'Calendar minutes', CAST(round((julianday(np_stamp(e.end_at, 'UTC', NULL)) - julianday(np_stamp(e.start_at, 'UTC', NULL))) * 1440) AS INTEGER),
            '{}', e.extra)) AS f
        WHERE e.activity_id <> ''
        ORDER BY 1, 3)
    GROUP BY 1
),
v AS (
    SELECT
        s.row_id, s.row_hash, s.source_table,
        np_id(s.source_id) AS id,
        replace(replace(coalesce(np_fold(np_text(s.type)), ''), '_', ' '), '-', ' ') AS kind,
        coalesce(np_fold(np_text(s.status)), '') AS status,
        np_text(s.status) AS written_status,
        np_name(s.title) AS title,
        np_body(s.description) AS body,
        np_when(s.due_date, s.due_time, site.zone, (SELECT date_order FROM how WHERE field = 'due_date')) AS due,
        np_when(s.date, NULL, site.zone, (SELECT date_order FROM how WHERE field = 'date')) AS at,
        np_stamp(s.created_at, site.zone, (SELECT date_order FROM how WHERE field = 'created_at')) AS created_at,
        np_stamp(s.updated_at, site.zone, (SELECT date_order FROM how WHERE field = 'updated_at')) AS updated_at,
        np_stamp(s.deleted_at, site.zone, (SELECT date_order FROM how WHERE field = 'deleted_at')) AS deleted_at,
        coalesce(np_duration(s.duration), np_duration(e.minutes)) AS duration,
        np_bool(s.done) AS done,
        s.description, s.due_date AS written_due, s.due_time AS written_time, s.date AS written_date, s.duration AS written_duration,
        s.outcome, s.metadata, s.extra, s.updated_by, s.created_at AS written_created,
        e.facts AS event,
        coalesce(nullif(s.owner_email, ''), s.created_by) AS owner,
        coalesce(nullif(s.created_by, ''), s.owner_email) AS author,
        site.taken_at, site.exclude_deleted
    FROM site CROSS JOIN stg_activity AS s
    LEFT JOIN event AS e ON e.activity_id = np_id(s.source_id)
),
ranked AS (
    -- The newest version stands for the record; of equally new ones the first in the source.
    SELECT v.*, status = 'delete' OR status = 'deleted' OR deleted_at IS NOT NULL AS is_deleted,
        row_number() OVER newest AS nth, first_value(row_hash) OVER newest AS newest_hash, first_value(row_id) OVER newest AS newest_row
    FROM v
    WINDOW newest AS (PARTITION BY coalesce(id, 'row ' || row_id) ORDER BY updated_at DESC NULLS LAST, row_id)
),
-- What only an older version says is told by the newest one.
other AS MATERIALIZED (
    SELECT newest_row, json_group_array(json_array('Another version of this record', concat_ws(': ', title, np_html(description)))) AS facts
    FROM ranked WHERE nth > 1 AND row_hash <> newest_hash GROUP BY newest_row
),
gone AS MATERIALIZED (SELECT row_id FROM ranked WHERE nth = 1 AND is_deleted AND exclude_deleted)
SELECT
    'activity' AS object,
    r.row_id,
    'activity:' || coalesce(np_key(r.id), 'row:' || r.row_id) AS activity_key,
    r.id AS source_id,
    r.kind,
    r.title,
    r.body,
    coalesce(r.due, r.at, r.created_at) AS due,
    CASE WHEN r.due IS NOT NULL THEN 'due' WHEN r.at IS NOT NULL THEN 'date' WHEN r.created_at IS NOT NULL THEN 'created' END AS due_origin,
    r.duration,
    CASE
        WHEN r.done IS NOT NULL THEN r.done
        WHEN r.status IN ('completed', 'complete', 'done', 'closed', 'cancelled', 'canceled', 'deactive', 'erledigt') THEN 1
        WHEN r.status IN ('scheduled', 'planned', 'pending', 'open') THEN 0
        WHEN r.kind IN ('', 'task', 'todo', 'to do', 'deadline', 'aufgabe') THEN 0
        -- What was planned for after the export is still to come; what else is told has happened.
        ELSE coalesce(coalesce(r.due, r.at) <= r.taken_at, 1)
    END AS is_done,
    NULL AS priority,
    coalesce(o.email, np_email(r.owner, NULL)) AS owner_email,
    coalesce(a.name, au.email, np_text(r.author)) AS author,
    coalesce(au.email, np_email(r.author, NULL)) AS author_email,
    r.created_at,
    np_facts(
        'Outcome', r.outcome,
        'Status', iif(r.status IN ('', 'active'), NULL, r.written_status),
        'Date', CASE WHEN r.at IS NULL THEN r.written_date WHEN r.due IS NOT NULL THEN r.at END,
        'Due as written', iif(r.due IS NULL OR r.written_time <> '' AND length(r.due) = 10, concat_ws(' ', nullif(r.written_due, ''), nullif(r.written_time, '')), NULL),
        'Duration as written', iif(np_duration(r.written_duration) IS NULL, nullif(np_text(r.written_duration), '0'), NULL),
        'Created as written', iif(r.created_at IS NULL, r.written_created, NULL),
        'Updated', r.updated_at,
        'Updated by', coalesce(ub.email, r.updated_by),
        'Deleted', r.deleted_at,
        'Pictures left out', np_images(r.description, r.body),
        '{}', r.metadata,
        '[]', r.event,
        '[]', x.facts,
        '{}', r.extra) AS facts,
    CASE
        WHEN r.newest_row IN (SELECT row_id FROM gone) THEN 'soft_deleted'
        WHEN r.nth > 1 AND r.row_hash = r.newest_hash THEN 'repeated_record'
        WHEN r.nth > 1 THEN 'repeated_id_conflict'
    END AS set_aside,
    r.row_hash
FROM ranked AS r
LEFT JOIN other AS x ON x.newest_row = r.row_id
LEFT JOIN clean_user_ref AS o ON o.ref = r.owner
LEFT JOIN clean_user_ref AS au ON au.ref = r.author
LEFT JOIN clean_user AS a ON a.user_key = au.user_key
LEFT JOIN clean_user_ref AS ub ON ub.ref = r.updated_by
