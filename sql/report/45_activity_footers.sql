-- one row per thing that Pipedrive has no field for on activities and notes: it stands in the footer of their text
-- reads: final_fate, clean_activity
SELECT
    a.object,
    f.value ->> 0 AS what,
    count(*) AS records,
    substr(min(f.value ->> 1), 1, 80) AS example
FROM final_fate AS t
JOIN clean_activity AS a ON a.object = t.object AND a.row_id = t.row_id
CROSS JOIN json_each(a.facts) AS f
WHERE t.fate = 'final'
GROUP BY 1, 2
UNION ALL
SELECT a.object, 'Time of creation', count(a.created_at), min(a.created_at)
FROM final_fate AS t
JOIN clean_activity AS a ON a.object = t.object AND a.row_id = t.row_id
WHERE t.fate = 'final'
GROUP BY 1
UNION ALL
SELECT a.object, 'Author', count(a.author), min(a.author)
FROM final_fate AS t
JOIN clean_activity AS a ON a.object = t.object AND a.row_id = t.row_id
WHERE t.fate = 'final' AND a.object <> 'email'
GROUP BY 1
ORDER BY 1, 3 DESC, 2
