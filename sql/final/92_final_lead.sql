-- one row per lead, with the person or organization it hangs on
-- reads: clean_lead, setup, xw_contact, xw_account, final_person, final_organization, map_user, map_setting, map_field, map_option
WITH
-- The lengths are what Pipedrive's fields hold; what is longer stands in the note.
sent AS (
    SELECT v.lead_key, f.position, '@field:deal.' || f.target_field AS key,
        CASE
            WHEN f.target_type = 'enum' THEN json_object('@ref', 'option:deal.' || f.target_field || ':' || o.label)
            WHEN f.target_type = 'date' THEN json_quote(substr(v.value, 1, 10))
            ELSE json_quote(v.value)
        END AS value
    FROM final_lead_value AS v
    JOIN map_field AS f ON f.map_key = 'deal.' || v.source_field AND f.action = 'custom'
    LEFT JOIN map_option AS o ON o.map_key = f.map_key || '=' || v.value
    WHERE CASE f.target_type
        WHEN 'enum' THEN o.label IS NOT NULL
        WHEN 'date' THEN v.value GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*'
        WHEN 'text' THEN length(v.value) <= 65535
        WHEN 'varchar' THEN length(v.value) <= 255
        ELSE 0 END
),
field AS MATERIALIZED (
    SELECT lead_key, json_group_object(key, json(value)) AS members FROM (SELECT * FROM sent ORDER BY lead_key, position) GROUP BY lead_key
),
account AS MATERIALIZED (
    SELECT account_key, min(final_key) AS final_key FROM xw_account WHERE final_key IS NOT NULL AND account_key IS NOT NULL GROUP BY 1
),
lead AS (
    SELECT l.*, p.final_key AS person, g.final_key AS organization, u.target_email, o.label, f.members,
        (SELECT value FROM map_setting WHERE map_key IN ('visible_to_lead', 'visible_to') AND value <> ''
            ORDER BY map_key DESC LIMIT 1) AS visible_to
    FROM clean_lead AS l
    LEFT JOIN xw_contact AS x ON x.contact_key = l.contact_key
    LEFT JOIN final_person AS p ON p.final_key = x.final_key
    LEFT JOIN account AS a ON a.account_key = l.account_key
    LEFT JOIN final_organization AS g ON g.final_key = coalesce(a.final_key, l.account_key)
    LEFT JOIN map_user AS u ON u.map_key = l.owner_email
    LEFT JOIN map_field AS s ON s.map_key = 'deal.lead:status' AND s.action = 'native'
    LEFT JOIN map_option AS o ON o.map_key = s.map_key || '=' || l.status
    LEFT JOIN field AS f ON f.lead_key = l.lead_key
)
SELECT
    l.lead_key AS final_key,
    l.row_id AS seq,
    setup.source_tag || '/' || l.lead_key AS marker,
    substr(l.title, 1, 255) AS title,
    l.person AS person_key,
    l.organization AS organization_key,
    l.target_email AS owner_email,
    -- A patch leaves out what is null.
    json_patch(json_patch('{}', json_object(
        'title', substr(l.title, 1, 255),
        'person_id', iif(l.person IS NULL, NULL, json_object('@ref', 'person:' || l.person)),
        'organization_id', iif(l.organization IS NULL, NULL, json_object('@ref', 'organization:' || l.organization)),
        'owner_id', json_object('@ref', 'user:' || ifnull(l.target_email, '@fallback')),
        'label_ids', iif(l.label IS NULL, NULL, json_array(json_object('@ref', 'label:lead:' || l.label))),
        'value', iif(l.value IS NULL, NULL, json_object('amount', json(l.value), 'currency', l.currency)),
        'visible_to', l.visible_to,
        'origin_id', setup.source_tag || '/' || l.lead_key)), ifnull(l.members, '{}')) AS payload
FROM lead AS l
CROSS JOIN setup
WHERE coalesce(l.person, l.organization) IS NOT NULL
