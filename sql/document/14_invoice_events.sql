-- one row per event in the life of an invoice
-- reads: stg_invoice_event, clean_invoice, clean_user
-- file: invoices/invoice_events.csv
SELECT
    e.created_at,
    i.type,
    i.number,
    coalesce(i.invoice_key, e.invoice_id) AS invoice_id,
    e.action,
    e.details,
    coalesce(u.email, e.user_id) AS user,
    e.extra,
    e.source_id AS id
FROM stg_invoice_event AS e
LEFT JOIN clean_invoice AS i ON i.source_id = e.invoice_id
LEFT JOIN clean_user AS u ON u.source_id = e.user_id
ORDER BY e.created_at, e.row_id
