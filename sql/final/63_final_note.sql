-- one row per part of the note beside an uploaded file, or in place of one that is empty
-- reads: setup, map_user, clean_document, clean_document_link, final_document_target, final_document_upload, final_activity, final_deal, final_note_text, map_setting
WITH
-- Records that no file can hang on are named.
elsewhere AS MATERIALIZED (
    SELECT l.document_key, group_concat(l.kind || ' ' || l.record, ', ' ORDER BY l.seq) AS records
    FROM clean_document_link AS l
    WHERE NOT EXISTS (SELECT 1 FROM final_document_target AS t WHERE t.document_key = l.document_key AND t.seq = l.seq AND t.entity <> 'activity' AND l.kind <> 'invoice')
    GROUP BY l.document_key
),
-- Where a deal has more notes than Pipedrive takes, these hang on its organization and person instead, which have no limit.
crowded AS MATERIALIZED (
    SELECT deal_key FROM (
        SELECT deal_key FROM final_document_upload WHERE deal_key IS NOT NULL
        UNION ALL SELECT deal_key FROM final_note_text WHERE deal_key IN (SELECT u.deal_key FROM final_document_upload AS u))
    GROUP BY deal_key
    HAVING count(*) > (SELECT CAST(value AS INTEGER) FROM map_setting WHERE map_key = 'notes_per_deal')
),
told AS (
    SELECT d.*, u.note_key, u.nth, m.target_email,
        -- A note cannot hang on an activity: it goes where the activity is.
        coalesce(iif(c.deal_key IS NULL OR coalesce(x.organization_key, x.person_key) IS NULL, u.deal_key, NULL),
            iif(coalesce(u.deal_key, u.person_key, u.organization_key, u.lead_key) IS NULL, a.deal_key, NULL)) AS deal_key,
        coalesce(u.person_key, iif(c.deal_key IS NOT NULL, x.person_key, NULL),
            iif(coalesce(u.deal_key, u.organization_key, u.lead_key) IS NULL, a.person_key, NULL)) AS person_key,
        coalesce(u.organization_key, iif(c.deal_key IS NOT NULL, x.organization_key, NULL),
            iif(coalesce(u.deal_key, u.person_key, u.lead_key) IS NULL, a.organization_key, NULL)) AS organization_key,
        u.lead_key,
        '<p><b>' || np_escape(coalesce(d.title, d.name)) || '</b></p>'
            || CASE d.state WHEN 'empty' THEN '<p>The file is empty in NextCRM, so only this note stands for it.</p>'
                WHEN 'without_file' THEN '<p>NextCRM names no file for it, so only this note stands for it.</p>' ELSE '' END
            || coalesce('<p>' || np_escape(d.description) || '</p>', '')
            || coalesce(np_footer(np_facts(
                'File', d.name,
                'Type', d.type,
                'Tags', d.tags,
                'Version', d.version,
                'Added by', d.author,
                'Added', d.created_at,
                'Summary', d.summary,
                'In NextCRM also on', e.records,
                'Deal', iif(c.deal_key IS NULL, NULL, x.title),
                '[]', d.details)), '') AS html
    FROM clean_document AS d
    JOIN final_document_upload AS u ON u.document_key = d.document_key
    LEFT JOIN final_activity AS a ON a.final_key = u.activity_key
    LEFT JOIN crowded AS c ON c.deal_key = u.deal_key
    LEFT JOIN final_deal AS x ON x.final_key = c.deal_key
    LEFT JOIN elsewhere AS e ON e.document_key = d.document_key
    LEFT JOIN map_user AS m ON m.map_key = d.author_email
    WHERE d.state IN ('present', 'empty', 'without_file') AND d.same_as IS NULL
),
part AS (
    SELECT t.*, p.key AS part, p.value AS body, t.note_key || iif(p.key > 0, '/' || (p.key + 1), '') AS key
    FROM told AS t, json_each(np_parts(t.html, 90000)) AS p
    WHERE coalesce(t.deal_key, t.person_key, t.organization_key, t.lead_key) IS NOT NULL
)
SELECT
    p.key AS final_key,
    62000000 + row_number() OVER (ORDER BY p.object, p.row_id, p.nth, p.part) AS seq,
    setup.source_tag || '/' || p.key AS marker,
    p.created_at AS added_at,
    p.deal_key,
    p.person_key,
    p.organization_key,
    p.lead_key,
    p.author_email,
    json_patch('{}', json_object(
        'content', p.body || '<p><small>[NextCRM ' || np_escape(setup.source_tag || '/' || p.key) || ']</small></p>',
        'deal_id', json(iif(p.deal_key IS NULL, NULL, json_object('@ref', 'deal:' || p.deal_key))),
        'person_id', json(iif(p.person_key IS NULL, NULL, json_object('@ref', 'person:' || p.person_key))),
        'org_id', json(iif(p.organization_key IS NULL, NULL, json_object('@ref', 'organization:' || p.organization_key))),
        'lead_id', json(iif(p.lead_key IS NULL, NULL, json_object('@ref', 'lead:' || p.lead_key))),
        'user_id', json(iif(p.author_email IS NULL, NULL, json_object('@ref', 'user:' || ifnull(p.target_email, '@fallback')))),
        'add_time', replace(substr(p.created_at, 1, 19), 'T', ' '))) AS payload
FROM part AS p
CROSS JOIN setup
