-- one row per calendar entry that belongs to no activity
-- reads: stg_calendar_event, stg_activity, clean_site
WITH
site AS MATERIALIZED (SELECT timezone AS zone FROM clean_site),
newest AS MATERIALIZED (SELECT max(np_stamp(updated_at, 'UTC', NULL)) AS at FROM stg_calendar_event),
known AS MATERIALIZED (SELECT DISTINCT np_id(source_id) AS id FROM stg_activity),
v AS (
    SELECT e.*, np_id(e.source_id) AS id,
        np_when(e.start_at, NULL, site.zone, NULL) AS starts, np_when(e.end_at, NULL, site.zone, NULL) AS ends,
        np_stamp(e.created_at, site.zone, NULL) AS created,
        row_number() OVER (PARTITION BY coalesce(np_id(e.source_id), 'row ' || e.row_id) ORDER BY e.row_id) AS nth
    FROM site CROSS JOIN stg_calendar_event AS e
    WHERE np_id(e.activity_id) IS NULL OR np_id(e.activity_id) NOT IN (SELECT id FROM known WHERE id IS NOT NULL)
)
SELECT
    'calendar_event' AS object,
    v.row_id,
    'calendar_event:' || coalesce(np_key(v.id), 'row:' || v.row_id) AS activity_key,
    v.id AS source_id,
    'meeting' AS kind,
    'Meeting' || coalesce(' with ' || nullif(np_people(v.attendee_emails), ''), '') AS title,
    NULL AS body,
    coalesce(v.starts, v.created) AS due,
    CASE WHEN v.starts IS NOT NULL THEN 'date' WHEN v.created IS NOT NULL THEN 'created' END AS due_origin,
    np_duration(CAST(round((julianday(v.ends) - julianday(v.starts)) * 1440) AS INTEGER)) AS duration,
    coalesce(lower(v.status) IN ('cancelled', 'canceled', 'completed'), 0) OR coalesce(v.starts <= newest.at, 1) AS is_done,
    NULL AS priority,
    NULL AS owner_email,
    NULL AS author,
    NULL AS author_email,
    v.created AS created_at,
    np_facts(
        'Calendar', concat_ws(' ', v.source, v.external_id),
        'Calendar end', v.ends,
        'Calendar status', v.status,
        'Attendees', np_people(v.attendee_emails),
        'iCal UID', v.ical_uid,
        'Activity that no longer exists', v.activity_id,
        'Calendar connection', v.connection_id,
        '{}', v.extra) AS facts,
    iif(v.nth > 1, 'repeated_record', NULL) AS set_aside,
    v.row_hash
FROM v CROSS JOIN newest
