-- one row per custom value that could not be read as its field's type
-- reads: issue_rule, clean_custom_field, clean_account, clean_contact, clean_deal
WITH
-- Only these types can fail to read.
typed AS MATERIALIZED (
    SELECT DISTINCT object FROM clean_custom_field WHERE value_type IN ('number', 'money', 'date', 'stamp', 'boolean') AND value_count > 0
),
record (object, record_key, row_id, custom) AS (
    SELECT 'account', account_key, row_id, custom FROM (SELECT 1 FROM typed WHERE object = 'account') CROSS JOIN clean_account WHERE instr(custom, ' (raw)"') > 0
    UNION ALL SELECT 'contact', contact_key, row_id, custom FROM (SELECT 1 FROM typed WHERE object = 'contact') CROSS JOIN clean_contact WHERE instr(custom, ' (raw)"') > 0
    UNION ALL SELECT 'deal', deal_key, row_id, custom FROM (SELECT 1 FROM typed WHERE object = 'deal') CROSS JOIN clean_deal WHERE instr(custom, ' (raw)"') > 0
)
SELECT 'custom_unreadable' AS rule, r.severity, c.object, c.record_key, c.row_id, 'custom:' || substr(e.key, 1, length(e.key) - 6) AS field,
    substr(e.value, 1, 200) AS value, r.action AS hint
FROM record AS c CROSS JOIN json_each(c.custom) AS e
LEFT JOIN issue_rule AS r ON r.rule = 'custom_unreadable'
WHERE e.key LIKE '% (raw)'
