-- one row per person or organization with more labels than Pipedrive's 100
-- reads: final_person, final_organization
-- severity: error
SELECT 'person' AS entity, final_key, json_array_length(payload, '$.label_ids') || ' labels' AS detail
FROM final_person
WHERE payload LIKE '%"label_ids":%' AND json_array_length(payload, '$.label_ids') > 100
UNION ALL
SELECT 'organization', final_key, json_array_length(payload, '$.label_ids') || ' labels'
FROM final_organization
WHERE payload LIKE '%"label_ids":%' AND json_array_length(payload, '$.label_ids') > 100
