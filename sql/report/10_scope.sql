-- one row per file or table of the source
-- reads: source_item
SELECT
    status,
    source_table,
    coalesce(object, '') AS object,
    coalesce(row_count, '') AS row_count,
    coalesce(reason, '') AS reason
FROM source_item
ORDER BY status, source_table
