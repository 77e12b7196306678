-- one row per list, tag or segment that a campaign is addressed to
-- reads: stg_campaign, stg_campaign_list, stg_target_list, stg_target_list_member, stg_segment, clean_campaign, clean_list, clean_tag, clean_site
WITH
known AS MATERIALIZED (
    SELECT
        (SELECT json_group_array(title) FROM clean_list) AS lists,
        (SELECT json_group_array(title) FROM clean_tag)  AS tags,
        (SELECT coalesce(list_separator, ',') FROM clean_site) AS separator
),
member AS MATERIALIZED (SELECT target_list_id, count(*) AS n FROM stg_target_list_member GROUP BY 1),
named (campaign_key, kind, name, row_id, members, is_known) AS (
    SELECT c.campaign_key, 'list', i.value, NULL, l.uses, l.list_key IS NOT NULL
    FROM known CROSS JOIN clean_campaign AS c JOIN stg_campaign AS s ON s.row_id = c.row_id
    CROSS JOIN json_each(np_titles(s.lists, known.lists, known.separator)) AS i
    LEFT JOIN clean_list AS l ON l.list_key = np_fold(i.value)
    UNION ALL
    SELECT c.campaign_key, 'tag', i.value, NULL, t.uses_contact, t.tag_key IS NOT NULL
    FROM known CROSS JOIN clean_campaign AS c JOIN stg_campaign AS s ON s.row_id = c.row_id
    CROSS JOIN json_each(np_titles(s.tags, known.tags, known.separator)) AS i
    LEFT JOIN clean_tag AS t ON t.tag_key = np_fold(i.value)
    UNION ALL
    SELECT c.campaign_key, 'segment', coalesce(g.title, np_text(s.segment)), NULL, NULL, g.row_id IS NOT NULL
    FROM clean_campaign AS c JOIN stg_campaign AS s ON s.row_id = c.row_id
    LEFT JOIN stg_segment AS g ON np_id(g.source_id) = np_id(s.segment) OR np_fold(g.title) = np_fold(s.segment)
    WHERE np_text(s.segment) IS NOT NULL
    UNION ALL
    SELECT c.campaign_key, 'target list', coalesce(np_name(t.title), j.target_list_id), j.row_id,
        coalesce(m.n, 0), t.row_id IS NOT NULL
    FROM stg_campaign_list AS j
    JOIN clean_campaign AS c ON c.campaign_key = 'campaign:' || np_id(j.campaign_id)
    LEFT JOIN stg_target_list AS t ON t.source_id = j.target_list_id
    LEFT JOIN member AS m ON m.target_list_id = j.target_list_id
)
SELECT campaign_key, kind, name, min(row_id) AS row_id, max(members) AS members, max(is_known) AS is_known
FROM named
WHERE name IS NOT NULL
GROUP BY campaign_key, kind, name
