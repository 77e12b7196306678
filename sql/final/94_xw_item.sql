-- one row per staging row of a list or a segment: the filter it became, or why there is none
-- reads: stg_list, stg_segment, clean_list, clean_segment, map_option, map_segment, final_filter
WITH
list AS (
    SELECT s.row_id, np_id(s.source_id) AS source_id, c.title, c.list_key, o.map_key, o.label,
        c.row_id = s.row_id AS is_first,
        -- The filter's own list, or the one whose name in Pipedrive it shares.
        (SELECT f.final_key FROM final_filter AS f
         WHERE f.final_key = 'filter:list:' || replace(replace(coalesce(c.source_id, 'name:' || c.list_key), '%', '%25'), ']', '%5D')) AS own_key,
        (SELECT min(f.final_key) FROM final_filter AS f WHERE f.name = substr('NextCRM list: ' || o.label, 1, 245)) AS same_key
    FROM stg_list AS s
    LEFT JOIN clean_list AS c ON c.list_key = np_fold(np_text(s.title))
    LEFT JOIN map_option AS o ON o.map_key = 'contact.lists=' || c.title
),
segment AS (
    SELECT s.row_id, np_id(s.source_id) AS source_id, c.row_id = s.row_id AS is_first, c.shape, m.action, f.final_key
    FROM stg_segment AS s
    LEFT JOIN clean_segment AS c ON c.segment_key = 'segment:' || coalesce(np_id(s.source_id), 'row:' || s.row_id)
    LEFT JOIN map_segment AS m ON m.map_key = c.segment_key
    LEFT JOIN final_filter AS f ON f.final_key = 'filter:' || replace(replace(c.segment_key, '%', '%25'), ']', '%5D')
)
SELECT
    'list' AS object,
    row_id,
    source_id,
    CASE
        WHEN list_key IS NULL THEN 'excluded'
        WHEN own_key IS NOT NULL AND is_first THEN 'final'
        WHEN coalesce(own_key, same_key) IS NOT NULL THEN 'merged'
        WHEN map_key IS NOT NULL AND label IS NULL THEN 'excluded'
        ELSE 'documented'
    END AS fate,
    iif(coalesce(own_key, same_key) IS NOT NULL, 'filter', NULL) AS entity,
    coalesce(own_key, same_key) AS final_key,
    CASE
        WHEN list_key IS NULL THEN 'empty'
        WHEN own_key IS NOT NULL AND is_first THEN NULL
        WHEN coalesce(own_key, same_key) IS NOT NULL THEN 'repeated_record'
        WHEN map_key IS NOT NULL AND label IS NULL THEN 'map_option'
        ELSE 'lists/lists.csv'
    END AS rule,
    CASE
        WHEN list_key IS NULL THEN 'it has no title'
        WHEN own_key IS NOT NULL AND is_first THEN NULL
        WHEN coalesce(own_key, same_key) IS NOT NULL THEN 'the same list again'
        WHEN map_key IS NOT NULL AND label IS NULL THEN 'the map leaves this list out'
        ELSE 'the map gives lists no field that a filter could find; see lists/lists.csv'
    END AS reason
FROM list
UNION ALL
SELECT
    'segment',
    row_id,
    source_id,
    CASE
        WHEN NOT is_first THEN 'merged'
        WHEN final_key IS NOT NULL THEN 'final'
        WHEN action = 'skip' THEN 'excluded'
        ELSE 'documented'
    END,
    iif(final_key IS NOT NULL, 'filter', NULL),
    final_key,
    CASE
        WHEN NOT is_first THEN 'repeated_record'
        WHEN final_key IS NOT NULL THEN NULL
        WHEN action = 'skip' THEN 'map_segment'
        ELSE 'segments.md'
    END,
    CASE
        WHEN NOT is_first THEN 'the same segment again'
        WHEN final_key IS NOT NULL THEN NULL
        WHEN action = 'skip' THEN 'the map leaves this segment out'
        WHEN shape IS NULL THEN 'its rules cannot be read; see segments.md'
        ELSE 'the map gives frozen segments no field that a filter could find; see segments.md'
    END
FROM segment
