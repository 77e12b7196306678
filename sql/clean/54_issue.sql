-- one row per finding on an activity, a note, a task or a mail
-- reads: issue_rule, clean_site, profile, clean_activity, clean_activity_link, stg_activity, stg_note, stg_task, stg_email
WITH
site AS MATERIALIZED (SELECT timezone AS zone FROM clean_site),
how AS MATERIALIZED (SELECT object, field, date_order FROM profile WHERE object IN ('activity', 'note', 'task', 'email')),
cell (object, row_id, field, value, reason) AS (
    SELECT 'activity', s.row_id, 'due_date', concat_ws(' ', s.due_date, s.due_time),
        np_when_reason(s.due_date, s.due_time, site.zone, (SELECT date_order FROM how WHERE object = 'activity' AND field = 'due_date'))
    FROM site CROSS JOIN stg_activity AS s WHERE s.due_date <> ''
    UNION ALL
    SELECT 'activity', s.row_id, 'date', s.date, np_when_reason(s.date, NULL, site.zone, (SELECT date_order FROM how WHERE object = 'activity' AND field = 'date'))
    FROM site CROSS JOIN stg_activity AS s WHERE s.date <> ''
    UNION ALL
    SELECT 'activity', s.row_id, 'created_at', s.created_at, np_stamp_reason(s.created_at, site.zone, (SELECT date_order FROM how WHERE object = 'activity' AND field = 'created_at'))
    FROM site CROSS JOIN stg_activity AS s WHERE s.created_at <> ''
    UNION ALL
    SELECT 'note', s.row_id, 'created_at', s.created_at, np_stamp_reason(s.created_at, site.zone, (SELECT date_order FROM how WHERE object = 'note' AND field = 'created_at'))
    FROM site CROSS JOIN stg_note AS s WHERE s.created_at <> ''
    UNION ALL
    SELECT 'task', s.row_id, 'due_at', s.due_at, np_when_reason(s.due_at, NULL, site.zone, (SELECT date_order FROM how WHERE object = 'task' AND field = 'due_at'))
    FROM site CROSS JOIN stg_task AS s WHERE s.due_at <> ''
    UNION ALL
    SELECT 'email', s.row_id, 'sent_at', s.sent_at, np_stamp_reason(s.sent_at, site.zone, (SELECT date_order FROM how WHERE object = 'email' AND field = 'sent_at'))
    FROM site CROSS JOIN stg_email AS s WHERE s.sent_at <> ''
    UNION ALL
    SELECT 'activity', row_id, 'duration', duration, iif(np_duration(duration) IS NULL AND nullif(np_text(duration), '0') IS NOT NULL, 'activity_duration_unreadable', NULL)
    FROM stg_activity WHERE duration <> ''
    UNION ALL
    SELECT object, row_id, 'type', NULL, 'activity_without_type' FROM clean_activity WHERE object = 'activity' AND kind = ''
    UNION ALL
    SELECT object, row_id, 'type', kind, 'activity_type_new' FROM clean_activity
    WHERE object = 'activity' AND kind NOT IN ('', 'note', 'call', 'email', 'meeting', 'task', 'quote sent', 'quote accepted', 'quote refused', 'invoice sent',
        'invoice part paid', 'invoice paid', 'invoice refunded', 'transaction', 'feedback', 'tweet', 'facebook post')
    UNION ALL
    SELECT object, row_id, 'description', NULL, 'empty_note' FROM clean_activity WHERE set_aside = 'empty_note'
    UNION ALL
    SELECT a.object, a.row_id, l.object, l.ref, 'activity_about_nothing'
    FROM clean_activity AS a JOIN clean_activity_link AS l ON l.activity_key = a.activity_key
    WHERE a.set_aside IS NULL AND l.record_key IS NULL AND NOT l.is_weak
)
SELECT c.reason AS rule, r.severity, c.object, a.activity_key AS record_key, c.row_id, c.field, substr(c.value, 1, 200) AS value, r.action AS hint
FROM cell AS c
JOIN clean_activity AS a ON a.object = c.object AND a.row_id = c.row_id
LEFT JOIN issue_rule AS r ON r.rule = c.reason
WHERE c.reason IS NOT NULL
