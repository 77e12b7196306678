-- one row per dynamic segment; of a segment in several files the first
-- reads: stg_segment, stg_setting, clean_site, clean_contact
WITH
keyed AS (
    SELECT *, np_id(source_id) AS id, 'segment:' || coalesce(np_id(source_id), 'row:' || row_id) AS segment_key
    FROM stg_segment
),
-- Ages in days are counted from the day of the export. An export that does not tell it is as old as its newest record.
day AS MATERIALIZED (
    SELECT coalesce(
        (SELECT max(np_stamp(s.value, c.timezone, c.date_order)) FROM stg_setting AS s WHERE lower(s.key) = 'exported_at'),
        (SELECT max(max(coalesce(p.created_at, ''), coalesce(p.updated_at, ''), coalesce(p.last_activity_at, ''))) FROM clean_contact AS p)) AS as_of
    FROM clean_site AS c
    WHERE EXISTS (SELECT 1 FROM stg_segment)
)
SELECT
    k.segment_key,
    k.row_id,
    k.id AS source_id,
    coalesce(np_text(k.title), np_segment_title(k.json), 'Segment ' || coalesce(k.id, k.row_id)) AS title,
    np_segment_shape(k.json) AS shape,
    np_segment_rules(k.json) AS rules,
    coalesce(k.json, '')     AS definition,
    nullif(day.as_of, '')    AS as_of
FROM (SELECT *, row_number() OVER (PARTITION BY segment_key ORDER BY row_id) AS nth FROM keyed) AS k
LEFT JOIN day
WHERE k.nth = 1
