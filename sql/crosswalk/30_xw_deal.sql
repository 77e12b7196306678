-- one row per staging row of a deal: deals are never merged, but a record repeated in the source is
-- reads: stg_deal, clean_deal, clean_drop
SELECT
    s.row_id,
    s.source_id,
    c.deal_key,
    CASE WHEN c.deal_key IS NULL THEN d.fate ELSE 'final' END AS fate,
    coalesce(c.deal_key, d.into_key) AS final_key,
    d.rule,
    d.reason
FROM stg_deal AS s
LEFT JOIN clean_deal AS c ON c.row_id = s.row_id
LEFT JOIN clean_drop AS d ON d.object = 'deal' AND d.row_id = s.row_id AND c.deal_key IS NULL
