-- one row per thing that differs between NextCRM and an account, as the newest `nextpipe delta --report-only` lists it
-- reads: delta_item, target
SELECT
    t.domain,
    i.kind,
    i.entity,
    i.final_key,
    coalesce(i.pipedrive_id, '') AS pipedrive_id,
    coalesce(i.field, '') AS field,
    coalesce(i.before, '') AS before,
    coalesce(i.after, '') AS after,
    coalesce(i.note, '') AS note
FROM delta_item AS i
JOIN target AS t ON t.target_id = i.target_id
ORDER BY t.domain, i.seq
