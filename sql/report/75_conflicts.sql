-- one row per field that people and NextCRM changed to different values: it stays as people have it until both agree or somebody decides
-- reads: conflict, target
SELECT
    t.domain AS account,
    c.conflict_id,
    c.entity,
    c.final_key,
    c.pipedrive_id,
    c.field_name AS field,
    coalesce(c.base, '') AS before,
    coalesce(c.in_pipedrive, '') AS in_pipedrive,
    coalesce(c.in_nextcrm, '') AS in_nextcrm,
    c.found_at,
    coalesce(c.keep || ' by ' || c.decided_by, '') AS decision
FROM conflict AS c
JOIN target AS t ON t.target_id = c.target_id
WHERE c.resolved_at IS NULL
ORDER BY t.domain, c.entity, c.final_key, c.field_name
