-- one row per section of a project board
-- reads: stg_section, stg_board, xw_item
-- file: board_sections.csv
SELECT b.title AS board, s.board_id, s.position, s.title, s.extra, s.source_id AS id
FROM stg_section AS s
LEFT JOIN xw_item AS x ON x.object = 'section' AND x.row_id = s.row_id
LEFT JOIN stg_board AS b ON b.source_id = s.board_id
WHERE x.fate IS NOT 'excluded'
ORDER BY CAST(b.position AS INTEGER), s.board_id, CAST(s.position AS INTEGER), s.row_id
