-- one row per note that holds several texts of a deal, each with its time, author and id
-- reads: setup, final_text, final_fate, final_link, final_pack, clean_activity, map_user
WITH
text AS (
    SELECT p.pack_key, p.seq, t.*,
        '<p><b>' || np_escape(concat_ws(', ', replace(substr(t.at, 1, 19), 'T', ' ') || iif(length(t.at) > 10, ' UTC', ''), t.author, t.name))
            || ' (' || np_escape(s.source_tag || '/' || t.final_key) || ')</b></p>' || t.html AS block
    FROM setup AS s CROSS JOIN final_pack AS p JOIN final_note_text AS t ON t.final_key = p.final_key
    ORDER BY p.pack_key, p.seq
),
pack AS (
    SELECT pack_key, min(deal_key) AS deal_key, min(at) AS at, min(object) AS object, min(row_id) AS row_id, group_concat(block, '<hr>') AS html,
        -- What not all of them share is told in their text.
        iif(count(DISTINCT coalesce(person_key, '')) = 1, min(person_key), NULL) AS person_key,
        iif(count(DISTINCT coalesce(organization_key, '')) = 1, min(organization_key), NULL) AS organization_key,
        iif(count(DISTINCT coalesce(author_email, '')) = 1, min(author_email), NULL) AS author_email
    FROM text GROUP BY pack_key
)
SELECT
    p.pack_key AS final_key,
    4 * 1000000000000 + row_number() OVER (ORDER BY p.pack_key) AS seq,
    s.source_tag || '/' || p.pack_key AS marker,
    replace(substr(p.at, 1, 19), 'T', ' ') || iif(length(p.at) = 10, ' 12:00:00', '') AS added_at,
    p.deal_key,
    p.person_key,
    p.organization_key,
    NULL AS lead_key,
    p.author_email,
    json_patch('{}', json_object(
        'content', p.html || '<p><small>[NextCRM ' || np_escape(s.source_tag || '/' || p.pack_key) || ']</small></p>',
        'deal_id', json_object('@ref', 'deal:' || p.deal_key),
        'person_id', iif(p.person_key IS NULL, NULL, json_object('@ref', 'person:' || p.person_key)),
        'org_id', iif(p.organization_key IS NULL, NULL, json_object('@ref', 'organization:' || p.organization_key)),
        'user_id', iif(p.author_email IS NULL, NULL, json_object('@ref', 'user:' || p.author_email)),
        'add_time', replace(substr(p.at, 1, 19), 'T', ' ') || iif(length(p.at) = 10, ' 12:00:00', ''))) AS payload
FROM setup AS s CROSS JOIN pack AS p
