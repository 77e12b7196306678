-- one row per line of a deal, and per adjustment that brings the lines up to the deal's value
-- reads: clean_deal_line, clean_product, clean_deal, map_deal_value, map_setting, setup
WITH
site AS MATERIALIZED (
    SELECT
        s.source_tag,
        (SELECT value FROM map_setting WHERE map_key = 'plan') NOT IN ('lite', 'essential') AS has_billing,
        (SELECT value FROM map_setting WHERE map_key = 'closed_products') = 'linkable' AS closed_linkable
    FROM setup AS s
),
line AS (
    SELECT
        l.line_key AS final_key,
        l.deal_key,
        -- Pipedrive takes no line of a product that is not linkable.
        iif(p.is_active OR p.product_key IS NOT NULL AND site.closed_linkable, p.product_key, 'product:catch-all') AS product_key,
        l.sent_quantity AS quantity,
        l.sent_price AS item_price,
        nullif(l.sent_discount, '0') AS discount,
        l.discount_type,
        p.tax,
        l.is_counted,
        p.billing,
        l.position,
        l.row_id,
        p.name AS product_name,
        l.name,
        l.product,
        l.description,
        iif(l.is_exact, NULL, 'In NextCRM: ' || l.figures) AS figures,
        l.details
    FROM site CROSS JOIN map_deal_value AS v
    JOIN clean_deal_line AS l ON l.deal_key = v.map_key
    LEFT JOIN clean_product AS p ON p.product_key = l.product_key
    WHERE v.policy <> 'documented'
),
sent AS (
    SELECT final_key, deal_key, product_key, quantity, item_price, discount, discount_type, tax, is_counted, billing, position, row_id,
        ltrim(iif(product_key = 'product:catch-all' OR name <> product_name, coalesce(char(10) || name, ''), '')
            || iif(product_key = 'product:catch-all' AND product IS NOT name, coalesce(char(10) || 'Product in NextCRM: ' || product, ''), '')
            || coalesce(char(10) || description, '') || coalesce(char(10) || figures, '') || coalesce(char(10) || details, ''), char(10)) AS comments
    FROM line
    UNION ALL
    SELECT 'deal_line:adjustment:' || substr(map_key, 6), map_key, 'product:catch-all', '1', difference, NULL, NULL, NULL, 1, NULL, NULL, NULL,
        'Adjustment: the value of the deal in NextCRM is ' || held_value || ', its lines here come to ' || lines_total
    FROM map_deal_value
    WHERE policy = 'value wins' AND CAST(difference AS REAL) > 0
)
SELECT
    s.final_key,
    -- In the order of the deals and, within one, of the source; the adjustment comes last.
    row_number() OVER (ORDER BY d.row_id, s.row_id IS NULL, s.position, s.row_id) AS seq,
    site.source_tag || '/' || s.final_key AS marker,
    s.deal_key,
    s.product_key,
    s.quantity,
    s.item_price,
    json_patch('{}', json_object(
        'deal_id', json_object('@ref', 'deal:' || s.deal_key),
        'product_id', json_object('@ref', 'product:' || s.product_key),
        'item_price', json(s.item_price),
        'quantity', json(s.quantity),
        -- The totals of the source are without tax.
        'tax', json(s.tax),
        'tax_method', 'none',
        'discount', json(s.discount),
        'discount_type', iif(s.discount IS NULL, NULL, s.discount_type),
        'is_enabled', json(iif(s.is_counted, NULL, 'false')),
        -- The source counts a line once whatever its product's period; a recurring line would not count here.
        'billing_frequency', iif(site.has_billing AND s.billing IS NOT NULL, 'one-time', NULL),
        'comments', ltrim(s.comments || ' [NextCRM ' || site.source_tag || '/' || s.final_key || ']'))) AS payload
FROM site
CROSS JOIN sent AS s
JOIN clean_deal AS d ON d.deal_key = s.deal_key
