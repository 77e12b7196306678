-- one row per rule and object
-- reads: issue, issue_rule
SELECT
    i.severity,
    i.rule,
    i.object,
    count(*) AS findings,
    count(DISTINCT i.record_key) AS records,
    min(i.value) AS example,
    coalesce(r.meaning, '') AS meaning,
    coalesce(r.action, '') AS action
FROM issue AS i
LEFT JOIN issue_rule AS r ON r.rule = i.rule
GROUP BY i.severity, i.rule, i.object
ORDER BY CASE i.severity WHEN 'error' THEN 1 WHEN 'warning' THEN 2 ELSE 3 END, count(*) DESC, i.rule, i.object
