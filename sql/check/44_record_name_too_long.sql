-- one row per record with a name over 255 characters, which Pipedrive may refuse
-- reads: final_organization, final_person, final_deal
-- severity: warning
SELECT 'organization' AS entity, final_key, length(name) || ' characters' AS detail FROM final_organization WHERE length(name) > 255
UNION ALL
SELECT 'person', final_key, length(name) || ' characters' FROM final_person WHERE length(name) > 255
UNION ALL
SELECT 'deal', final_key, length(title) || ' characters' FROM final_deal WHERE length(title) > 255
