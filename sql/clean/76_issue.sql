-- one row per custom value that could not be read as its field's type
-- reads: issue_rule, clean_account, clean_contact, clean_deal
WITH
record (object, record_key, row_id, custom) AS (
    SELECT 'account', account_key, row_id, custom FROM clean_account WHERE instr(custom, ' (raw)"') > 0
    UNION ALL SELECT 'contact', contact_key, row_id, custom FROM clean_contact WHERE instr(custom, ' (raw)"') > 0
    UNION ALL SELECT 'deal', deal_key, row_id, custom FROM clean_deal WHERE instr(custom, ' (raw)"') > 0
)
SELECT 'custom_unreadable' AS rule, r.severity, c.object, c.record_key, c.row_id, 'custom:' || substr(e.key, 1, length(e.key) - 6) AS field,
    substr(e.value, 1, 200) AS value, r.action AS hint
FROM record AS c CROSS JOIN json_each(c.custom) AS e
LEFT JOIN issue_rule AS r ON r.rule = 'custom_unreadable'
WHERE e.key LIKE '% (raw)'
