-- one row per staging row of a company: its fate and the final record it went into
-- reads: clean_account, clean_drop, dup_account_member
SELECT
    c.row_id,
    c.source_id,
    c.account_key,
    iif(m.role = 'merged', 'merged', 'final') AS fate,
    coalesce(m.final_key, c.account_key) AS final_key,
    m.rule,
    m.why AS reason
FROM clean_account AS c
LEFT JOIN dup_account_member AS m ON m.row_id = c.row_id
UNION ALL
-- What did not become a clean row; a repeated record goes where the record it repeats goes.
SELECT
    d.row_id,
    d.source_id,
    NULL,
    d.fate,
    coalesce(m.final_key, d.into_key),
    d.rule,
    d.reason
FROM clean_drop AS d
LEFT JOIN clean_account AS r ON r.account_key = d.into_key
LEFT JOIN dup_account_member AS m ON m.row_id = r.row_id
WHERE d.object = 'account'
