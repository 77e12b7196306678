-- one row per staging row of a deal: deals are never merged, but a record repeated in the source is
-- reads: clean_deal, clean_drop
SELECT
    c.row_id,
    c.source_id,
    c.deal_key,
    'final' AS fate,
    c.deal_key AS final_key,
    NULL AS rule,
    NULL AS reason
FROM clean_deal AS c
UNION ALL
SELECT d.row_id, d.source_id, NULL, d.fate, d.into_key, d.rule, d.reason
FROM clean_drop AS d
WHERE d.object = 'deal'
