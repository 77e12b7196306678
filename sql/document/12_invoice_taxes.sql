-- one row per invoice and tax rate
-- reads: clean_invoice_tax, clean_invoice
-- file: invoices/invoice_taxes.csv
SELECT i.type, i.number, i.invoice_key AS invoice_id, i.taxable_on, i.currency, t.tax_rate, t.base, t.tax
FROM clean_invoice_tax AS t
JOIN clean_invoice AS i ON i.invoice_key = t.invoice_key
ORDER BY i.type, i.issued_on, i.number, i.row_id, t.tax_rate
