-- one row per payment of an invoice
-- reads: stg_invoice_payment, clean_invoice, clean_user
-- file: invoices/invoice_payments.csv
SELECT
    i.type,
    i.number,
    coalesce(i.invoice_key, p.invoice_id) AS invoice_id,
    p.paid_at,
    p.amount,
    i.currency,
    p.method,
    p.reference,
    p.note,
    p.created_at,
    coalesce(u.email, p.created_by) AS created_by,
    p.extra,
    p.source_id AS id
FROM stg_invoice_payment AS p
LEFT JOIN clean_invoice AS i ON i.source_id = p.invoice_id
LEFT JOIN clean_user AS u ON u.source_id = p.created_by
ORDER BY p.paid_at, p.row_id
