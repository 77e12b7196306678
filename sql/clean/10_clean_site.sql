-- one row per warehouse: how the source as a whole is to be read, and where each answer came from
-- reads: setup, decide_map, stg_setting, stg_currency
WITH
setting AS (
    SELECT lower(key) AS name, np_text(value) AS value FROM stg_setting
),
candidate (name, rank, value, origin) AS (
    -- A person's word wins over a flag, a flag over the source, the source over what follows from it.
    SELECT map_key, 1, value, 'decision by ' || by_name
    FROM decide_map WHERE map_table = 'map_setting' AND column_name = 'value'
    UNION ALL SELECT 'source_timezone', 0, 'UTC', 'the open-source edition keeps UTC'
    FROM setup WHERE source_edition = 'open-source'
    UNION ALL SELECT 'source_timezone', 2, source_timezone, 'setup' FROM setup
    UNION ALL SELECT 'source_timezone', 3, value, 'source setting' FROM setting WHERE name IN ('timezone', 'time_zone', 'timezone_string')
    UNION ALL SELECT 'date_order', 3, lower(value), 'source setting' FROM setting WHERE name = 'date_order'
    UNION ALL SELECT 'date_order', 5, 'dmy', 'the application writes D/M/YYYY' FROM setup WHERE source_edition = 'open-source'
    UNION ALL SELECT 'decimal_mark', 3, value, 'source setting' FROM setting WHERE name IN ('decimal_mark', 'decimal')
    UNION ALL SELECT 'list_separator', 3, value, 'source setting' FROM setting WHERE name = 'list_separator'
    UNION ALL SELECT 'default_currency', 3, value, 'source setting' FROM setting WHERE name IN ('default_currency', 'currency')
    UNION ALL SELECT 'default_currency', 4, code, 'default in the currency list' FROM stg_currency WHERE np_bool(is_default) = 1
    UNION ALL SELECT 'default_currency', 5, np_locale_currency(value), 'follows from the locale ' || value FROM setting WHERE name = 'locale'
    -- What the application itself falls back to.
    UNION ALL SELECT 'default_currency', 6, 'EUR', 'default of the application' FROM setup WHERE source_edition = 'open-source'
    UNION ALL SELECT 'default_country', 3, value, 'source setting' FROM setting WHERE name IN ('default_country', 'country')
    UNION ALL SELECT 'default_country', 5, np_locale_country(value), 'follows from the locale ' || value FROM setting WHERE name = 'locale'
    UNION ALL SELECT 'exclude_deleted', 9, '1', 'default'
),
readable AS (
    -- An answer that cannot be read is none; the next one counts.
    SELECT name, rank, origin, CASE name
        WHEN 'source_timezone' THEN np_zone(value)
        WHEN 'default_currency' THEN np_currency(value)
        WHEN 'default_country' THEN np_country(value)
        WHEN 'exclude_deleted' THEN np_bool(value)
        WHEN 'date_order' THEN CASE WHEN value IN ('dmy', 'mdy') THEN value END
        WHEN 'decimal_mark' THEN CASE WHEN value IN ('.', ',') THEN value END
        ELSE value END AS value
    FROM candidate
),
answer AS (
    SELECT name, value, origin FROM (
        SELECT *, row_number() OVER (PARTITION BY name ORDER BY rank, value) AS nth FROM readable WHERE value IS NOT NULL)
    WHERE nth = 1
)
SELECT
    1 AS only_row,
    max(value) FILTER (WHERE name = 'source_timezone')  AS timezone,
    max(value) FILTER (WHERE name = 'date_order')       AS date_order,
    max(value) FILTER (WHERE name = 'decimal_mark')     AS decimal_mark,
    max(value) FILTER (WHERE name = 'list_separator')   AS list_separator,
    max(value) FILTER (WHERE name = 'default_currency') AS default_currency,
    max(value) FILTER (WHERE name = 'default_country')  AS default_country,
    CAST(max(value) FILTER (WHERE name = 'exclude_deleted') AS INTEGER) AS exclude_deleted,
    json_group_object(iif(name = 'source_timezone', 'timezone', name), origin)
        FILTER (WHERE name IN ('source_timezone', 'date_order', 'decimal_mark', 'list_separator', 'default_currency',
                               'default_country', 'exclude_deleted')) AS evidence
FROM answer
