-- one row per person or deal that refers to an organization which is not among the finals
-- reads: final_person, final_deal, final_organization
-- severity: error
SELECT 'person' AS entity, final_key, 'organization ' || organization_key AS detail
FROM final_person
WHERE organization_key IS NOT NULL AND organization_key NOT IN (SELECT final_key FROM final_organization)
UNION ALL
SELECT 'deal', final_key, 'organization ' || organization_key
FROM final_deal
WHERE organization_key IS NOT NULL AND organization_key NOT IN (SELECT final_key FROM final_organization)
