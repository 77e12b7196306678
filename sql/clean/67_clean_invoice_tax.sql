-- one row per invoice and rate of tax; invoices without lines have one without a rate
-- reads: clean_invoice, clean_invoice_line
SELECT
    invoice_key,
    coalesce(tax_rate, '') AS tax_rate,
    np_sum(json_group_array(subtotal)) AS base,
    np_sum(json_group_array(tax)) AS tax
FROM clean_invoice_line
WHERE invoice_key IS NOT NULL
GROUP BY invoice_key, coalesce(tax_rate, '')
UNION ALL
SELECT invoice_key, '', subtotal, tax
FROM clean_invoice
WHERE lines = 0 AND tax IS NOT NULL
