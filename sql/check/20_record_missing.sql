-- one row per crosswalk key without a final record, and per final record that no source row became
-- reads: xw_account, xw_contact, xw_deal, xw_item, clean_account_mention, final_organization, final_person, final_deal
-- severity: error
SELECT 'organization' AS entity, final_key, 'in the crosswalk, not in the finals' AS detail
FROM (SELECT final_key FROM xw_account WHERE final_key IS NOT NULL EXCEPT SELECT final_key FROM final_organization)
UNION ALL
SELECT 'person', final_key, 'in the crosswalk, not in the finals'
FROM (SELECT final_key FROM xw_contact WHERE final_key IS NOT NULL EXCEPT SELECT final_key FROM final_person)
UNION ALL
SELECT 'deal', final_key, 'in the crosswalk, not in the finals'
FROM (SELECT final_key FROM xw_deal WHERE final_key IS NOT NULL EXCEPT SELECT final_key FROM final_deal)
UNION ALL
SELECT 'organization', final_key, 'in the finals, not in the crosswalk'
FROM (SELECT final_key FROM final_organization EXCEPT SELECT final_key FROM xw_account EXCEPT SELECT account_key FROM clean_account_mention
    EXCEPT SELECT final_key FROM xw_item WHERE entity = 'organization')
UNION ALL
SELECT 'person', final_key, 'in the finals, not in the crosswalk'
FROM (SELECT final_key FROM final_person EXCEPT SELECT final_key FROM xw_contact EXCEPT SELECT final_key FROM xw_item WHERE entity = 'person')
UNION ALL
SELECT 'deal', final_key, 'in the finals, not in the crosswalk'
FROM (SELECT final_key FROM final_deal EXCEPT SELECT final_key FROM xw_deal EXCEPT SELECT final_key FROM xw_item WHERE entity = 'deal')
