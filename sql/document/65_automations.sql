-- one row per automation
-- reads: clean_automation
-- file: automations.csv
SELECT
    source_id AS id,
    title,
    iif(is_active, 'active', 'switched off') AS state,
    status AS status_in_nextcrm,
    shape AS plugin,
    trigger_kind AS trigger,
    steps,
    actions,
    fixed_delay_minutes,
    iif(is_branching, 'yes', 'no') AS branching,
    (SELECT group_concat(b.value, '; ') FROM json_each(blockers) AS b) AS blockers
FROM clean_automation
ORDER BY row_id
