-- one row per option that payloads use and no field has; map again, then build
-- reads: final_use, final_option
-- severity: error
SELECT u.entity, NULL AS final_key, u.symbol AS detail
FROM final_use AS u
WHERE u.kind = 'option' AND NOT EXISTS (
    SELECT 1 FROM final_option AS o
    WHERE o.entity = u.entity AND o.entity || '.' || o.field_key || ':' || o.label = u.symbol)
