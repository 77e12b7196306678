-- one row per invoice; a file for each type: invoice, credit note, proforma, receipt
-- reads: clean_invoice, stg_invoice, xw_account, clean_account_mention, final_organization, link, run
-- file: invoices/{type}.csv
WITH
organization_of AS MATERIALIZED (
    SELECT account_key, min(final_key) AS final_key
    FROM (
        SELECT account_key, final_key FROM xw_account WHERE account_key IS NOT NULL AND final_key IS NOT NULL
        UNION ALL
        SELECT account_key, account_key FROM clean_account_mention
    )
    GROUP BY account_key
),
-- Ids of the account that was worked on last.
linked AS MATERIALIZED (
    SELECT final_key, pipedrive_id FROM link
    WHERE entity = 'organization' AND part = '' AND state = 'live'
      AND target_id = (SELECT target_id FROM run WHERE target_id IS NOT NULL ORDER BY run_id DESC LIMIT 1)
)
SELECT
    i.type,
    i.number,
    i.status,
    i.issued_on,
    i.taxable_on,
    i.due_on,
    i.paid_at,
    i.company,
    i.billing ->> '$.vat_id' AS vat,
    i.billing ->> '$.registration_id' AS registration_number,
    i.billing ->> '$.street' AS street,
    coalesce(i.billing ->> '$.zip', i.billing ->> '$.postal_code') AS postal_code,
    i.billing ->> '$.city' AS city,
    i.billing ->> '$.state' AS state,
    i.billing ->> '$.country' AS country,
    i.contact_email,
    o.name AS organization,
    k.pipedrive_id AS pipedrive_organization_id,
    i.deal_key AS deal,
    i.currency,
    i.subtotal,
    i.discount_total AS discount_in_subtotal,
    i.tax,
    i.total,
    i.paid_total,
    i.balance_due,
    i.open_amount,
    i.base_currency,
    i.fx_rate,
    i.base_total,
    i.original_number AS corrects_number,
    i.series,
    s.number_overridden,
    s.variable_symbol,
    s.bank_name,
    s.bank_account,
    s.iban,
    s.swift,
    s.public_notes,
    s.internal_notes,
    s.items,
    s.pdf_key,
    s.pdf_generated_at,
    s.file_url,
    i.lines,
    i.payments,
    trim(iif(i.total_mismatch = 1, 'total is not subtotal plus tax; ', '') || iif(i.lines_mismatch = 1, 'total is not the sum of the lines; ', '') ||
        iif(i.payments_mismatch = 1, 'paid is not the sum of the payments; ', '') || iif(i.same_number > 1, 'number used ' || i.same_number || ' times; ', ''), '; ') AS mismatch,
    i.owner_email AS owner,
    i.created_at,
    s.created_by,
    i.updated_at,
    s.updated_by,
    s.billing_snapshot,
    s.extra,
    i.invoice_key AS id,
    s.source_table,
    s.source_row
FROM clean_invoice AS i
JOIN stg_invoice AS s ON s.row_id = i.row_id
LEFT JOIN organization_of AS f ON f.account_key = i.account_key
LEFT JOIN final_organization AS o ON o.final_key = f.final_key
LEFT JOIN linked AS k ON k.final_key = f.final_key
ORDER BY i.type, i.issued_on, i.number, i.row_id
