-- one row per setting of the source
-- reads: stg_setting
-- file: source/settings.csv
SELECT key, value, source_table AS file_or_table FROM stg_setting ORDER BY row_id
