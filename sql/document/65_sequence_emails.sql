-- one row per mail of an e-mail sequence
-- reads: clean_sequence, clean_sequence_email
-- file: sequences.csv
SELECT
    s.source_id AS id,
    s.title,
    iif(s.is_active, 'active', 'switched off') AS state,
    e.position,
    e.delay_minutes,
    e.send_window,
    e.subject,
    e.preheader AS preview_text,
    e.status AS status_in_nextcrm,
    e.body
FROM clean_sequence AS s
LEFT JOIN clean_sequence_email AS e ON e.sequence_key = s.sequence_key
ORDER BY s.row_id, e.position
