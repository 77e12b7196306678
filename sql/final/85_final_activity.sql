-- one row per activity; of one that hangs on nothing, one per part of its text
-- reads: setup, final_fate, final_text, final_link, clean_activity, map_user
WITH
link AS MATERIALIZED (
    SELECT activity_key,
        max(iif(role = 'deal', final_key, NULL)) AS deal_key,
        max(iif(role = 'primary', final_key, NULL)) AS person_key,
        max(iif(role = 'organization', final_key, NULL)) AS organization_key,
        max(iif(role = 'lead', final_key, NULL)) AS lead_key,
        json_group_array(json_object('person_id', json_object('@ref', 'person:' || final_key), 'primary', json(iif(role = 'primary', 'true', 'false'))))
            FILTER (WHERE role IN ('primary', 'participant')) AS people
    FROM (SELECT * FROM final_link WHERE role IN ('deal', 'primary', 'participant', 'organization', 'lead') ORDER BY activity_key, role DESC, final_key)
    GROUP BY activity_key
),
item AS (
    SELECT
        t.final_key, t.part, t.html, s.source_tag || '/' || t.final_key AS marker,
        a.object, a.row_id, a.due, a.duration, a.priority,
        substr(coalesce(a.title, f.type_name || coalesce(' ' || substr(a.due, 1, 10), '')), 1, iif(t.part > 1, 230, 255))
            || iif(t.part > 1, ' (part ' || t.part || ' of ' || t.parts || ')', '') AS subject,
        lower(trim(f.type_name)) AS type_key,
        a.is_done OR t.part > 1 AS is_done,
        l.deal_key, l.person_key, l.organization_key, iif(l.deal_key IS NULL, l.lead_key, NULL) AS lead_key, l.people,
        u.target_email AS owner_email
    FROM setup AS s CROSS JOIN final_fate AS f
    JOIN clean_activity AS a ON a.object = f.object AND a.row_id = f.row_id
    LEFT JOIN link AS l ON l.activity_key = a.activity_key
    JOIN final_text AS t ON t.activity_key = a.activity_key AND (t.part = 1 OR l.activity_key IS NULL)
    LEFT JOIN map_user AS u ON u.map_key = a.owner_email
    WHERE f.fate = 'final' AND f.action = 'activity'
)
SELECT
    final_key,
    -- Kinds one after the other, each in the order of the source.
    CASE object WHEN 'activity' THEN 1 WHEN 'task' THEN 2 WHEN 'calendar_event' THEN 3 WHEN 'todo' THEN 4 ELSE 5 END * 1000000000000 + row_id * 100 + part AS seq,
    marker,
    subject,
    type_key,
    substr(due, 1, 10) AS due_on,
    iif(length(due) > 10, substr(due, 12, 8), NULL) AS due_time,
    is_done,
    deal_key,
    person_key,
    organization_key,
    owner_email,
    json_patch('{}', json_object(
        'subject', subject,
        'type', json_object('@ref', 'activity_type:' || type_key),
        'owner_id', json_object('@ref', 'user:' || coalesce(owner_email, '@fallback')),
        'deal_id', iif(deal_key IS NULL, NULL, json_object('@ref', 'deal:' || deal_key)),
        'lead_id', iif(lead_key IS NULL, NULL, json_object('@ref', 'lead:' || lead_key)),
        'org_id', iif(organization_key IS NULL, NULL, json_object('@ref', 'organization:' || organization_key)),
        'participants', iif(person_key IS NULL, NULL, json(people)),
        'due_date', substr(due, 1, 10),
        'due_time', iif(length(due) > 10, substr(due, 12, 8), NULL),
        'duration', duration,
        'done', json(iif(is_done, 'true', 'false')),
        'priority', iif(priority IS NULL, NULL, json_object('@ref', 'priority:' || priority)),
        'note', html || '<p><small>[NextCRM ' || np_escape(marker) || ']</small></p>')) AS payload
FROM item
