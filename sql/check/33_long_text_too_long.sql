-- one row per text field with a text over Pipedrive's 65,535 characters: those records will be refused; shorten the texts with fix_value
-- reads: final_use, final_field
-- severity: warning
SELECT u.entity, NULL AS final_key, u.symbol || ': up to ' || u.longest || ' characters' AS detail
FROM final_use AS u
JOIN final_field AS f ON f.entity = u.entity AND f.entity || '.' || f.field_key = u.symbol
WHERE u.kind = 'text' AND f.field_type = 'text' AND u.longest > 65535
