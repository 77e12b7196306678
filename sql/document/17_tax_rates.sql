-- one row per tax rate
-- reads: stg_tax_rate
-- file: invoices/tax_rates.csv
SELECT name, rate, is_default, is_active, created_at, updated_at, extra, source_id AS id
FROM stg_tax_rate
ORDER BY name, row_id
