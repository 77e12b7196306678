-- one row per column, label or file of the source that is not NextCRM's own, is secret or could not be read
-- reads: source_note, stg_custom_field
SELECT code, source_table, coalesce(field, '') AS field, count(*) AS times, min(severity) AS severity, min(message) AS message, coalesce(min(hint), '') AS hint
FROM source_note
WHERE code <> 'missing-column'
GROUP BY code, source_table, field
UNION ALL
-- Columns that a fork has added to the records that move become custom fields.
SELECT 'added-column', source_table, slug, 1, 'info', 'not a column of NextCRM itself (' || substr(type, 4) || '): proposed as a field of ' || object, 'see map_field'
FROM stg_custom_field
WHERE type LIKE 'pg:%'
ORDER BY 1, 2, 3
