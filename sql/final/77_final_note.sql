-- one row per part of the note that holds a contract, on its deal or its organization
-- reads: setup, map_setting, map_user, clean_site, clean_contract, stg_contract_line, stg_product, xw_account, final_organization, final_deal
WITH
line AS MATERIALIZED (
    SELECT l.contract_id,
        '<ul>' || group_concat('<li>' || np_escape(coalesce(l.quantity || ' × ', '') || coalesce(l.name, p.name, 'Line') || coalesce(' (' || l.sku || ')', '')
            || coalesce(' at ' || l.unit_price, '') || iif(np_same(np_money(l.discount_value, '.'), '0') = 0, ', discount ' || l.discount_value || iif(l.discount_type = 'PERCENTAGE', ' %', ''), '')
            || coalesce(' = ' || l.line_total || coalesce(' ' || l.currency, ''), '') || coalesce(': ' || l.description, '')) || '</li>', '') || '</ul>' AS html
    FROM (SELECT * FROM stg_contract_line ORDER BY contract_id, CAST(position AS INTEGER), row_id) AS l
    LEFT JOIN stg_product AS p ON p.source_id = l.product_id
    GROUP BY l.contract_id
),
contract AS (
    SELECT c.*, d.final_key AS deal, o.final_key AS organization, u.target_email,
        '<p><b>' || np_escape('Contract: ' || c.title) || '</b></p><p>' || np_escape(substr(
            coalesce(char(10) || 'Value: ' || c.value || coalesce(' ' || c.currency, ''), '')
            || coalesce(char(10) || 'Status in NextCRM: ' || c.status, '')
            || coalesce(char(10) || 'Type: ' || c.type, '')
            || coalesce(char(10) || 'From: ' || c.start_on, '')
            || coalesce(char(10) || 'Until: ' || c.end_on, '')
            || coalesce(char(10) || 'Think of its renewal on: ' || c.renewal_reminder_on, '')
            || coalesce(char(10) || 'Signed by the customer: ' || c.customer_signed_on, '')
            || coalesce(char(10) || 'Signed by us: ' || c.company_signed_on, '')
            || coalesce(char(10) || 'Owner in NextCRM: ' || c.owner_email, ''), 2)) || '</p>'
            || coalesce('<p>' || np_escape(c.description) || '</p>', '') || coalesce(l.html, '') AS html
    FROM clean_contract AS c
    CROSS JOIN clean_site AS site
    JOIN map_setting AS m ON m.map_key = 'contracts' AND m.value IN ('note', 'deal')
    LEFT JOIN final_deal AS d ON d.final_key = c.contract_key
    LEFT JOIN xw_account AS x ON x.account_key = c.account_key AND x.fate IN ('final', 'merged')
    LEFT JOIN final_organization AS o ON o.final_key = x.final_key
    LEFT JOIN map_user AS u ON u.map_key = coalesce(c.created_by, c.owner_email)
    LEFT JOIN line AS l ON l.contract_id = c.source_id
    WHERE (c.deleted_at IS NULL OR site.exclude_deleted = 0)
      AND coalesce(d.final_key, o.final_key) IS NOT NULL
),
part AS (
    SELECT c.*, p.value AS body, 'note:' || c.contract_key || iif(p.key > 0, '#' || (p.key + 1), '') AS key
    FROM contract AS c, json_each(np_parts(c.html, 90000)) AS p
)
SELECT
    c.key AS final_key,
    2000000000 + c.row_id AS seq,
    setup.source_tag || '/' || c.key AS marker,
    c.created_at AS added_at,
    c.deal AS deal_key,
    NULL AS person_key,
    iif(c.deal IS NULL, c.organization, NULL) AS organization_key,
    NULL AS lead_key,
    coalesce(c.created_by, c.owner_email) AS author_email,
    json_patch('{}', json_object(
        'content', c.body || '<p>[NextCRM ' || np_escape(setup.source_tag || '/' || c.key) || ']</p>',
        'deal_id', json(iif(c.deal IS NULL, NULL, json_object('@ref', 'deal:' || c.deal))),
        'org_id', json(iif(c.deal IS NOT NULL, NULL, json_object('@ref', 'organization:' || c.organization))),
        'user_id', json_object('@ref', 'user:' || ifnull(c.target_email, '@fallback')),
        'add_time', replace(substr(c.created_at, 1, 19), 'T', ' '))) AS payload
FROM part AS c
CROSS JOIN setup
