-- one row per phase of the board of projects: the sections of the boards by name, in their order
-- reads: stg_section, final_project, final_board
WITH
section (board, name, place) AS (
    SELECT 'board:' || np_key(np_id(board_id)), coalesce(substr(np_name(title), 1, 255), 'Section'),
        row_number() OVER (PARTITION BY np_id(board_id) ORDER BY CAST(position AS INTEGER), row_id)
    FROM stg_section
),
phase (name, place) AS (
    SELECT s.name, s.place FROM section AS s JOIN final_project AS p ON p.final_key = s.board
    UNION ALL
    SELECT 'Open', 0 FROM final_project AS p JOIN final_board AS b ON p.payload ->> '$.phase_id.@ref' = 'phase:' || b.board_key || '/open'
)
SELECT
    b.board_key || '/' || lower(p.name) AS phase_key,
    b.board_key,
    min(p.name) AS name,
    row_number() OVER (ORDER BY min(p.place), lower(p.name)) AS position
FROM phase AS p
CROSS JOIN final_board AS b
GROUP BY b.board_key, lower(p.name)
