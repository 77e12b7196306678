-- one row per thing that an activity or note says it is about: the final record it became, and how it is linked
-- reads: clean_activity_link, stg_target, xw_account, xw_contact, final_organization, final_person, final_deal, final_lead
WITH
-- A target that was converted lives on as that contact.
converted AS MATERIALIZED (
    SELECT np_id(t.source_id) AS id, x.final_key
    FROM stg_target AS t JOIN xw_contact AS x ON x.contact_key = 'contact:' || np_id(t.converted_contact_id)
    WHERE t.converted_contact_id <> ''
),
known AS MATERIALIZED (
    SELECT l.*,
        CASE WHEN d.final_key IS NOT NULL THEN 'deal' WHEN coalesce(p.final_key, c.final_key) IS NOT NULL THEN 'person'
            WHEN o.final_key IS NOT NULL THEN 'organization' WHEN e.final_key IS NOT NULL THEN 'lead' END AS entity,
        coalesce(d.final_key, p.final_key, c.final_key, o.final_key, e.final_key) AS final_key
    FROM clean_activity_link AS l
    LEFT JOIN xw_account AS xa ON l.object = 'account' AND xa.account_key = l.record_key
    -- A company that is only named has no crosswalk: its key is final.
    LEFT JOIN final_organization AS o ON l.object = 'account' AND o.final_key = coalesce(xa.final_key, l.record_key)
    LEFT JOIN xw_contact AS xc ON l.object IN ('contact', 'target') AND xc.contact_key = l.record_key
    LEFT JOIN final_person AS p ON l.object IN ('contact', 'target') AND p.final_key = coalesce(xc.final_key, l.record_key)
    LEFT JOIN converted AS v ON l.object = 'target' AND v.id = l.ref
    LEFT JOIN final_person AS c ON c.final_key = v.final_key
    -- A contract may be a deal by the map.
    LEFT JOIN final_deal AS d ON l.object IN ('deal', 'contract') AND d.final_key = l.record_key
    LEFT JOIN final_lead AS e ON l.object = 'lead' AND e.final_key = l.record_key
),
record AS MATERIALIZED (
    SELECT activity_key, entity, final_key, min(is_weak) AS is_weak FROM known WHERE final_key IS NOT NULL GROUP BY 1, 2, 3
),
main_deal AS MATERIALIZED (
    SELECT activity_key, final_key AS deal_key FROM (
        SELECT activity_key, final_key, row_number() OVER (PARTITION BY activity_key ORDER BY is_weak, final_key) AS nth
        FROM record WHERE entity = 'deal')
    WHERE nth = 1
),
placed AS MATERIALIZED (
    -- Ids of links change whenever somebody saves an activity, so keys decide who comes first, after the deal's own people.
    SELECT r.activity_key, r.entity, r.final_key, m.deal_key IS NOT NULL AS has_deal,
        row_number() OVER (PARTITION BY r.activity_key, r.entity
            ORDER BY r.is_weak, r.final_key IN (coalesce(d.person_key, ''), coalesce(d.organization_key, '')) DESC, r.final_key) AS nth
    FROM record AS r
    LEFT JOIN main_deal AS m ON m.activity_key = r.activity_key
    LEFT JOIN final_deal AS d ON d.final_key = m.deal_key
)
SELECT
    k.activity_key,
    k.object,
    k.ref,
    k.name,
    k.is_weak,
    k.entity,
    k.final_key,
    CASE
        WHEN k.final_key IS NULL THEN 'lost'
        WHEN row_number() OVER (PARTITION BY k.activity_key, k.entity, k.final_key ORDER BY k.is_weak, k.link_row_id) > 1 THEN 'repeat'
        WHEN p.entity = 'lead' AND (p.nth > 1 OR p.has_deal) THEN 'named'
        WHEN p.entity = 'person' THEN iif(p.nth = 1, 'primary', iif(p.nth <= 50, 'participant', 'named'))
        WHEN p.nth > 1 THEN 'named'
        ELSE p.entity
    END AS role,
    k.link_object,
    k.link_row_id
FROM known AS k
LEFT JOIN placed AS p ON p.activity_key = k.activity_key AND p.entity = k.entity AND p.final_key = k.final_key
