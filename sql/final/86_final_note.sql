-- one row per note that holds one text
-- reads: setup, final_text, final_fate, final_link, final_pack, clean_activity, map_user
SELECT
    t.final_key,
    CASE t.object WHEN 'note' THEN 1 WHEN 'activity' THEN 2 ELSE 3 END * 1000000000000 + t.row_id * 100 + t.part AS seq,
    s.source_tag || '/' || t.final_key AS marker,
    replace(substr(t.at, 1, 19), 'T', ' ') || iif(length(t.at) = 10, ' 12:00:00', '') AS added_at,
    t.deal_key,
    t.person_key,
    t.organization_key,
    t.lead_key,
    t.author_email,
    json_patch('{}', json_object(
        'content', t.html || '<p><small>[NextCRM ' || np_escape(s.source_tag || '/' || t.final_key) || ']</small></p>',
        'deal_id', iif(t.deal_key IS NULL, NULL, json_object('@ref', 'deal:' || t.deal_key)),
        'person_id', iif(t.person_key IS NULL, NULL, json_object('@ref', 'person:' || t.person_key)),
        'org_id', iif(t.organization_key IS NULL, NULL, json_object('@ref', 'organization:' || t.organization_key)),
        'lead_id', iif(t.lead_key IS NULL, NULL, json_object('@ref', 'lead:' || t.lead_key)),
        'user_id', iif(t.author_email IS NULL, NULL, json_object('@ref', 'user:' || t.author_email)),
        -- A day without a time stays that day nearly everywhere at noon.
        'add_time', replace(substr(t.at, 1, 19), 'T', ' ') || iif(length(t.at) = 10, ' 12:00:00', ''))) AS payload
FROM setup AS s CROSS JOIN final_note_text AS t
WHERE NOT EXISTS (SELECT 1 FROM final_pack AS p WHERE p.final_key = t.final_key)
