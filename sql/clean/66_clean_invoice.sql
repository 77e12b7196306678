-- one row per invoice of any type: invoice, credit note, proforma, receipt
-- reads: stg_invoice, stg_invoice_line, stg_invoice_payment, stg_invoice_series, clean_site, profile, clean_account, clean_company_spelling, clean_deal, clean_user_ref
WITH
site AS MATERIALIZED (SELECT timezone AS zone, default_currency, date_order, decimal_mark AS mark FROM clean_site),
how AS MATERIALIZED (SELECT field, date_order, decimal_mark FROM profile WHERE object = 'invoice'),
line AS MATERIALIZED (
    SELECT np_id(invoice_id) AS id, count(*) AS lines, np_sum(json_group_array(np_money(line_total, '.'))) AS total
    FROM stg_invoice_line GROUP BY 1
),
payment AS MATERIALIZED (
    SELECT np_id(p.invoice_id) AS id, count(*) AS payments, np_sum(json_group_array(np_money(p.amount, '.'))) AS total,
        max(np_stamp(p.paid_at, site.zone, site.date_order)) AS last_at
    FROM site CROSS JOIN stg_invoice_payment AS p GROUP BY 1
),
v AS MATERIALIZED (
    SELECT
        s.*,
        np_id(s.source_id) AS id,
        np_text(s.number) AS no,
        coalesce(np_invoice_type(s.type), 'invoice') AS kind,
        lower(np_text(s.status)) AS state,
        CASE WHEN json_valid(s.billing_snapshot) THEN s.billing_snapshot END AS bill,
        coalesce(np_currency(s.currency), np_money_currency(s.total), site.default_currency) AS code,
        np_money(s.subtotal, (SELECT decimal_mark FROM how WHERE field = 'subtotal')) AS net,
        np_money(s.discount_total, (SELECT decimal_mark FROM how WHERE field = 'discount_total')) AS off,
        np_money(s.tax, (SELECT decimal_mark FROM how WHERE field = 'tax')) AS vat,
        np_money(s.total, (SELECT decimal_mark FROM how WHERE field = 'total')) AS sum,
        np_money(s.paid_total, (SELECT decimal_mark FROM how WHERE field = 'paid_total')) AS paid,
        np_money(s.balance_due, (SELECT decimal_mark FROM how WHERE field = 'balance_due')) AS balance,
        np_date(s.issued_at, site.zone, (SELECT date_order FROM how WHERE field = 'issued_at')) AS issued_on,
        np_date(s.taxable_at, site.zone, (SELECT date_order FROM how WHERE field = 'taxable_at')) AS taxable_on,
        np_date(s.due_at, site.zone, (SELECT date_order FROM how WHERE field = 'due_at')) AS due_on,
        np_stamp(s.paid_at, site.zone, (SELECT date_order FROM how WHERE field = 'paid_at')) AS settled_at,
        np_stamp(s.created_at, site.zone, (SELECT date_order FROM how WHERE field = 'created_at')) AS made_at,
        np_stamp(s.updated_at, site.zone, (SELECT date_order FROM how WHERE field = 'updated_at')) AS changed_at,
        np_money(s.fx_rate, '.') AS rate
    FROM site CROSS JOIN stg_invoice AS s
),
keyed AS MATERIALIZED (
    SELECT *,
        row_number() OVER (PARTITION BY coalesce(id, 'number:' || no, 'row:' || row_id) ORDER BY row_id) AS nth,
        iif(no IS NULL, 0, count(*) OVER (PARTITION BY kind, no)) AS same_number
    FROM v
),
named AS MATERIALIZED (
    SELECT *, 'invoice:' || coalesce(id, 'number:' || no, 'row:' || row_id) || iif(nth > 1, '#' || nth, '') AS invoice_key FROM keyed
)
SELECT
    v.invoice_key,
    v.row_id,
    v.id AS source_id,
    v.kind AS type,
    v.no AS number,
    v.state AS status,
    coalesce(a.account_key, c.account_key) AS account_key,
    np_id(v.account_id) AS account_id,
    coalesce(np_name(v.bill ->> '$.name'), np_name(v.company), a.name) AS company,
    np_email(v.contact_email, NULL) AS contact_email,
    d.deal_key,
    v.code AS currency,
    v.net AS subtotal,
    v.off AS discount_total,
    v.vat AS tax,
    v.sum AS total,
    v.paid AS paid_total,
    v.balance AS balance_due,
    CASE
        WHEN v.kind = 'proforma' OR v.state IN ('draft', 'paid', 'cancelled', 'canceled', 'void', 'refunded', 'written_off', 'deleted') THEN NULL
        WHEN np_same(v.balance, '0') THEN NULL
        ELSE coalesce(v.balance, np_sum(json_array(v.sum, np_product(v.paid, '-1', 2))))
    END AS open_amount,
    np_currency(v.base_currency) AS base_currency,
    v.rate AS fx_rate,
    np_product(v.sum, v.rate, 2) AS base_total,
    v.issued_on,
    v.taxable_on,
    v.due_on,
    coalesce(v.settled_at, iif(v.state = 'paid', p.last_at, NULL)) AS paid_at,
    o.invoice_key AS original_key,
    coalesce(o.no, np_text(v.original_invoice_id)) AS original_number,
    np_name(r.name) AS series,
    coalesce(l.lines, 0) AS lines,
    coalesce(p.payments, 0) AS payments,
    1 - np_same(v.sum, np_sum(json_array(v.net, v.vat))) AS total_mismatch,
    1 - np_same(v.sum, l.total) AS lines_mismatch,
    1 - np_same(v.paid, p.total) AS payments_mismatch,
    v.same_number,
    v.bill AS billing,
    u.email AS owner_email,
    v.made_at AS created_at,
    v.changed_at AS updated_at,
    v.row_hash
FROM named AS v
LEFT JOIN clean_account AS a ON a.account_key = 'account:' || np_id(v.account_id)
LEFT JOIN clean_company_spelling AS c ON c.spelling = v.company
LEFT JOIN clean_deal AS d ON d.deal_key = 'deal:' || np_id(v.deal_id)
LEFT JOIN clean_user_ref AS u ON u.ref = coalesce(v.owner_id, v.created_by)
LEFT JOIN named AS o ON o.id = np_id(v.original_invoice_id) AND o.nth = 1
LEFT JOIN stg_invoice_series AS r ON r.source_id = v.series_id
LEFT JOIN line AS l ON l.id = v.id
LEFT JOIN payment AS p ON p.id = v.id
