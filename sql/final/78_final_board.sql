-- one row per board of projects: all share one, since tasks of Pipedrive stand in no phase and a board each would hold one project
-- reads: map_setting, final_project
SELECT lower(trim(value)) AS board_key, trim(value) AS name, 1 AS position
FROM map_setting
WHERE map_key = 'projects_board' AND EXISTS (SELECT 1 FROM final_project)
