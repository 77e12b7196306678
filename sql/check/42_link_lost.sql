-- one row per record whose account or contact did not become a final record
-- reads: clean_contact, dup_contact_member, dup_contact_golden, clean_deal, final_person, final_deal
-- severity: warning
SELECT 'person' AS entity, p.final_key, 'account ' || c.account_key AS detail
FROM final_person AS p
JOIN golden_contact AS c ON c.contact_key = p.final_key
WHERE c.account_key IS NOT NULL AND p.organization_key IS NULL
UNION ALL
SELECT 'deal', d.final_key, 'account ' || c.account_key
FROM final_deal AS d
JOIN clean_deal AS c ON c.deal_key = d.final_key
WHERE c.account_key IS NOT NULL AND d.organization_key IS NULL
UNION ALL
SELECT 'deal', d.final_key, 'contact ' || c.contact_key
FROM final_deal AS d
JOIN clean_deal AS c ON c.deal_key = d.final_key
WHERE c.contact_key IS NOT NULL AND d.person_key IS NULL
