-- one row per staging row of a person: its fate and the final record it went into
-- reads: stg_contact, clean_contact, clean_drop, dup_contact_member
SELECT
    s.row_id,
    s.source_id,
    c.contact_key,
    CASE
        WHEN c.contact_key IS NULL THEN d.fate
        WHEN m.role = 'merged' THEN 'merged'
        ELSE 'final'
    END AS fate,
    CASE
        WHEN d.fate IN ('rejected', 'excluded') THEN NULL
        ELSE coalesce(m.final_key, c.contact_key, d.into_key)
    END AS final_key,
    coalesce(d.rule, m.rule) AS rule,
    coalesce(d.reason, m.why) AS reason
FROM stg_contact AS s
LEFT JOIN clean_contact AS c ON c.row_id = s.row_id
LEFT JOIN clean_drop AS d ON d.object = 'contact' AND d.row_id = s.row_id AND c.contact_key IS NULL
LEFT JOIN dup_contact_member AS m ON m.contact_key = coalesce(c.contact_key, d.into_key)
