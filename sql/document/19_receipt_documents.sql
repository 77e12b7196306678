-- one row per document that the old system calls a receipt or an invoice
-- reads: stg_document, xw_item
-- file: invoices/receipt_documents.csv
SELECT
    d.system_type AS type,
    d.title,
    coalesce(d.file, d.object_key) AS file,
    d.url,
    d.mime_type,
    d.size,
    d.created_at,
    x.fate,
    x.final_key,
    x.reason,
    d.source_id AS id
FROM stg_document AS d
LEFT JOIN xw_item AS x ON x.object = 'document' AND x.row_id = d.row_id
WHERE lower(d.system_type) IN ('receipt', 'invoice')
ORDER BY d.created_at, d.row_id
