-- one row per staging row of a person, and per person of a lead or target: its fate and the final record it went into
-- reads: clean_contact, clean_drop, dup_contact_member
SELECT
    c.row_id,
    c.source_id,
    c.contact_key,
    iif(m.role = 'merged', 'merged', 'final') AS fate,
    coalesce(m.final_key, c.contact_key) AS final_key,
    m.rule,
    m.why AS reason
FROM clean_contact AS c
LEFT JOIN dup_contact_member AS m ON m.row_id = c.row_id
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
LEFT JOIN clean_contact AS r ON r.contact_key = d.into_key
LEFT JOIN dup_contact_member AS m ON m.row_id = r.row_id
WHERE d.object = 'contact'
