-- one row per deal with more notes than map_setting notes_per_deal allows
-- severity: warning
-- reads: final_note, map_setting
SELECT
    'deal' AS entity,
    deal_key AS final_key,
    count(*) || ' notes' AS detail
FROM final_note
WHERE deal_key IS NOT NULL
GROUP BY deal_key
HAVING count(*) > (SELECT CAST(value AS INTEGER) FROM map_setting WHERE map_key = 'notes_per_deal')
