-- one row per record that was rejected or came more than once
-- reads: issue_rule, clean_drop
SELECT d.rule, r.severity, d.object, coalesce(d.into_key, d.object || ':' || d.source_id) AS record_key, d.row_id, NULL AS field,
    d.source_id AS value, r.action AS hint
FROM clean_drop AS d LEFT JOIN issue_rule AS r ON r.rule = d.rule
WHERE d.rule IN ('contact.nothing_to_name', 'account.no_name', 'repeated_record')
