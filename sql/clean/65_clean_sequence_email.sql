-- one row per mail of an e-mail sequence
-- reads: stg_sequence, clean_sequence
SELECT
    c.sequence_key,
    e.key + 1 AS position,
    np_text(e.value ->> 'subject') AS subject,
    np_text(e.value ->> 'preheader') AS preheader,
    e.value ->> 'delay' AS delay_minutes,
    nullif(e.value ->> 'window', '') AS send_window,
    nullif(e.value ->> 'status', '') AS status,
    nullif(e.value ->> 'body', '') AS body
FROM clean_sequence AS c
JOIN stg_sequence AS s ON s.row_id = c.row_id
CROSS JOIN json_each(np_sequence(s.json), '$.emails') AS e
