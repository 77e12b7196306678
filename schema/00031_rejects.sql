-- +goose Up
-- A reject names the rows of NextCRM it comes from and the fields that the account complained about.
DROP VIEW v_rejects;
CREATE VIEW v_rejects AS
SELECT o.target_id, o.entity, o.final_key,
    (SELECT group_concat(source_id, ', ') FROM (
        SELECT source_id FROM xw_account WHERE final_key = o.final_key
        UNION ALL SELECT source_id FROM xw_contact WHERE final_key = o.final_key
        UNION ALL SELECT source_id FROM xw_deal WHERE final_key = o.final_key
        UNION ALL SELECT source_id FROM xw_item WHERE entity = o.entity AND final_key = o.final_key)) AS source_ids,
    (SELECT group_concat(DISTINCT coalesce(f.name, k.key)) FROM json_tree(o.body) AS k
        LEFT JOIN bind AS b ON b.target_id = o.target_id AND b.kind = 'field' AND b.pipedrive_id = k.key
        LEFT JOIN final_field AS f ON b.symbol = f.entity || '.' || f.field_key
        -- Pipedrive says "path: problem; path: problem", or names a key or a custom field in quotes.
        WHERE typeof(k.key) = 'text' AND k.key <> 'custom_fields'
          AND (instr(': ' || replace(replace(replace(o.message, '; ', ': '), '.', ': '), '[', ':'), ': ' || k.key || ':') > 0
            OR instr(o.message, '''' || k.key || '''') > 0 OR instr(o.message, '''' || f.name || '''') > 0
            OR length(k.key) = 40 AND instr(o.message, k.key) > 0)) AS field,
    o.state, o.status, o.error_code, o.message, o.hint, o.body AS payload, o.ended_at
FROM load_op AS o
WHERE o.state IN ('refused', 'quarantined', 'blocked')
  AND NOT EXISTS (
    SELECT 1 FROM load_op AS later
    WHERE later.target_id = o.target_id AND later.entity = o.entity
      AND later.final_key = o.final_key AND later.op_id > o.op_id);

-- +goose Down
DROP VIEW v_rejects;
CREATE VIEW v_rejects AS
SELECT o.target_id, o.entity, o.final_key, o.state, o.status, o.error_code, o.message, o.hint, o.body AS payload, o.ended_at
FROM load_op AS o
WHERE o.state IN ('refused', 'quarantined', 'blocked')
  AND NOT EXISTS (
    SELECT 1 FROM load_op AS later
    WHERE later.target_id = o.target_id AND later.entity = o.entity
      AND later.final_key = o.final_key AND later.op_id > o.op_id);
