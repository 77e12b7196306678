-- one row per activity that names no organization, whose deal or person has one
-- reads: final_link, final_deal, final_person, final_organization
SELECT
    l.activity_key,
    'account' AS object,
    NULL AS ref,
    o.name,
    1 AS is_weak,
    'organization' AS entity,
    o.final_key,
    'organization' AS role
FROM (
    SELECT l.activity_key,
        coalesce(max(iif(l.role = 'deal', d.organization_key, NULL)), max(iif(l.role = 'primary', p.organization_key, NULL))) AS organization_key
    FROM final_link AS l
    LEFT JOIN final_deal AS d ON l.role = 'deal' AND d.final_key = l.final_key
    LEFT JOIN final_person AS p ON l.role = 'primary' AND p.final_key = l.final_key
    GROUP BY l.activity_key
    HAVING NOT max(l.role = 'organization')) AS l
JOIN final_organization AS o ON o.final_key = l.organization_key
