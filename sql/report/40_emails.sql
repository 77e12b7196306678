-- one row per contact without a usable e-mail address
-- reads: clean_contact, stg_contact
SELECT
    CASE WHEN c.invalid_emails IS NULL THEN 'missing' ELSE 'invalid' END AS problem,
    c.source_id,
    c.name,
    coalesce(s.email, '') AS as_written,
    coalesce(c.owner_email, '') AS owner,
    s.source_table,
    coalesce(s.source_row, '') AS source_row
FROM clean_contact AS c
JOIN stg_contact AS s ON s.row_id = c.row_id
WHERE c.email IS NULL
ORDER BY 1, c.row_id
