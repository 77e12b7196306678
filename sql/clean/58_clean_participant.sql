-- one row per link between a deal and a further contact
-- reads: stg_deal_contact, clean_deal, clean_contact_ref
SELECT
    s.row_id,
    np_id(s.source_id) AS source_id,
    d.deal_key,
    c.contact_key
FROM stg_deal_contact AS s
LEFT JOIN clean_deal AS d ON d.deal_key = 'deal:' || np_id(s.deal_id)
LEFT JOIN clean_contact_ref AS c ON c.ref = 'contact:' || np_id(s.contact_id)
