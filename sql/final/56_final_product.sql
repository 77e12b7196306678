-- one row per product, and one for all lines of deals that have none
-- reads: clean_product, clean_deal_line, map_deal_value, map_setting, map_user, setup
WITH
site AS MATERIALIZED (
    SELECT
        s.source_tag,
        -- The cheapest plan has no recurring billing.
        (SELECT value FROM map_setting WHERE map_key = 'plan') NOT IN ('lite', 'essential') AS has_billing,
        (SELECT value FROM map_setting WHERE map_key = 'closed_products') = 'linkable' AS closed_linkable,
        (SELECT visible_to FROM map_visibility WHERE entity = 'product') AS visible_to
    FROM setup AS s
),
product AS (
    SELECT
        p.product_key AS final_key,
        p.row_id AS seq,
        p.name,
        p.code,
        ltrim(coalesce(char(10) || p.description, '') || coalesce(char(10) || p.details, '')
            || iif(site.has_billing, '', coalesce(char(10) || 'Billing in NextCRM: ' || p.billing, '')), char(10)) AS description,
        p.unit,
        p.tax,
        p.category,
        p.owner_email,
        p.is_active OR site.closed_linkable AS is_linkable,
        iif(p.currency IS NOT NULL AND coalesce(p.price, p.cost) IS NOT NULL,
            json_array(json(json_patch('{}', json_object('currency', p.currency, 'price', json(p.price), 'cost', json(p.cost))))), NULL) AS prices,
        iif(site.has_billing, p.billing, NULL) AS billing
    FROM site CROSS JOIN clean_product AS p
    UNION ALL
    -- Every line of a deal needs a product.
    SELECT 'product:catch-all', 0, 'NextCRM line item', NULL, 'Lines of deals without a product of their own: the comment of a line says what it is.',
        NULL, NULL, NULL, NULL, 1, NULL, NULL
    WHERE EXISTS (
        SELECT 1 FROM map_deal_value AS v WHERE v.policy <> 'documented' AND (
            v.policy = 'value wins' AND CAST(v.difference AS REAL) > 0
            OR EXISTS (
                SELECT 1 FROM clean_deal_line AS l LEFT JOIN clean_product AS p ON p.product_key = l.product_key
                WHERE l.deal_key = v.map_key
                    AND (p.is_active OR p.product_key IS NOT NULL AND (SELECT closed_linkable FROM site)) IS NOT TRUE)))
)
SELECT
    p.final_key,
    p.seq,
    site.source_tag || '/' || p.final_key AS marker,
    p.name,
    p.code,
    -- A patch of nothing leaves out what is NULL.
    json_patch('{}', json_object(
        'name', p.name,
        'code', p.code,
        'description', nullif(p.description, ''),
        'unit', p.unit,
        'tax', json(p.tax),
        'category', iif(p.category IS NULL, NULL, json_object('@ref', 'label:product:' || p.category)),
        'owner_id', json_object('@ref', 'user:' || ifnull(u.target_email, '@fallback')),
        'is_linkable', json(iif(p.is_linkable, 'true', 'false')),
        'visible_to', json(site.visible_to),
        'prices', json(p.prices),
        'billing_frequency', p.billing,
        'custom_fields', json_object('@field:product.nextcrm_id', site.source_tag || '/' || p.final_key))) AS payload
FROM site
CROSS JOIN product AS p
LEFT JOIN map_user AS u ON u.map_key = p.owner_email
