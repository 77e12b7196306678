-- one row per source row that was rejected or excluded
-- reads: clean_drop
SELECT
    fate,
    object,
    coalesce(source_id, 'row ' || row_id) AS source_id,
    rule,
    reason
FROM clean_drop
WHERE fate IN ('rejected', 'excluded')
ORDER BY fate DESC, object, row_id
