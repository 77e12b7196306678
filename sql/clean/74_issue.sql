-- one row per finding on the cells of a deal
-- reads: issue_rule, setup, clean_site, profile, clean_deal, stg_deal, clean_drop, clean_user_ref
WITH
site AS MATERIALIZED (
    SELECT c.timezone AS zone, c.default_currency, s.source_edition = 'plugin' AS is_plugin, EXISTS (SELECT 1 FROM clean_user_ref) AS has_users
    FROM clean_site AS c, setup AS s
),
how AS MATERIALIZED (SELECT field, date_order, decimal_mark FROM profile WHERE object = 'deal'),
suspect AS (
    SELECT c.deal_key, c.row_id, '[' || concat_ws(',',
        np_flaw(iif(c.title_origin <> 'title', 'deal_without_title', NULL), 'title', c.title),
        np_flaw(np_money_reason(s.value, (SELECT decimal_mark FROM how WHERE field = 'value')), 'value', s.value),
        np_flaw(iif(c.value IS NULL AND np_text(s.value) IS NULL, 'deal_without_value', NULL), 'value', s.value),
        np_flaw(np_money_reason(s.expected_revenue, (SELECT decimal_mark FROM how WHERE field = 'expected_revenue')), 'expected_revenue', s.expected_revenue),
        np_flaw(CASE WHEN c.currency_origin = 'default' THEN 'missing_currency' WHEN c.value IS NOT NULL AND c.currency IS NULL THEN 'currency_unknown' END,
            'currency', coalesce(nullif(s.currency, ''), c.currency)),
        np_flaw(iif(np_text(s.currency) IS NOT NULL AND np_currency(s.currency) IS NULL, 'currency_unknown', NULL), 'currency', s.currency),
        np_flaw(iif(c.currency_origin = 'record' AND np_money_currency(s.value) <> c.currency, 'currency_conflict', NULL), 'currency', s.value || ' / ' || s.currency),
        np_flaw(CASE
            WHEN NOT site.is_plugin OR c.status IS NULL OR c.status IN ('open', 'won', 'lost') THEN NULL
            WHEN c.outcome_hint IN ('won', 'lost') THEN 'status_translated' ELSE 'status_unknown' END, 'status', s.status),
        np_flaw(iif(c.probability IS NULL AND np_text(s.probability) IS NOT NULL, 'number_unreadable', NULL), 'probability', s.probability),
        np_flaw(np_date_reason(s.expected_close_date, site.zone, (SELECT date_order FROM how WHERE field = 'expected_close_date')), 'expected_close_date', s.expected_close_date),
        np_flaw(np_date_reason(s.delivery_deadline, site.zone, (SELECT date_order FROM how WHERE field = 'delivery_deadline')), 'delivery_deadline', s.delivery_deadline),
        np_flaw(np_stamp_reason(s.won_at, site.zone, (SELECT date_order FROM how WHERE field = 'won_at')), 'won_at', s.won_at),
        np_flaw(np_stamp_reason(s.lost_at, site.zone, (SELECT date_order FROM how WHERE field = 'lost_at')), 'lost_at', s.lost_at),
        np_flaw(np_stamp_reason(s.created_at, site.zone, (SELECT date_order FROM how WHERE field = 'created_at')), 'created_at', s.created_at),
        np_flaw(np_stamp_reason(s.updated_at, site.zone, (SELECT date_order FROM how WHERE field = 'updated_at')), 'updated_at', s.updated_at),
        np_flaw(iif(c.contact_key IS NULL AND np_text(s.contact_id) IS NOT NULL, 'dangling_contact', NULL), 'contact_id', s.contact_id),
        np_flaw(iif(c.contact_key IS NULL AND np_text(s.contact_email) IS NOT NULL, 'dangling_contact', NULL), 'contact_email', s.contact_email),
        np_flaw(iif(np_text(s.account_id) IS NOT NULL AND c.account_key IS NOT 'account:' || np_id(s.account_id),
            iif(EXISTS (SELECT 1 FROM clean_drop AS d WHERE d.object = 'account' AND d.source_id = np_id(s.account_id)), 'link_to_excluded_account', 'dangling_account'), NULL),
            'account_id', s.account_id),
        np_flaw(iif(s.stage_id <> '' AND c.stage_key IS NULL, 'reference_unknown', NULL), 'stage_id', s.stage_id),
        np_flaw(iif(s.type_id <> '' AND c.category IS NULL, 'reference_unknown', NULL), 'type_id', s.type_id),
        np_flaw(iif(site.has_users AND (c.owner_email IS NULL AND np_text(coalesce(nullif(s.owner_id, ''), s.owner_email)) IS NOT NULL
            OR c.owner_email IS NOT NULL AND o.ref IS NULL), 'unknown_owner', NULL), 'owner_email', coalesce(nullif(s.owner_email, ''), s.owner_id)),
        np_flaw(iif(instr(s.extra, '"overflow":[') > 0, 'ragged_overflow', NULL), 'overflow', s.extra ->> 'overflow')
        ) || ']' AS flaws
    FROM site
    CROSS JOIN clean_deal AS c
    JOIN stg_deal AS s ON s.row_id = c.row_id
    LEFT JOIN clean_user_ref AS o ON o.ref = c.owner_email
)
SELECT f.value ->> 0 AS rule, r.severity, 'deal' AS object, u.deal_key AS record_key, u.row_id, f.value ->> 1 AS field,
    f.value ->> 2 AS value, r.action AS hint
FROM suspect AS u CROSS JOIN json_each(u.flaws) AS f
LEFT JOIN issue_rule AS r ON r.rule = f.value ->> 0
