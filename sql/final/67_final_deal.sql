-- one row per contract that the map makes a deal of
-- reads: setup, map_setting, map_field, map_user, clean_site, clean_contract, xw_account, final_organization
-- Its note, made in 77_final_note.sql, holds what a deal has no field for.
WITH contract AS (
    SELECT
        c.*,
        lower(trim(n.value)) || '/' || CASE ifnull(c.status, 'notstarted')
            WHEN 'notstarted' THEN 'not started' WHEN 'inprogress' THEN 'in progress' ELSE lower(c.status) END AS stage,
        iif(c.status = 'signed', 'won', 'open') AS outcome,
        -- signed when the later of both has
        coalesce(nullif(max(ifnull(c.customer_signed_on, ''), ifnull(c.company_signed_on, '')), '') || 'T12:00:00Z', c.updated_at, c.created_at) AS won_at,
        o.final_key AS organization,
        u.target_email
    FROM clean_contract AS c
    CROSS JOIN clean_site AS site
    JOIN map_setting AS m ON m.map_key = 'contracts' AND m.value = 'deal'
    JOIN map_setting AS n ON n.map_key = 'contracts_pipeline'
    LEFT JOIN xw_account AS x ON x.account_key = c.account_key AND x.fate IN ('final', 'merged')
    LEFT JOIN final_organization AS o ON o.final_key = x.final_key
    LEFT JOIN map_user AS u ON u.map_key = c.owner_email
    WHERE c.deleted_at IS NULL OR site.exclude_deleted = 0
)
SELECT
    c.contract_key AS final_key,
    2000000000 + c.row_id AS seq,
    setup.source_tag || '/' || c.contract_key AS marker,
    c.title,
    c.value,
    c.currency,
    c.outcome AS status,
    c.stage AS stage_key,
    c.organization AS organization_key,
    NULL AS person_key,
    c.target_email AS owner_email,
    json_patch('{}', json_object(
        'title', c.title,
        'value', json(c.value),
        'currency', iif(c.value IS NULL, NULL, c.currency),
        'stage_id', json_object('@ref', 'stage:' || c.stage),
        'status', c.outcome,
        'won_time', iif(c.outcome = 'won', c.won_at, NULL),
        'expected_close_date', iif(c.outcome = 'open', c.start_on, NULL),
        'org_id', json(iif(c.organization IS NULL, NULL, json_object('@ref', 'organization:' || c.organization))),
        'owner_id', json_object('@ref', 'user:' || ifnull(c.target_email, '@fallback')),
        'visible_to', (SELECT visible_to FROM map_visibility WHERE entity = 'deal'),
        'custom_fields', json_object('@field:deal.' || f.target_field, setup.source_tag || '/' || c.contract_key))) AS payload
FROM contract AS c
CROSS JOIN setup
JOIN map_field AS f ON f.object = 'deal' AND f.source_field = 'marker' AND f.action = 'custom'
