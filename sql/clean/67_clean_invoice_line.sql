-- one row per line of an invoice
-- reads: stg_invoice_line, stg_product, stg_tax_rate, clean_invoice
WITH
-- The first row of an id stands for it: the join must not make rows.
product AS MATERIALIZED (SELECT np_id(source_id) AS id, min(np_name(name)) AS name FROM stg_product GROUP BY 1),
rate AS MATERIALIZED (SELECT np_id(source_id) AS id, min(np_name(name)) AS name FROM stg_tax_rate GROUP BY 1),
invoice AS MATERIALIZED (SELECT source_id AS id, min(invoice_key) AS invoice_key FROM clean_invoice WHERE source_id IS NOT NULL GROUP BY 1)
SELECT
    'invoice_line:' || coalesce(np_id(s.source_id), 'row:' || s.row_id) ||
        iif(row_number() OVER same > 1, '#' || row_number() OVER same, '') AS line_key,
    s.row_id,
    np_id(s.source_id) AS source_id,
    i.invoice_key,
    CAST(np_integer(s.position) AS INTEGER) AS position,
    np_id(s.product_id) AS product_id,
    p.name AS product,
    np_text(s.description) AS description,
    np_money(s.quantity, '.') AS quantity,
    np_money(s.unit_price, '.') AS unit_price,
    np_money(s.discount_percent, '.') AS discount_percent,
    t.name AS tax_name,
    np_money(s.tax_rate, '.') AS tax_rate,
    np_money(s.line_subtotal, '.') AS subtotal,
    np_money(s.line_tax, '.') AS tax,
    np_money(s.line_total, '.') AS total,
    s.row_hash
FROM stg_invoice_line AS s
LEFT JOIN invoice AS i ON i.id = np_id(s.invoice_id)
LEFT JOIN product AS p ON p.id = np_id(s.product_id)
LEFT JOIN rate AS t ON t.id = np_id(s.tax_rate_id)
WINDOW same AS (PARTITION BY coalesce(np_id(s.source_id), 'row:' || s.row_id) ORDER BY s.row_id)
