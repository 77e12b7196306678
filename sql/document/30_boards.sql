-- one row per project board
-- reads: stg_board, clean_user, xw_item
-- file: boards.csv
SELECT
    b.title,
    b.description,
    coalesce(u.email, b.owner_id) AS owner,
    b.visibility,
    -- ids of users become their addresses
    coalesce((SELECT group_concat(coalesce(w.email, j.value), ', ') FROM json_each(iif(json_valid(b.shared_with), b.shared_with, '[]')) AS j
        LEFT JOIN clean_user AS w ON w.source_id = j.value), b.shared_with) AS shared_with,
    b.icon,
    b.position,
    b.favourite,
    b.favourite_position,
    b.created_at,
    b.created_by,
    b.updated_at,
    b.updated_by,
    b.deleted_at,
    b.deleted_by,
    b.extra,
    b.source_id AS id
FROM stg_board AS b
LEFT JOIN xw_item AS x ON x.object = 'board' AND x.row_id = b.row_id
LEFT JOIN clean_user AS u ON u.source_id = b.owner_id
WHERE x.fate IS NOT 'excluded'
ORDER BY CAST(b.position AS INTEGER), b.row_id
