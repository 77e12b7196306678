-- one row per custom value that is not among the declared options of its field
-- reads: issue_rule, clean_custom_field, clean_account, clean_contact, clean_deal
WITH
-- Profiling has met undeclared values in these fields only; most sources have none.
field AS MATERIALIZED (
    SELECT object, slug, options FROM clean_custom_field WHERE undeclared IS NOT NULL
),
chosen (object, record_key, row_id, slug, value, options) AS (
    SELECT 'account', c.account_key, c.row_id, f.slug, e.value, f.options
    FROM field AS f CROSS JOIN clean_account AS c CROSS JOIN json_each(c.custom) AS e ON e.key = f.slug WHERE f.object = 'account'
    UNION ALL
    SELECT 'contact', c.contact_key, c.row_id, f.slug, e.value, f.options
    FROM field AS f CROSS JOIN clean_contact AS c CROSS JOIN json_each(c.custom) AS e ON e.key = f.slug WHERE f.object = 'contact'
    UNION ALL
    SELECT 'deal', c.deal_key, c.row_id, f.slug, e.value, f.options
    FROM field AS f CROSS JOIN clean_deal AS c CROSS JOIN json_each(c.custom) AS e ON e.key = f.slug WHERE f.object = 'deal'
)
SELECT 'unknown_option' AS rule, r.severity, c.object, c.record_key, c.row_id, 'custom:' || c.slug AS field,
    substr(np_undeclared(c.value, c.options), 1, 200) AS value, r.action AS hint
FROM chosen AS c
LEFT JOIN issue_rule AS r ON r.rule = 'unknown_option'
WHERE np_undeclared(c.value, c.options) IS NOT NULL
