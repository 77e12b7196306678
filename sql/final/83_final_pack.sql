-- one row per text that shares a note with others, because its deal has more of them than notes
-- reads: final_text, final_fate, final_link, clean_activity, map_setting
WITH
most AS MATERIALIZED (SELECT CAST(value AS INTEGER) AS notes FROM map_setting WHERE map_key = 'notes_per_deal'),
text AS MATERIALIZED (
    SELECT deal_key, final_key, bytes, row_number() OVER (PARTITION BY deal_key ORDER BY at, final_key) - 1 AS nth, count(*) OVER (PARTITION BY deal_key) AS texts
    FROM final_note_text WHERE deal_key IS NOT NULL
),
packed AS MATERIALIZED (
    -- 400 bytes stand for the line that says when, by whom and about whom.
    SELECT deal_key, np_packs(json_group_array(bytes + 400), (SELECT notes FROM most), 89000) AS firsts
    FROM (SELECT deal_key, bytes FROM text WHERE texts > (SELECT notes FROM most) ORDER BY deal_key, nth)
    GROUP BY deal_key
),
shared AS (
    SELECT p.deal_key, e.key AS nth, e.value AS first, count(*) OVER (PARTITION BY p.deal_key, e.value) AS texts
    FROM packed AS p, json_each(p.firsts) AS e
)
SELECT t.final_key, f.final_key AS pack_key, t.nth AS seq
FROM shared AS s
JOIN text AS t ON t.deal_key = s.deal_key AND t.nth = s.nth
JOIN text AS f ON f.deal_key = s.deal_key AND f.nth = s.first
WHERE s.texts > 1
