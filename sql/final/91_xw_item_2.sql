-- one row per link of an activity or a mail, per comment on a CRM task and per calendar entry of an activity
-- reads: stg_activity_link, stg_email_contact, stg_email_account, stg_task_comment, stg_calendar_event, clean_activity, final_fate, final_link, final_pack
WITH
part (object, row_id, source_id, of_object, of_id) AS MATERIALIZED (
    SELECT 'activity_link', row_id, np_id(source_id), 'activity', np_id(activity_id) FROM stg_activity_link
    UNION ALL SELECT 'email_contact', row_id, np_id(source_id), 'email', np_id(email_id) FROM stg_email_contact
    UNION ALL SELECT 'email_account', row_id, np_id(source_id), 'email', np_id(email_id) FROM stg_email_account
    UNION ALL SELECT 'task_comment', row_id, np_id(source_id), 'task', np_id(task_id) FROM stg_task_comment
        WHERE task_id <> '' OR coalesce(board_task_id, '') = ''
    UNION ALL SELECT 'calendar_event', row_id, np_id(source_id), 'activity', np_id(activity_id) FROM stg_calendar_event AS e
        WHERE NOT EXISTS (SELECT 1 FROM clean_activity AS a WHERE a.object = 'calendar_event' AND a.row_id = e.row_id)
),
-- What a row belongs to: of repeated versions and copies the one that stands for them.
owner AS MATERIALIZED (
    SELECT f.object, f.source_id, min(f.activity_key) AS activity_key FROM final_fate AS f GROUP BY f.object, f.source_id
),
whose AS (
    SELECT p.*, f.activity_key, f.action, f.fate, f.rule, f.reason
    FROM part AS p
    LEFT JOIN owner AS o ON o.object = p.of_object AND o.source_id = p.of_id
    LEFT JOIN (SELECT activity_key, action, fate, rule, reason, row_number() OVER (PARTITION BY activity_key ORDER BY fate <> 'final', row_id) AS nth FROM final_fate) AS f
        ON f.activity_key = o.activity_key AND f.nth = 1
),
comment AS MATERIALIZED (SELECT row_id, np_body(description) IS NULL AS is_empty FROM stg_task_comment)
SELECT
    w.object,
    w.row_id,
    w.source_id,
    CASE
        WHEN c.is_empty THEN 'excluded'
        WHEN w.fate = 'final' THEN 'merged'
        WHEN w.fate IS NOT NULL THEN w.fate
        WHEN w.object = 'task_comment' THEN 'documented'
        ELSE 'rejected'
    END AS fate,
    iif(w.fate = 'final' AND c.is_empty IS NOT 1, iif(w.action = 'note', 'note', 'activity'), NULL) AS entity,
    iif(w.fate = 'final' AND c.is_empty IS NOT 1, coalesce(k.pack_key, w.activity_key), NULL) AS final_key,
    CASE
        WHEN c.is_empty THEN 'empty_comment'
        WHEN w.fate = 'final' THEN coalesce(l.role, iif(w.object = 'task_comment', 'comment', 'calendar'))
        WHEN w.fate IS NOT NULL THEN w.rule
        WHEN w.object = 'task_comment' THEN 'activities_without_parent'
        ELSE 'dangling_link'
    END AS rule,
    CASE
        WHEN c.is_empty THEN 'the comment has no text'
        WHEN w.fate = 'final' THEN CASE
            WHEN w.object = 'task_comment' THEN 'stands below the text of its task'
            WHEN w.object = 'calendar_event' THEN 'its facts stand in the footer of its activity'
            WHEN l.role = 'lost' THEN 'names no record that is moved; told in the footer'
            WHEN l.role = 'named' THEN 'Pipedrive links one; told in the footer'
            WHEN l.role = 'repeat' THEN 'says again what another link says'
            ELSE 'links the activity' END
        WHEN w.fate IS NOT NULL THEN w.reason
        WHEN w.object = 'task_comment' THEN 'its task does not exist: its whole text stands in activities_without_parent.csv'
        ELSE 'belongs to an activity or mail that does not exist'
    END AS reason
FROM whose AS w
LEFT JOIN comment AS c ON w.object = 'task_comment' AND c.row_id = w.row_id
LEFT JOIN final_link AS l ON l.link_object = w.object AND l.link_row_id = w.row_id
LEFT JOIN final_pack AS k ON w.action = 'note' AND k.final_key = w.activity_key
