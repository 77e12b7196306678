-- one row per company whose parent is known but not linked: they are one organization, or belong to each other in a circle
-- reads: clean_account_parent, xw_account, final_relationship
-- severity: warning
SELECT 'organization' AS entity, x.final_key, 'parent ' || a.parent AS detail
FROM clean_account_parent AS a
JOIN xw_account AS x ON x.account_key = a.account_key
LEFT JOIN xw_account AS y ON y.account_key = a.parent_key
WHERE a.parent_key IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM final_relationship AS r WHERE r.child_key = x.final_key AND r.parent_key = coalesce(y.final_key, a.parent_key))
