-- one row per finding on an invoice
-- reads: issue_rule, clean_site, profile, clean_invoice, stg_invoice, clean_invoice_line, stg_invoice_line
WITH
cell AS (
    SELECT i.invoice_key, s.row_id, e.key AS field, e.value AS value,
        iif(e.key GLOB '*_at', np_date_reason(e.value, site.timezone, p.date_order), np_money_reason(e.value, p.decimal_mark)) AS reason
    FROM clean_site AS site
    CROSS JOIN clean_invoice AS i
    JOIN stg_invoice AS s ON s.row_id = i.row_id
    CROSS JOIN json_each(json_object('issued_at', s.issued_at, 'taxable_at', s.taxable_at, 'due_at', s.due_at,
        'subtotal', s.subtotal, 'tax', s.tax, 'total', s.total, 'paid_total', s.paid_total, 'balance_due', s.balance_due)) AS e
    LEFT JOIN profile AS p ON p.object = 'invoice' AND p.field = e.key
    WHERE e.value <> ''
),
found (rule, object, record_key, row_id, field, value) AS (
    SELECT 'invoice_total_mismatch', 'invoice', invoice_key, row_id, 'total', total || ' is not ' || subtotal || ' + ' || coalesce(tax, '0')
    FROM clean_invoice WHERE total_mismatch = 1
    UNION ALL
    SELECT 'invoice_lines_mismatch', 'invoice', invoice_key, row_id, 'total', total || ' is not the sum of its ' || lines || ' lines'
    FROM clean_invoice WHERE lines_mismatch = 1
    UNION ALL
    SELECT 'invoice_payments_mismatch', 'invoice', invoice_key, row_id, 'paid_total', paid_total || ' is not the sum of its ' || payments || ' payments'
    FROM clean_invoice WHERE payments_mismatch = 1
    UNION ALL
    SELECT 'invoice_number_twice', 'invoice', invoice_key, row_id, 'number', number FROM clean_invoice WHERE same_number > 1
    UNION ALL
    SELECT 'invoice_original_missing', 'invoice', i.invoice_key, i.row_id, 'original_invoice_id', i.original_number
    FROM clean_invoice AS i WHERE i.original_number IS NOT NULL AND i.original_key IS NULL
    UNION ALL
    SELECT reason, 'invoice', invoice_key, row_id, field, value FROM cell WHERE reason IS NOT NULL
    UNION ALL
    SELECT 'invoice_line_without_invoice', 'invoice', l.line_key, NULL, 'invoice_id', s.invoice_id
    FROM clean_invoice_line AS l JOIN stg_invoice_line AS s ON s.row_id = l.row_id WHERE l.invoice_key IS NULL
)
SELECT f.rule, r.severity, f.object, f.record_key, f.row_id, f.field, substr(f.value, 1, 200) AS value, r.action AS hint
FROM found AS f LEFT JOIN issue_rule AS r ON r.rule = f.rule
