-- one row per object and fate of its rows; of documented ones where they stand, of all others that are not moved why
-- reads: xw_account, xw_contact, xw_deal, xw_item, source_item, stage_run
WITH
fate (object, fate, rule, reason) AS (
    SELECT 'account', fate, rule, reason FROM xw_account
    UNION ALL SELECT 'contact', fate, rule, reason FROM xw_contact
    UNION ALL SELECT 'deal', fate, rule, reason FROM xw_deal
    UNION ALL SELECT object, fate, rule, reason FROM xw_item
),
counted AS (
    SELECT object, fate, iif(fate = 'final', '', iif(fate = 'documented' AND instr(rule, '/') > 0, substr(rule, 1, instr(rule, '/')), coalesce(rule, ''))) AS rule,
        count(*) AS row_count, count(DISTINCT reason) AS reasons, iif(fate = 'final', '', min(reason)) AS reason
    FROM fate
    GROUP BY 1, 2, 3
)
SELECT
    object,
    fate,
    row_count,
    iif(fate = 'documented', rule, '') AS document,
    iif(fate = 'documented', '', rule) AS rule,
    coalesce(reason, '') || iif(reasons > 1 AND fate <> 'final', ' (and ' || (reasons - 1) || ' other reasons)', '') AS reason
FROM counted
UNION ALL
-- What stands in staging and in no crosswalk would have vanished silently.
SELECT s.object, 'not accounted for', s.row_count - coalesce(c.row_count, 0), '', '', 'run from extract to build again; if it stays, this is a fault of nextpipe'
FROM (SELECT object, sum(row_count) AS row_count FROM source_item WHERE status = 'extracted' AND object IS NOT NULL GROUP BY object) AS s
LEFT JOIN (SELECT object, sum(row_count) AS row_count FROM counted GROUP BY object) AS c ON c.object = s.object
WHERE s.row_count > coalesce(c.row_count, 0) AND EXISTS (SELECT 1 FROM stage_run WHERE stage = 'build' AND state = 'done')
ORDER BY 1, 2, 3 DESC
