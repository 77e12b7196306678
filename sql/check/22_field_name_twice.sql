-- one row per custom field whose name another field of the entity has; give it another target_name in map_field
-- reads: final_field
-- severity: error
SELECT f.entity, NULL AS final_key, f.name || ' (' || f.field_key || ')' AS detail
FROM final_field AS f
WHERE EXISTS (
    SELECT 1 FROM final_field AS o
    WHERE o.entity = f.entity AND lower(trim(o.name)) = lower(trim(f.name)) AND o.field_key < f.field_key)
