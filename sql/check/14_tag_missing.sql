-- one row per tag on a record that the map does not know; map again, then build
-- reads: clean_account, clean_contact, clean_deal, dup_account_member, dup_account_golden, dup_contact_member, dup_contact_golden, map_label
-- severity: error
WITH tag AS (
    SELECT 'organization' AS entity, j.value AS title
    FROM (SELECT DISTINCT tags FROM golden_account) AS g, json_each(g.tags) AS j
    UNION
    SELECT 'person', j.value
    FROM (SELECT DISTINCT tags FROM golden_contact) AS g, json_each(g.tags) AS j
    UNION
    SELECT 'deal', j.value
    FROM (SELECT DISTINCT tags FROM clean_deal) AS g, json_each(g.tags) AS j
)
SELECT entity, NULL AS final_key, 'tag ' || title AS detail
FROM tag
WHERE (entity, title) NOT IN (SELECT entity, title FROM map_label)
