-- one row per marker that two final records share
-- reads: final_organization, final_person, final_deal
-- severity: error
SELECT 'person' AS entity, p.final_key, 'also an organization' AS detail
FROM final_person AS p
JOIN final_organization AS o ON o.marker = p.marker
UNION ALL
SELECT 'deal', d.final_key, 'also an organization'
FROM final_deal AS d
JOIN final_organization AS o ON o.marker = d.marker
UNION ALL
SELECT 'deal', d.final_key, 'also a person'
FROM final_deal AS d
JOIN final_person AS p ON p.marker = d.marker
