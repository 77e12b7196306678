-- one row per deal that refers to a person who is not among the finals
-- reads: final_deal, final_person
-- severity: error
SELECT 'deal' AS entity, final_key, 'person ' || person_key AS detail
FROM final_deal
WHERE person_key IS NOT NULL AND person_key NOT IN (SELECT final_key FROM final_person)
