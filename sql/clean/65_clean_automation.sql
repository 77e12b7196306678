-- one row per automation, as its JSON says
-- reads: stg_automation
WITH
read AS (
    SELECT row_id, row_hash, title, status, np_automation(json) AS told, coalesce(np_id(source_id), np_id(np_automation(json) ->> 'id')) AS id
    FROM stg_automation
),
-- The same automation in two files of one export counts once.
numbered AS (
    SELECT *, row_number() OVER (PARTITION BY coalesce(id, 'row ' || row_id), row_hash ORDER BY row_id) AS copy FROM read
),
keyed AS (
    SELECT *, row_number() OVER (PARTITION BY coalesce(id, 'row ' || row_id) ORDER BY row_id) AS nth FROM numbered WHERE copy = 1
)
SELECT
    'automation:' || coalesce(id, 'row:' || row_id) || iif(nth > 1, '#' || nth, '') AS automation_key,
    row_id,
    id AS source_id,
    np_name(coalesce(nullif(told ->> 'title', ''), title)) AS title,
    nullif(told ->> 'shape', '') AS shape,
    np_text(coalesce(nullif(told ->> 'status', ''), status)) AS status,
    told ->> 'is_active' AS is_active,
    told ->> '$.triggers[0]' AS trigger_kind,
    told -> 'triggers' AS triggers,
    told ->> 'steps' AS steps,
    told -> 'by_kind' AS steps_by_kind,
    told ->> 'actions' AS actions,
    told ->> 'fixed_delay' AS fixed_delay_minutes,
    told ->> 'is_branching' AS is_branching,
    told -> 'blockers' AS blockers,
    row_hash
FROM keyed
