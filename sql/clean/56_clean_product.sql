-- one row per product of the old system that lives
-- reads: stg_product, stg_product_category, clean_site, clean_user_ref
WITH
site AS MATERIALIZED (
    SELECT timezone, date_order, coalesce(decimal_mark, '.') AS mark, exclude_deleted FROM clean_site
),
category AS MATERIALIZED (SELECT np_id(source_id) AS id, min(np_name(name)) AS name FROM stg_product_category GROUP BY 1),
v AS (
    SELECT
        s.*,
        np_id(s.source_id)                    AS id,
        np_fold(np_text(s.status))            AS state,
        np_money(s.unit_price, site.mark)     AS amount,
        np_money(s.unit_cost, site.mark)      AS spent,
        np_money(s.tax_rate, site.mark)       AS percent,
        (s.deleted_at <> '' AND s.deleted_at <> 'NULL' AND s.deleted_at NOT GLOB '0000-*') IS TRUE AS is_deleted,
        np_stamp(s.created_at, site.timezone, site.date_order) AS made_at,
        np_stamp(s.deleted_at, site.timezone, site.date_order) AS gone_at,
        -- Anything else (ONE_TIME, words of a fork) is no period.
        CASE upper(np_text(s.billing_period))
            WHEN 'WEEKLY' THEN 'weekly'
            WHEN 'MONTHLY' THEN 'monthly'
            WHEN 'QUARTERLY' THEN 'quarterly'
            WHEN 'SEMI_ANNUALLY' THEN 'semi-annually'
            WHEN 'ANNUALLY' THEN 'annually'
            WHEN 'YEARLY' THEN 'annually'
        END AS period,
        row_number() OVER (PARTITION BY coalesce(np_id(s.source_id), 'row:' || s.row_id) ORDER BY s.row_id) AS nth
    FROM site CROSS JOIN stg_product AS s
    WHERE NOT (site.exclude_deleted AND (s.deleted_at <> '' AND s.deleted_at <> 'NULL' AND s.deleted_at NOT GLOB '0000-*') IS TRUE)
)
SELECT
    'product:' || coalesce(v.id, 'row:' || v.row_id) || iif(v.nth > 1, '#' || v.nth, '') AS product_key,
    v.row_id,
    v.id                                      AS source_id,
    coalesce(np_name(v.name), np_name(v.sku), 'Product ' || coalesce(v.id, v.row_id)) AS name,
    iif(length(np_text(v.sku)) <= 255, np_text(v.sku), NULL) AS code,
    np_html(v.description)                    AS description,
    np_fold(np_text(v.type))                  AS type,
    v.state                                   AS status,
    v.state IS NOT 'archived' AND v.state IS NOT 'draft' AND v.state IS NOT 'inactive' AND NOT v.is_deleted AS is_active,
    iif(CAST(v.amount AS REAL) >= 0, v.amount, NULL) AS price,
    iif(CAST(v.spent AS REAL) >= 0, v.spent, NULL) AS cost,
    np_currency(v.currency)                   AS currency,
    iif(CAST(v.percent AS REAL) BETWEEN 0 AND 100, v.percent, NULL) AS tax,
    iif(length(np_text(v.unit)) <= 255, np_text(v.unit), NULL) AS unit,
    iif(np_bool(v.is_recurring) = 1, v.period, NULL) AS billing,
    c.name                                    AS category,
    o.email                                   AS owner_email,
    v.made_at                                 AS created_at,
    -- What Pipedrive has no property for, or refuses.
    np_paragraph(
        'Type in NextCRM: ' || np_text(v.type),
        iif(v.state IS NOT 'active', 'Status in NextCRM: ' || np_text(v.status), NULL),
        'Deleted in NextCRM: ' || substr(v.gone_at, 1, 10),
        iif(length(np_text(v.sku)) > 255, 'SKU: ' || np_text(v.sku), NULL),
        iif(length(np_text(v.unit)) > 255, 'Unit: ' || np_text(v.unit), NULL),
        iif((CAST(v.amount AS REAL) >= 0) IS NOT TRUE, 'Price in NextCRM: ' || np_text(v.unit_price), NULL),
        iif((CAST(v.spent AS REAL) >= 0) IS NOT TRUE, 'Cost in NextCRM: ' || np_text(v.unit_cost), NULL),
        iif((CAST(v.percent AS REAL) BETWEEN 0 AND 100) IS NOT TRUE, 'Tax in NextCRM: ' || np_text(v.tax_rate), NULL),
        iif(np_currency(v.currency) IS NULL, 'Currency in NextCRM: ' || np_text(v.currency), NULL),
        iif(np_bool(v.is_recurring) = 1 AND v.period IS NOT NULL, NULL, 'Billing period in NextCRM: ' || np_text(v.billing_period)),
        iif(np_bool(v.is_recurring) = 1 AND v.period IS NULL, 'Recurring in NextCRM', NULL),
        'Created in NextCRM: ' || substr(v.made_at, 1, 10),
        (SELECT group_concat(e.key || ': ' || np_text(e.value), char(10)) FROM json_each(v.extra) AS e)
    )                                         AS details,
    v.row_hash
FROM v
LEFT JOIN category AS c ON c.id = np_id(v.category_id)
LEFT JOIN clean_user_ref AS o ON o.ref = v.created_by
