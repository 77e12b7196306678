-- one row per rule of a segment: its counterpart in Pipedrive, or why there is none
-- reads: map_segment, map_segment_rule, clean_segment
-- file: lists/segments.csv
SELECT
    c.title          AS segment,
    c.source_id      AS id,
    s.action         AS became,
    s.translation,
    s.members,
    s.undecided,
    s.as_of,
    r.part,
    r.is_exception,
    r.rule_text      AS rule,
    r.counterpart    AS in_pipedrive,
    r.explanation,
    s.evidence       AS about_the_segment
FROM clean_segment AS c
LEFT JOIN map_segment AS s ON s.map_key = c.segment_key
LEFT JOIN map_segment_rule AS r ON r.segment_key = c.segment_key
ORDER BY c.row_id, r.position
