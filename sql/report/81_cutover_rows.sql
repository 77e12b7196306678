-- one row per source row that the newest proof of a cutover found wanting
-- reads: cutover_row, target
SELECT
    t.domain,
    r.object,
    r.source_table,
    coalesce(r.source_id, '') AS source_id,
    r.kind,
    coalesce(r.fields, '') AS fields,
    coalesce(r.stamp, '') AS stamp
FROM cutover_row AS r
JOIN target AS t ON t.target_id = r.target_id
ORDER BY t.domain, r.seq
