-- one row per note that lists the lines of a deal which takes none, by decision
-- reads: clean_deal_line, map_deal_value, clean_deal, setup
SELECT
    n.final_key,
    2900000000 + d.row_id AS seq, -- behind the notes of the source
    setup.source_tag || '/' || n.final_key AS marker,
    NULL AS added_at,
    n.deal_key,
    json_object(
        'content', '<p>Lines of the deal in NextCRM, ' || v.lines || ', together ' || v.lines_total || coalesce(' ' || v.deal_currency, '') || ':</p><ul>' || n.items ||
            '</ul><p><small>[NextCRM ' || replace(replace(setup.source_tag || '/' || n.final_key, '&', '&amp;'), '<', '&lt;') || ']</small></p>',
        'deal_id', json_object('@ref', 'deal:' || n.deal_key)) AS payload
FROM (SELECT final_key, deal_key, group_concat(item, '') AS items FROM final_line_note GROUP BY final_key, deal_key) AS n
JOIN map_deal_value AS v ON v.map_key = n.deal_key
JOIN clean_deal AS d ON d.deal_key = n.deal_key
CROSS JOIN setup
