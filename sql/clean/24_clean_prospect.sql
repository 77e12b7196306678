-- one row per lead, target and person found for a target: whether it lives, and the row of clean_contact kept for it
-- reads: stg_lead, stg_target, stg_target_contact, stg_contact, clean_site
WITH
site AS MATERIALIZED (SELECT exclude_deleted, timezone, date_order FROM clean_site),
-- What is deleted with its target is deleted.
gone AS MATERIALIZED (
    SELECT np_id(source_id) AS id FROM stg_target WHERE deleted_at <> '' AND deleted_at <> 'NULL' AND deleted_at NOT GLOB '0000-*'
),
staged (object, rank, row_id, source_id, row_hash, updated_at, is_deleted) AS (
    SELECT 'lead', 1, row_id, source_id, row_hash, updated_at,
        (deleted_at <> '' AND deleted_at <> 'NULL' AND deleted_at NOT GLOB '0000-*') IS TRUE FROM stg_lead
    UNION ALL
    SELECT 'target', 2, row_id, source_id, row_hash, updated_at, np_id(source_id) IN (SELECT id FROM gone) IS TRUE FROM stg_target
    UNION ALL
    SELECT 'target_contact', 3, row_id, source_id, row_hash, updated_at, np_id(target_id) IN (SELECT id FROM gone) IS TRUE FROM stg_target_contact
),
ranked AS (
    -- The newest version stands for the record; of equally new ones the first in the file.
    SELECT s.*, np_id(s.source_id) AS id, site.exclude_deleted,
        row_number() OVER (PARTITION BY s.object, coalesce(np_id(s.source_id), 'row ' || s.row_id)
            ORDER BY np_stamp(s.updated_at, site.timezone, site.date_order) DESC NULLS LAST, s.row_id) AS nth,
        row_number() OVER (ORDER BY s.rank, s.row_id) AS place
    FROM staged AS s CROSS JOIN site
)
SELECT
    object,
    row_id,
    id AS source_id,
    object || ':' || coalesce(id, 'row:' || row_id) || iif(nth > 1, '#' || nth, '') AS prospect_key,
    (SELECT ifnull(max(row_id), 0) FROM stg_contact) + place AS contact_row,
    CASE WHEN exclude_deleted AND is_deleted THEN 'excluded' WHEN nth > 1 THEN 'merged' ELSE 'live' END AS fate,
    CASE WHEN nth > 1 AND NOT (exclude_deleted AND is_deleted) THEN object || ':' || id END AS into_key,
    CASE WHEN exclude_deleted AND is_deleted THEN 'soft_deleted' WHEN nth > 1 THEN 'repeated_record' END AS rule,
    CASE
        WHEN exclude_deleted AND is_deleted THEN iif(object = 'target_contact', 'its target is deleted in the source', 'deleted in the source')
        WHEN nth > 1 THEN 'another version of the record is newer, or came first'
    END AS reason
FROM ranked
