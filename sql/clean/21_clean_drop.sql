-- one row per contact record that is deleted in the source or repeats another one of the same id
-- reads: stg_contact, clean_site, profile
WITH
site AS MATERIALIZED (
    SELECT c.timezone, c.exclude_deleted, p.date_order
    FROM clean_site AS c LEFT JOIN profile AS p ON p.object = 'contact' AND p.field = 'updated_at'
),
repeated AS MATERIALIZED (
    SELECT np_id(source_id) AS id FROM stg_contact WHERE source_id <> '' GROUP BY 1 HAVING count(*) > 1
),
candidate AS (
    SELECT s.row_id, s.row_hash, s.updated_at, np_id(s.source_id) AS id,
        (s.deleted_at <> '' AND s.deleted_at <> 'NULL' AND s.deleted_at NOT GLOB '0000-*') IS TRUE AS is_deleted
    FROM stg_contact AS s
    WHERE s.deleted_at <> ''
        OR EXISTS (SELECT 1 FROM repeated) AND np_id(s.source_id) IN (SELECT id FROM repeated)
),
ranked AS (
    -- The newest version stands for the record; of equally new ones the first in the file.
    SELECT c.*,
        row_number() OVER newest            AS nth,
        first_value(c.row_hash) OVER newest AS newest_hash,
        first_value(c.is_deleted) OVER newest AS newest_is_deleted,
        site.exclude_deleted
    FROM candidate AS c CROSS JOIN site
    WINDOW newest AS (
        PARTITION BY coalesce(c.id, 'row ' || c.row_id)
        ORDER BY np_stamp(c.updated_at, site.timezone, site.date_order) DESC NULLS LAST, c.row_id)
)
SELECT
    'contact' AS object,
    row_id,
    id AS source_id,
    iif(exclude_deleted AND newest_is_deleted, 'excluded', 'merged') AS fate,
    iif(exclude_deleted AND newest_is_deleted, NULL, 'contact:' || id) AS into_key,
    CASE
        WHEN exclude_deleted AND newest_is_deleted THEN 'soft_deleted'
        WHEN row_hash = newest_hash THEN 'repeated_record'
        ELSE 'repeated_id_conflict'
    END AS rule,
    CASE
        WHEN exclude_deleted AND newest_is_deleted THEN 'deleted in the source'
        WHEN row_hash = newest_hash THEN 'the same record again'
        ELSE 'another version of the record is newer, or came first'
    END AS reason
FROM ranked
WHERE exclude_deleted AND newest_is_deleted OR nth > 1
