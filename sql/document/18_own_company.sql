-- one row per record of the company's own data as it stands on its invoices
-- reads: stg_own_company
-- file: invoices/own_company.csv
SELECT
    name,
    address,
    city,
    state,
    postal_code,
    country,
    vat,
    tax_number,
    registration_number,
    email,
    phone,
    website,
    bank_name,
    bank_account,
    iban,
    swift,
    currency,
    base_currency,
    default_series_id,
    default_tax_rate_id,
    default_due_days,
    footer_text,
    updated_at,
    extra,
    source_table,
    source_id AS id
FROM stg_own_company
ORDER BY row_id
