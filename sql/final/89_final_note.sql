-- one row per part of a text that is too long for its field: it goes into notes of its record
-- reads: final_held_back, final_field, final_organization, final_person, final_deal, setup
WITH part AS (
    SELECT h.entity, h.final_key AS record_key, coalesce(f.name, h.field_key) AS name, j.key AS nth, j.value AS html,
        'note:text:' || h.field_key || ':' || h.final_key || iif(j.key > 0, '#' || (j.key + 1), '') AS key
    FROM final_held_back AS h
    LEFT JOIN final_field AS f ON f.entity = h.entity AND f.field_key = h.field_key
    CROSS JOIN json_each(np_parts(np_body(h.value), 95000)) AS j
),
record AS (
    SELECT 'organization' AS entity, final_key, seq FROM final_organization
    UNION ALL SELECT 'person', final_key, seq FROM final_person
    UNION ALL SELECT 'deal', final_key, seq FROM final_deal
)
SELECT
    p.key AS final_key,
    8000000000000 + r.seq * 1000 + p.nth AS seq,
    s.source_tag || '/' || p.key AS marker,
    NULL AS added_at,
    iif(p.entity = 'deal', p.record_key, NULL) AS deal_key,
    iif(p.entity = 'person', p.record_key, NULL) AS person_key,
    iif(p.entity = 'organization', p.record_key, NULL) AS organization_key,
    NULL AS lead_key,
    NULL AS author_email,
    json_patch('{}', json_object(
        'content', '<p><b>' || np_escape(p.name) || iif(p.nth > 0, ', part ' || (p.nth + 1), '') || '</b></p>' || p.html
            || '<p><small>[NextCRM ' || np_escape(s.source_tag || '/' || p.key) || ']</small></p>',
        'deal_id', iif(p.entity = 'deal', json_object('@ref', 'deal:' || p.record_key), NULL),
        'person_id', iif(p.entity = 'person', json_object('@ref', 'person:' || p.record_key), NULL),
        'org_id', iif(p.entity = 'organization', json_object('@ref', 'organization:' || p.record_key), NULL))) AS payload
FROM part AS p
JOIN record AS r ON r.entity = p.entity AND r.final_key = p.record_key
CROSS JOIN setup AS s
