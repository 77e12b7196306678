-- one row per part of the text of a final activity or note: its body, then what Pipedrive has no field for
-- reads: final_fate, final_link, clean_activity, map_user
WITH
-- Notes take one person; activities take participants.
about AS MATERIALIZED (
    SELECT f.activity_key, json_group_array(json_array(label, object || ' ' || coalesce(name || iif(label LIKE '%not%', ' (' || ref || ')', ''), ref))) AS lines FROM (
        SELECT l.activity_key, l.object, l.name, l.ref,
            CASE WHEN l.role <> 'lost' THEN 'Also about' WHEN l.name IS NULL THEN 'About, not found' ELSE 'About, not moved' END AS label
        FROM final_link AS l
        JOIN final_fate AS f ON f.activity_key = l.activity_key AND f.fate = 'final'
        JOIN clean_activity AS a ON a.object = f.object AND a.row_id = f.row_id
        -- The guests of a meeting are listed as such.
        WHERE l.role = 'named' OR l.role = 'lost' AND NOT (l.is_weak AND instr(a.facts, l.ref)) OR l.role = 'participant' AND f.action = 'note'
        ORDER BY l.activity_key, label, l.object, l.final_key, l.ref) AS f
    GROUP BY f.activity_key
),
whole AS (
    SELECT a.activity_key,
        concat_ws('',
            iif(f.action = 'note' OR length(a.title) > 255, '<p><b>' || np_escape(a.title) || '</b></p>', NULL),
            a.body,
            np_footer(
                np_facts(
                    'Created', replace(substr(a.created_at, 1, 19), 'T', ' ') || ' UTC' || coalesce(' by ' || w.author, ''),
                    'Created by', iif(a.created_at IS NULL, w.author, NULL),
                    -- Notes tell their type anyway; here, where Pipedrive's has another name.
                    'Type', iif(a.object = 'activity' AND a.kind NOT IN ('', lower(iif(f.action = 'note', 'note', f.type_name))), a.kind, NULL),
                    'Owner', iif(u.target_email IS NULL, a.owner_email, NULL),
                    'Date', iif(f.action = 'note' AND length(a.due) = 10, a.due, NULL),
                    'Duration', iif(f.action = 'note', a.duration, NULL),
                    'Done', iif(f.action = 'note' AND NOT a.is_done, 'no', NULL)),
                a.facts,
                b.lines)) AS html
    FROM final_fate AS f
    JOIN clean_activity AS a ON a.object = f.object AND a.row_id = f.row_id
    -- The author of a mail is its sender, told as such.
    LEFT JOIN (SELECT object, row_id, author || iif(author_email <> author, ' <' || author_email || '>', '') AS author
        FROM clean_activity WHERE object <> 'email') AS w ON w.object = a.object AND w.row_id = a.row_id
    LEFT JOIN map_user AS u ON u.map_key = a.owner_email
    LEFT JOIN about AS b ON b.activity_key = a.activity_key
    WHERE f.fate = 'final'
),
-- Pipedrive takes 100,000 bytes; below that, room for the lines that say which part it is, and for the marker.
cut AS MATERIALIZED (SELECT activity_key, np_parts(html, 89000) AS parts FROM whole)
SELECT
    c.activity_key,
    p.key + 1 AS part,
    json_array_length(c.parts) AS parts,
    c.activity_key || iif(p.key > 0, '#' || (p.key + 1), '') AS final_key,
    p.value || iif(json_array_length(c.parts) > 1, '<p><i>part ' || (p.key + 1) || ' of ' || json_array_length(c.parts) || '</i></p>', '') AS html,
    length(CAST(p.value AS BLOB)) AS bytes
FROM cut AS c, json_each(c.parts) AS p
