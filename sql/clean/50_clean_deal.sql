-- one row per deal of the old system that lives
-- reads: stg_deal, stg_deal_contact, stg_deal_audit, stg_deal_type, clean_site, profile, clean_custom_field, clean_user, clean_user_ref, clean_tag, clean_stage, clean_account, clean_company_spelling, clean_contact_ref, clean_drop
WITH
site AS MATERIALIZED (
    SELECT c.timezone AS zone, c.default_currency, coalesce(c.list_separator, ',') AS separator,
        (SELECT json_group_array(title) FROM clean_tag) AS tags,
        json_object(
            'fields', json((SELECT json_group_array(json_object('slug', f.slug, 'type', f.value_type, 'options', json(f.options),
                          'order', p.date_order, 'mark', p.decimal_mark, 'zone', c.timezone))
                       FROM clean_custom_field AS f LEFT JOIN profile AS p ON p.object = f.object AND p.field = 'custom:' || f.slug
                       WHERE f.object = 'deal')),
            'users', json((SELECT json_group_object(source_id, email) FROM clean_user WHERE source_id IS NOT NULL AND email IS NOT NULL)),
            'separator', coalesce(c.list_separator, ','), 'currency', c.default_currency) AS fields
    FROM clean_site AS c
),
how AS MATERIALIZED (SELECT field, date_order, decimal_mark FROM profile WHERE object = 'deal'),
deal_type AS MATERIALIZED (SELECT np_id(source_id) AS id, min(np_name(name)) AS name FROM stg_deal_type GROUP BY 1),
stage AS MATERIALIZED (
    SELECT stage_key, source_id, name, coalesce(np_fold(pipeline), '') || '/' || np_fold(name) AS ref FROM clean_stage
),
-- The kill rule of the old application leaves its reason in the audit log only.
closing AS MATERIALIZED (
    SELECT np_id(a.deal_id) AS deal_id, np_text(e.value ->> 'new') AS reason, max(a.created_at) AS at
    FROM stg_deal_audit AS a, json_each(a.changes) AS e
    WHERE json_valid(a.changes) AND e.type = 'object' AND e.value ->> 'field' = 'close_reason'
    GROUP BY 1
),
v AS (
    SELECT
        s.row_id,
        np_id(s.source_id)                                        AS id,
        np_name(s.title)                                          AS title,
        s.title                                                   AS raw_title,
        np_money(s.value, (SELECT decimal_mark FROM how WHERE field = 'value')) AS value,
        np_currency(s.currency)                                   AS currency,
        np_money_currency(s.value)                                AS sign,
        np_money(s.expected_revenue, (SELECT decimal_mark FROM how WHERE field = 'expected_revenue')) AS expected_revenue,
        np_fold(np_text(s.status))                                AS status,
        np_outcome(s.status)                                      AS outcome,
        np_percent(s.probability)                                 AS probability,
        np_name(s.pipeline)                                       AS pipeline,
        np_id(s.type_id)                                          AS type_id,
        np_id(s.stage_id)                                         AS stage_id,
        coalesce(np_fold(np_name(s.pipeline)), '') || '/' || np_fold(np_name(s.stage)) AS stage_ref,
        'account:' || np_id(s.account_id)                         AS account_ref,
        s.company                                                 AS spelling,
        'contact:' || np_id(s.contact_id)                         AS contact_ref,
        np_email(s.contact_email, NULL)                           AS contact_email,
        np_date(s.expected_close_date, site.zone, (SELECT date_order FROM how WHERE field = 'expected_close_date')) AS expected_close_on,
        np_stamp(s.won_at, site.zone, (SELECT date_order FROM how WHERE field = 'won_at')) AS won_at,
        np_stamp(s.lost_at, site.zone, (SELECT date_order FROM how WHERE field = 'lost_at')) AS lost_at,
        np_text(s.lost_reason)                                    AS lost_reason,
        np_html(s.next_step)                                      AS next_step,
        np_html(s.description)                                    AS description,
        np_titles(s.tags, site.tags, site.separator)              AS tags,
        np_date(s.delivery_deadline, site.zone, (SELECT date_order FROM how WHERE field = 'delivery_deadline')) AS delivery_on,
        np_stamp(s.stage_entered_at, site.zone, (SELECT date_order FROM how WHERE field = 'stage_entered_at')) AS stage_entered_at,
        np_text(s.approval_status)                                AS approval_status,
        np_text(s.approval_note)                                  AS approval_note,
        s.owner_id                                                AS owner_id,
        np_email(s.owner_email, NULL)                             AS owner_email,
        coalesce(np_stamp(s.created_at, site.zone, (SELECT date_order FROM how WHERE field = 'created_at')),
            np_stamp(s.created_at_2, site.zone, (SELECT date_order FROM how WHERE field = 'created_at_2'))) AS created_at,
        np_stamp(s.updated_at, site.zone, (SELECT date_order FROM how WHERE field = 'updated_at')) AS updated_at,
        np_custom(np_extra(s.extra, 'snapshot_rate', s.snapshot_rate, 'campaign_id', s.campaign_id,
            'approval_requested_at', s.approval_requested_at, 'approved_at', s.approved_at, 'approved_by', s.approved_by),
            site.fields)                                          AS custom,
        s.row_hash,
        site.default_currency
    FROM site CROSS JOIN stg_deal AS s
    WHERE NOT EXISTS (SELECT 1 FROM clean_drop AS d WHERE d.object = 'deal' AND d.row_id = s.row_id)
    LIMIT -1
),
linked AS (
    SELECT v.*,
        coalesce(a.account_key, c.account_key) AS account_key,
        coalesce(a.name, c.name)               AS account_name,
        coalesce(p.contact_key, e.contact_key) AS contact_key,
        coalesce(p.name, e.name)               AS contact_name,
        coalesce(i.stage_key, n.stage_key)     AS stage_key,
        coalesce(i.name, n.name)               AS stage,
        coalesce(t.name, v.pipeline)           AS category,
        k.reason                               AS close_reason,
        coalesce(o.email, v.owner_email)       AS owner,
        -- Deals without an id are known by their title; the second of that title is '#2'.
        coalesce(v.id, 'title:' || np_fold(v.raw_title), 'row:' || v.row_id) AS key
    FROM v
    LEFT JOIN clean_account AS a ON a.account_key = v.account_ref
    LEFT JOIN clean_company_spelling AS c ON c.spelling = v.spelling
    LEFT JOIN clean_contact_ref AS p ON p.ref = v.contact_ref
    LEFT JOIN clean_contact_ref AS e ON e.ref = 'email:' || v.contact_email
    LEFT JOIN stage AS i ON i.source_id = v.stage_id
    LEFT JOIN stage AS n ON n.ref = v.stage_ref
    LEFT JOIN deal_type AS t ON t.id = v.type_id
    LEFT JOIN closing AS k ON k.deal_id = v.id
    LEFT JOIN clean_user_ref AS o ON o.ref = v.owner_id
),
participant AS MATERIALIZED (
    SELECT np_id(j.deal_id) AS deal_id, json_group_array(DISTINCT r.contact_key) AS contact_keys
    FROM stg_deal_contact AS j
    JOIN clean_contact_ref AS r ON r.ref = 'contact:' || np_id(j.contact_id)
    GROUP BY 1
),
keyed AS (SELECT *, row_number() OVER (PARTITION BY key ORDER BY row_id) AS nth FROM linked)
SELECT
    'deal:' || d.key || iif(d.nth > 1, '#' || d.nth, '') AS deal_key,
    d.row_id,
    d.id AS source_id,
    coalesce(d.title,
        coalesce(d.contact_name, d.account_name, 'Deal ' || d.id, 'Deal') || coalesce(' ' || substr(d.created_at, 1, 10), '')) AS title,
    CASE
        WHEN d.title IS NOT NULL THEN 'title'
        WHEN d.contact_name IS NOT NULL THEN 'contact'
        WHEN d.account_name IS NOT NULL THEN 'account'
        ELSE 'id'
    END AS title_origin,
    d.value,
    coalesce(d.currency, iif(d.value IS NOT NULL, coalesce(d.sign, d.default_currency), NULL)) AS currency,
    CASE
        WHEN d.currency IS NOT NULL THEN 'record'
        WHEN d.value IS NULL THEN NULL
        WHEN d.sign IS NOT NULL THEN 'sign'
        WHEN d.default_currency IS NOT NULL THEN 'default'
    END AS currency_origin,
    d.expected_revenue,
    d.status,
    coalesce(d.outcome, d.close_reason) AS outcome_hint,
    d.probability,
    d.category,
    d.stage_key,
    d.stage,
    d.account_key,
    d.contact_key,
    d.contact_email,
    -- The primary contact is no participant of its own deal.
    coalesce((SELECT json_group_array(j.value) FROM json_each(p.contact_keys) AS j WHERE j.value IS NOT d.contact_key), '[]') AS participants,
    d.expected_close_on,
    d.won_at,
    d.lost_at,
    coalesce(d.lost_reason, d.close_reason) AS lost_reason,
    d.next_step,
    d.description,
    d.tags,
    d.delivery_on,
    d.stage_entered_at,
    d.approval_status,
    d.approval_note,
    d.owner AS owner_email,
    d.created_at,
    d.updated_at,
    d.custom,
    d.row_hash
FROM keyed AS d
LEFT JOIN participant AS p ON p.deal_id = d.id
