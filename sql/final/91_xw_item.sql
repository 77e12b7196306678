-- one row per staging row of an activity, note, task, mail, calendar entry without activity or to-do
-- reads: final_fate, final_pack
SELECT
    f.object,
    f.row_id,
    f.source_id,
    iif(f.fate = 'final' AND p.pack_key <> f.activity_key, 'merged', f.fate) AS fate,
    iif(f.fate IN ('final', 'merged'), iif(f.action = 'note', 'note', 'activity'), NULL) AS entity,
    iif(f.fate IN ('final', 'merged'), coalesce(p.pack_key, f.activity_key), NULL) AS final_key,
    iif(f.fate = 'final' AND p.pack_key <> f.activity_key, 'notes_per_deal', f.rule) AS rule,
    iif(f.fate = 'final' AND p.pack_key <> f.activity_key, 'shares a note with others of its deal, which has more of them than Pipedrive takes (map_setting notes_per_deal)', f.reason) AS reason
FROM final_fate AS f
LEFT JOIN final_pack AS p ON f.action = 'note' AND p.final_key = f.activity_key
