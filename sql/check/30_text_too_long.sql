-- one row per short custom field with a text over 255 characters; map again, then build
-- reads: final_use, final_field
-- severity: error
SELECT u.entity, NULL AS final_key, u.symbol || ': up to ' || u.longest || ' characters' AS detail
FROM final_use AS u
JOIN final_field AS f ON f.entity = u.entity AND f.entity || '.' || f.field_key = u.symbol
WHERE u.kind = 'text' AND f.field_type <> 'text' AND u.longest > 255
