-- one row per e-mail sequence, as its JSON says
-- reads: stg_sequence
WITH
read AS (
    SELECT row_id, row_hash, title, status, np_sequence(json) AS told, coalesce(np_id(source_id), np_id(np_sequence(json) ->> 'id')) AS id
    FROM stg_sequence
),
numbered AS (
    SELECT *, row_number() OVER (PARTITION BY coalesce(id, 'row ' || row_id), row_hash ORDER BY row_id) AS copy FROM read
),
keyed AS (
    SELECT *, row_number() OVER (PARTITION BY coalesce(id, 'row ' || row_id) ORDER BY row_id) AS nth FROM numbered WHERE copy = 1
)
SELECT
    'sequence:' || coalesce(id, 'row:' || row_id) || iif(nth > 1, '#' || nth, '') AS sequence_key,
    row_id,
    id AS source_id,
    np_name(coalesce(nullif(told ->> 'title', ''), title)) AS title,
    np_text(coalesce(nullif(told ->> 'status', ''), status)) AS status,
    told ->> 'is_active' AS is_active,
    told ->> 'is_readable' AS is_readable,
    json_array_length(told, '$.emails') AS emails,
    told ->> 'last_delay' AS last_delay_minutes,
    row_hash
FROM keyed
