-- one row per subscription that the map makes a note of, on its organization
-- reads: setup, map_setting, map_user, clean_user_ref, stg_account_product, stg_product, xw_account, final_organization
WITH subscription AS (
    SELECT s.*, o.final_key AS organization, u.target_email, w.email AS author,
        'note:subscription:' || coalesce(np_key(np_id(s.source_id)), 'row:' || s.row_id) AS key,
        '<p><b>' || np_escape('Subscription: ' || coalesce(np_name(p.name), s.product_id, 'product')) || '</b></p><p>' || np_escape(substr(
            coalesce(char(10) || 'Status in NextCRM: ' || lower(s.status), '')
            || coalesce(char(10) || 'Quantity: ' || s.quantity, '')
            || coalesce(char(10) || 'Price: ' || coalesce(s.custom_price, p.unit_price) || coalesce(' ' || s.currency, '') || coalesce(' ' || lower(p.billing_period), ''), '')
            || coalesce(char(10) || 'From: ' || substr(s.start_at, 1, 10), '')
            || coalesce(char(10) || 'Until: ' || substr(s.end_at, 1, 10), '')
            || coalesce(char(10) || 'Renewal: ' || substr(s.renewal_at, 1, 10), '')
            || coalesce(char(10) || s.notes, '') || ' ', 2)) || '</p>' AS html
    FROM stg_account_product AS s
    JOIN map_setting AS m ON m.map_key = 'subscriptions' AND m.value = 'note'
    JOIN xw_account AS x ON x.source_id = s.account_id AND x.fate IN ('final', 'merged')
    JOIN final_organization AS o ON o.final_key = x.final_key
    LEFT JOIN stg_product AS p ON p.source_id = s.product_id
    LEFT JOIN clean_user_ref AS w ON w.ref = s.created_by
    LEFT JOIN map_user AS u ON u.map_key = w.email
)
SELECT
    c.key AS final_key,
    3000000000 + c.row_id AS seq,
    setup.source_tag || '/' || c.key AS marker,
    np_stamp(c.created_at, 'UTC', NULL) AS added_at,
    NULL AS deal_key,
    NULL AS person_key,
    c.organization AS organization_key,
    NULL AS lead_key,
    c.author AS author_email,
    json_patch('{}', json_object(
        'content', c.html || '<p>[NextCRM ' || np_escape(setup.source_tag || '/' || c.key) || ']</p>',
        'org_id', json_object('@ref', 'organization:' || c.organization),
        'user_id', json_object('@ref', 'user:' || ifnull(c.target_email, '@fallback')),
        'add_time', replace(substr(np_stamp(c.created_at, 'UTC', NULL), 1, 19), 'T', ' '))) AS payload
FROM subscription AS c
CROSS JOIN setup
