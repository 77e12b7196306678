-- one row per file or table of the source: what is read, what is left out and why, what nobody knows
-- reads: source_item
SELECT
    status,
    source_table,
    coalesce(object, '') AS object,
    coalesce(row_count, '') AS row_count,
    coalesce(reason, '') AS reason,
    -- Of what is extracted every column is; of everything else the names are all there is to decide by.
    iif(status = 'extracted', '', coalesce((SELECT group_concat(value, ', ') FROM json_each(columns)), '')) AS columns
FROM source_item
ORDER BY CASE status WHEN 'unknown' THEN 1 WHEN 'not yet extracted' THEN 2 WHEN 'skipped' THEN 3 ELSE 4 END, source_table
