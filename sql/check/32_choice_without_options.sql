-- one row per enum or set field without an option, which Pipedrive cannot create
-- reads: final_field, final_option
-- severity: error
SELECT f.entity, NULL AS final_key, f.name AS detail
FROM final_field AS f
WHERE f.field_type IN ('enum', 'set') AND NOT EXISTS (
    SELECT 1 FROM final_option AS o WHERE o.entity = f.entity AND o.field_key = f.field_key)
