-- one row per value that people gave a record of ours and that stays, since NextCRM has said nothing new about it
-- reads: kept_value, target
SELECT
    t.domain AS account,
    k.entity,
    k.final_key,
    k.pipedrive_id,
    k.field,
    k.sent,
    k.kept,
    k.since
FROM kept_value AS k
JOIN target AS t ON t.target_id = k.target_id
ORDER BY t.domain, k.entity, k.final_key, k.field
