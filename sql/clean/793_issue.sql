-- one row per finding on products, lines of deals and the companies that companies belong to
-- reads: issue_rule, clean_deal_line, stg_deal_line, stg_product, clean_product, clean_deal, clean_account_parent, clean_drop
WITH found (rule, object, record_key, row_id, field, value) AS (
    SELECT CASE WHEN is_foreign THEN 'line_currency_differs' WHEN is_counted THEN 'line_total_differs' ELSE 'line_not_counted' END,
        'deal_line', line_key, row_id, 'line_total', coalesce(line_total, quantity || ' × ' || price) || coalesce(' ' || currency, '')
    FROM clean_deal_line WHERE NOT is_exact
    UNION ALL
    SELECT 'line_product_left_out', 'deal_line', l.line_key, l.row_id, 'product_id', l.product
    FROM clean_deal_line AS l JOIN stg_deal_line AS s ON s.row_id = l.row_id
    WHERE l.product_key IS NULL AND s.product_id <> ''
    UNION ALL
    -- Lines of deals that stay out by rule stay out with them.
    SELECT 'line_without_deal', 'deal_line', 'deal_line:' || s.source_id, s.row_id, 'deal_id', s.deal_id
    FROM stg_deal_line AS s
    WHERE NOT EXISTS (SELECT 1 FROM clean_deal AS d WHERE d.deal_key = 'deal:' || np_id(s.deal_id))
        AND NOT EXISTS (SELECT 1 FROM clean_drop AS d WHERE d.object = 'deal' AND d.source_id = np_id(s.deal_id))
    UNION ALL
    SELECT 'product_price_unreadable', 'product', p.product_key, p.row_id, 'unit_price', s.unit_price
    FROM clean_product AS p JOIN stg_product AS s ON s.row_id = p.row_id WHERE p.price IS NULL AND s.unit_price <> ''
    UNION ALL
    SELECT flaw, 'account', account_key, row_id, 'parent_name', parent FROM clean_account_parent WHERE flaw IN ('parent_unknown', 'parent_ambiguous', 'parent_self')
)
SELECT f.rule, r.severity, f.object, f.record_key, f.row_id, f.field, substr(f.value, 1, 200) AS value, r.action AS hint
FROM found AS f LEFT JOIN issue_rule AS r ON r.rule = f.rule
