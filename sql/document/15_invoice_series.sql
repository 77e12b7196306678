-- one row per series of invoice numbers
-- reads: stg_invoice_series
-- file: invoices/invoice_series.csv
SELECT name, prefix_template, reset_policy, current_year, counter, is_default, is_active, created_at, updated_at, extra, source_id AS id
FROM stg_invoice_series
ORDER BY name, row_id
