-- one row per line of a deal that lives
-- reads: stg_deal_line, stg_product, clean_product, clean_deal, clean_site
WITH
site AS MATERIALIZED (SELECT default_currency, coalesce(decimal_mark, '.') AS mark FROM clean_site),
-- A product that stays out still gives its lines its name.
product AS MATERIALIZED (
    SELECT np_id(source_id) AS id, np_name(name) || coalesce(' (' || np_name(sku) || ')', '') AS name
    FROM stg_product GROUP BY 1
),
line AS MATERIALIZED (
    SELECT
        s.*,
        np_id(s.source_id)                       AS id,
        'deal:' || np_id(s.deal_id)              AS deal_ref,
        np_money(s.quantity, site.mark)          AS many,
        np_money(s.unit_price, site.mark)        AS each,
        np_money(s.discount_value, site.mark)    AS less,
        CASE upper(np_text(s.discount_type)) WHEN 'PERCENTAGE' THEN 'percentage' WHEN 'PERCENT' THEN 'percentage' WHEN 'FIXED' THEN 'amount' WHEN 'AMOUNT' THEN 'amount' END AS less_type,
        np_money(s.line_total, site.mark)        AS written_total,
        np_currency(s.currency)                  AS code,
        row_number() OVER (PARTITION BY coalesce(np_id(s.source_id), 'row:' || s.row_id) ORDER BY s.row_id) AS nth
    FROM site CROSS JOIN stg_deal_line AS s
),
-- A deal without a value has the currency of its lines, if it is one.
lines_currency AS MATERIALIZED (
    SELECT deal_ref, iif(count(DISTINCT code) = 1, min(code), NULL) AS code FROM line GROUP BY 1
),
placed AS (
    SELECT
        l.*,
        d.deal_key,
        coalesce(l.code, d.currency, c.code, site.default_currency) AS currency_code,
        coalesce(d.currency, iif(d.value IS NULL, c.code, NULL), site.default_currency) AS deal_currency,
        p.product_key,
        r.name AS product_name
    FROM site
    CROSS JOIN line AS l
    JOIN clean_deal AS d ON d.deal_key = l.deal_ref
    JOIN lines_currency AS c ON c.deal_ref = l.deal_ref
    LEFT JOIN clean_product AS p ON p.product_key = 'product:' || np_id(l.product_id)
    LEFT JOIN product AS r ON r.id = np_id(l.product_id)
),
fitted AS (
    SELECT *, np_deal_line(many, each, iif(CAST(less AS REAL) = 0, NULL, less_type), iif(CAST(less AS REAL) = 0, NULL, less),
        written_total, currency_code, deal_currency) AS fit
    FROM placed
)
SELECT
    'deal_line:' || coalesce(id, 'row:' || row_id) || iif(nth > 1, '#' || nth, '') AS line_key,
    row_id,
    id                                           AS source_id,
    deal_key,
    product_key,
    CAST(np_integer(position) AS INTEGER)        AS position,
    np_name(name)                                AS name,
    coalesce(product_name, np_name(sku), np_id(product_id)) AS product,
    np_html(description)                         AS description,
    many                                         AS quantity,
    each                                         AS price,
    less_type                                    AS discount_type,
    less                                         AS discount,
    written_total                                AS line_total,
    currency_code                                AS currency,
    currency_code IS NOT deal_currency           AS is_foreign,
    fit ->> 'counted'                            AS is_counted,
    -- Figures that cannot be read are told in words.
    fit ->> 'exact' AND (many IS NOT NULL OR quantity IS NULL) AS is_exact,
    fit ->> 'quantity'                           AS sent_quantity,
    fit ->> 'price'                              AS sent_price,
    fit ->> 'discount'                           AS sent_discount,
    fit ->> 'sum'                                AS sum_minor,
    coalesce(many, '?') || ' × ' || coalesce(each, '?') || coalesce(' ' || currency_code, '')
        || iif(CAST(less AS REAL) <> 0, ', discount ' || less || iif(less_type = 'percentage', ' %', ''), '')
        || coalesce(', total ' || written_total, '') AS figures,
    np_paragraph(
        iif(many IS NULL, 'Quantity in NextCRM: ' || np_text(quantity), NULL),
        iif(each IS NULL, 'Price in NextCRM: ' || np_text(unit_price), NULL),
        iif(less IS NULL, 'Discount in NextCRM: ' || np_text(discount_value), NULL),
        (SELECT group_concat(e.key || ': ' || np_text(e.value), char(10)) FROM json_each(extra) AS e)
    )                                            AS details,
    row_hash
FROM fitted
