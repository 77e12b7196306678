-- one row per record whose account or contact did not become a final record
-- reads: clean_contact, dup_contact_golden, clean_deal, final_person, final_deal
-- severity: warning
WITH alone AS MATERIALIZED (SELECT final_key FROM final_person WHERE organization_key IS NULL)
SELECT 'person' AS entity, a.final_key, 'account ' || coalesce(g.account_key, c.account_key) AS detail
FROM alone AS a
LEFT JOIN dup_contact_golden AS g ON g.contact_key = a.final_key
LEFT JOIN clean_contact AS c ON c.contact_key = a.final_key AND g.contact_key IS NULL
WHERE coalesce(g.account_key, c.account_key) IS NOT NULL
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
