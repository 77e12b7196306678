-- one row per part of what a lead holds beyond its fields, with the lead's own time
-- reads: clean_lead, setup, final_lead, map_user, map_setting, map_field, map_option
WITH
left_over AS (
    SELECT v.lead_key, v.position, v.name, v.value
    FROM final_lead_value AS v
    JOIN final_lead AS l ON l.final_key = v.lead_key
    LEFT JOIN map_field AS f ON f.map_key = 'deal.' || v.source_field
    LEFT JOIN map_option AS o ON o.map_key = f.map_key || '=' || v.value
    WHERE NOT EXISTS (SELECT 1 FROM json_each(l.payload) AS j WHERE j.key = '@field:deal.' || f.target_field)
        AND NOT (f.action = 'native' AND o.label IS NOT NULL)
        -- By decision left out: the field, or the option.
        AND NOT (f.action = 'skip' AND f.decided_by IS NOT NULL OR o.map_key IS NOT NULL AND o.label IS NULL) IS TRUE
),
body AS MATERIALIZED (
    SELECT lead_key, '<p><b>Lead in NextCRM</b>' || group_concat('<br>' || np_escape(name || ': ' || value), '') || '</p>' AS html
    FROM (SELECT * FROM left_over ORDER BY lead_key, position, name) GROUP BY lead_key
),
part AS (
    SELECT b.lead_key, 'note:' || b.lead_key || iif(j.key > 0, '#' || (j.key + 1), '') AS key, j.key AS nth, j.value AS html
    FROM body AS b CROSS JOIN json_each(np_parts(b.html, 95000)) AS j
)
SELECT
    p.key AS final_key,
    4000000000 + 100 * l.row_id + p.nth AS seq,
    setup.source_tag || '/' || p.key AS marker,
    l.created_at AS added_at,
    NULL AS deal_key,
    NULL AS person_key,
    NULL AS organization_key,
    l.lead_key,
    u.target_email AS author_email,
    json_patch('{}', json_object(
        'content', p.html || '<p>[NextCRM ' || np_escape(setup.source_tag || '/' || p.key) || ']</p>',
        'lead_id', json_object('@ref', 'lead:' || l.lead_key),
        'user_id', json_object('@ref', 'user:' || ifnull(u.target_email, '@fallback')),
        'add_time', replace(substr(l.created_at, 1, 19), 'T', ' '))) AS payload
FROM part AS p
JOIN clean_lead AS l ON l.lead_key = p.lead_key
CROSS JOIN setup
LEFT JOIN map_user AS u ON u.map_key = l.owner_email
