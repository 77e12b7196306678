-- one row per deal participant whose deal or contact does not exist
-- reads: issue_rule, stg_deal_contact, clean_deal, clean_contact_ref
SELECT 'dangling_participant' AS rule, r.severity, 'deal' AS object, 'deal:' || np_id(j.deal_id) AS record_key, j.row_id, 'contact_id' AS field,
    substr(j.contact_id, 1, 200) AS value, r.action AS hint
FROM stg_deal_contact AS j
LEFT JOIN issue_rule AS r ON r.rule = 'dangling_participant'
WHERE NOT EXISTS (SELECT 1 FROM clean_contact_ref AS c WHERE c.ref = 'contact:' || np_id(j.contact_id))
    OR NOT EXISTS (SELECT 1 FROM clean_deal AS d WHERE d.deal_key = 'deal:' || np_id(j.deal_id))
