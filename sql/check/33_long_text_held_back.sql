-- one row per text over Pipedrive's 65,535 characters: its field stays empty, notes of the record hold it whole
-- reads: final_held_back
-- severity: warning
SELECT entity, final_key, field_key || ': ' || characters || ' characters' AS detail
FROM final_held_back
