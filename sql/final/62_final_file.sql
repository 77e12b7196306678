-- one row per upload of a file
-- reads: setup, clean_document, final_document_upload
SELECT
    u.upload_key AS final_key,
    62000000 + row_number() OVER (ORDER BY d.object, d.row_id, u.nth) AS seq,
    setup.source_tag || '/' || u.upload_key AS marker,
    d.name,
    d.size,
    d.sha256,
    d.path,
    u.deal_key,
    u.person_key,
    u.organization_key,
    json_patch('{}', json_object(
        'name', d.name,
        '@blob', json_object('path', d.path, 'name', d.name, 'size', d.size, 'sha256', d.sha256),
        'deal_id', json(iif(u.deal_key IS NULL, NULL, json_object('@ref', 'deal:' || u.deal_key))),
        'person_id', json(iif(u.person_key IS NULL, NULL, json_object('@ref', 'person:' || u.person_key))),
        'org_id', json(iif(u.organization_key IS NULL, NULL, json_object('@ref', 'organization:' || u.organization_key))),
        'lead_id', json(iif(u.lead_key IS NULL, NULL, json_object('@ref', 'lead:' || u.lead_key))),
        'activity_id', json(iif(u.activity_key IS NULL, NULL, json_object('@ref', 'activity:' || u.activity_key))))) AS payload
FROM clean_document AS d
JOIN final_document_upload AS u ON u.document_key = d.document_key
CROSS JOIN setup
WHERE d.state = 'present' AND d.same_as IS NULL
