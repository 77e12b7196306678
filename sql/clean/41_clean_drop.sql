-- one row per contact record with nothing to name it by
-- reads: stg_contact, clean_contact, clean_drop
SELECT
    'contact' AS object,
    s.row_id,
    np_id(s.source_id) AS source_id,
    'rejected' AS fate,
    NULL AS into_key,
    'contact.nothing_to_name' AS rule,
    'the contact has neither name nor e-mail, phone or company' AS reason
FROM stg_contact AS s
WHERE NOT EXISTS (SELECT 1 FROM clean_contact AS c WHERE c.row_id = s.row_id)
    AND NOT EXISTS (SELECT 1 FROM clean_drop AS d WHERE d.object = 'contact' AND d.row_id = s.row_id)
