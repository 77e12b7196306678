-- one row per person of a deal who could not be added to it
-- reads: stg_deal_contact, xw_item, clean_deal, clean_contact
-- file: participants.csv
SELECT coalesce(d.title, s.deal_id) AS deal, coalesce(c.name, s.contact_id) AS person, x.fate, x.reason, s.deal_id, s.contact_id, s.extra
FROM stg_deal_contact AS s
JOIN xw_item AS x ON x.object = 'deal_contact' AND x.row_id = s.row_id
LEFT JOIN clean_deal AS d ON d.deal_key = 'deal:' || s.deal_id
LEFT JOIN clean_contact AS c ON c.contact_key = 'contact:' || s.contact_id
WHERE x.fate NOT IN ('final', 'merged')
ORDER BY s.row_id
