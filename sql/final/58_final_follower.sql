-- one row per organization and user of Pipedrive who followed one of its accounts
-- reads: clean_watcher, xw_account, final_organization, map_user, map_setting, setup
SELECT
    'follower:' || o.final_key || '|' || u.target_email AS final_key,
    min(w.row_id) AS seq,
    setup.source_tag || '/follower:' || o.final_key || '|' || u.target_email AS marker,
    'organization' AS of_entity,
    o.final_key AS record_key,
    u.target_email AS user_email,
    json_object(
        'org_id', json_object('@ref', 'organization:' || o.final_key),
        'user_id', json_object('@ref', 'member:' || u.target_email)) AS payload
FROM clean_watcher AS w
CROSS JOIN setup
JOIN xw_account AS x ON x.account_key = w.account_key
JOIN final_organization AS o ON o.final_key = x.final_key
JOIN map_user AS u ON u.map_key = w.user_email AND u.target_email IS NOT NULL
-- Owners follow what they own without being added.
WHERE u.target_email IS NOT coalesce(o.owner_email, (SELECT value FROM map_setting WHERE map_key = 'owner_fallback'))
GROUP BY o.final_key, u.target_email
