-- one row per staging row of a company: its fate and the final record it went into
-- reads: stg_account, clean_account, clean_drop, dup_account_member
SELECT
    s.row_id,
    s.source_id,
    c.account_key,
    CASE
        WHEN c.account_key IS NULL THEN d.fate
        WHEN m.role = 'merged' THEN 'merged'
        ELSE 'final'
    END AS fate,
    CASE
        WHEN d.fate IN ('rejected', 'excluded') THEN NULL
        ELSE coalesce(m.final_key, c.account_key, d.into_key)
    END AS final_key,
    coalesce(d.rule, m.rule) AS rule,
    coalesce(d.reason, m.why) AS reason
FROM stg_account AS s
LEFT JOIN clean_account AS c ON c.row_id = s.row_id
LEFT JOIN clean_drop AS d ON d.object = 'account' AND d.row_id = s.row_id AND c.account_key IS NULL
LEFT JOIN dup_account_member AS m ON m.account_key = coalesce(c.account_key, d.into_key)
