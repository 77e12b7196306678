-- one row per line of an invoice
-- reads: clean_invoice_line, stg_invoice_line, clean_invoice
-- file: invoices/invoice_lines.csv
SELECT
    i.type,
    i.number,
    coalesce(l.invoice_key, 'invoice:' || s.invoice_id) AS invoice_id,
    l.position,
    l.description,
    l.product,
    l.product_id,
    l.quantity,
    l.unit_price,
    l.discount_percent,
    l.tax_name,
    l.tax_rate,
    s.tax_rate_id,
    i.currency,
    l.subtotal,
    l.tax,
    l.total,
    s.extra,
    l.line_key AS id
FROM clean_invoice_line AS l
JOIN stg_invoice_line AS s ON s.row_id = l.row_id
LEFT JOIN clean_invoice AS i ON i.invoice_key = l.invoice_key
ORDER BY i.type, i.issued_on, i.number, invoice_id, l.position, l.row_id
