-- one row per record of an account that is one with another by what NextCRM says today: merge them in Pipedrive by hand
-- reads: v_late_duplicate, target
SELECT
    t.domain,
    v.object,
    v.cluster_id,
    v.final_key,
    v.url
FROM v_late_duplicate AS v
JOIN target AS t ON t.target_id = v.target_id
ORDER BY t.domain, v.object, v.cluster_id, v.final_key
