-- one row per state that invoices of the old module could have
-- reads: stg_invoice_state
-- file: invoices/invoice_states.csv
SELECT name, extra, source_id AS id FROM stg_invoice_state ORDER BY row_id
