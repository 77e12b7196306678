-- one row per text over Pipedrive's 65,535 characters: it is held back whole, its record goes without it
-- reads: final_held_back
-- severity: warning
SELECT entity, final_key, field_key || ': ' || characters || ' characters' AS detail
FROM final_held_back
