-- one row per segment whose rules cannot be read
-- reads: issue_rule, clean_segment
SELECT 'segment_unreadable' AS rule, r.severity, 'segment' AS object, s.segment_key AS record_key, s.row_id, 'json' AS field,
    substr(s.definition, 1, 200) AS value, r.action AS hint
FROM clean_segment AS s
LEFT JOIN issue_rule AS r ON r.rule = 'segment_unreadable'
WHERE s.shape IS NULL
