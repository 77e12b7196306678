-- one row per document without its file, or with a file of another size than its record says
-- reads: issue_rule, clean_document
WITH
finding (rule, object, document_key, row_id, field, value) AS (
    SELECT iif(state GLOB 'error: *', 'document_error', 'document_' || state), object, document_key, row_id, 'file', coalesce(place, name)
    FROM clean_document
    WHERE object <> 'invoice'
    UNION ALL
    SELECT 'document_size_differs', object, document_key, row_id, 'size', recorded_size || ' recorded, ' || size || ' found'
    FROM clean_document WHERE state = 'present' AND recorded_size > 0 AND recorded_size <> size
)
SELECT r.rule, r.severity, f.object, f.document_key AS record_key, f.row_id, f.field, f.value, r.action AS hint
FROM finding AS f
JOIN issue_rule AS r ON r.rule = f.rule
WHERE f.rule IN ('document_missing', 'document_refused', 'document_remote_not_allowed', 'document_too_large', 'document_error',
    'document_empty', 'document_without_file', 'document_size_differs')
