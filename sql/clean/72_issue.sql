-- one row per finding on the cells of a company
-- reads: issue_rule, clean_site, profile, clean_account, stg_account, clean_user_ref
WITH
site AS MATERIALIZED (
    SELECT c.timezone AS zone, c.default_country,
        (SELECT date_order FROM profile WHERE object = 'account' AND field = 'created_at') AS created_order,
        (SELECT date_order FROM profile WHERE object = 'account' AND field = 'updated_at') AS updated_order,
        EXISTS (SELECT 1 FROM clean_user_ref) AS has_users
    FROM clean_site AS c
),
suspect AS (
    -- Only rows where a cell gave less than it held are looked at closely.
    SELECT c.account_key, c.row_id, '[' || concat_ws(',',
        np_flaw(iif(c.email IS NULL, np_email_reason(s.email), NULL), 'email', s.email),
        np_flaw(np_phone_reason(s.phone, coalesce(nullif(s.billing_country, ''), s.shipping_country), site.default_country), 'phone', s.phone),
        np_flaw(np_stamp_reason(s.created_at, site.zone, site.created_order), 'created_at', s.created_at),
        np_flaw(np_stamp_reason(s.updated_at, site.zone, site.updated_order), 'updated_at', s.updated_at),
        np_flaw(iif(c.country_code IS NULL AND c.country IS NOT NULL, 'country_unknown', NULL), 'country', s.billing_country),
        np_flaw(iif(s.industry_id <> '' AND c.industry IS NULL, 'reference_unknown', NULL), 'industry_id', s.industry_id),
        np_flaw(iif(site.has_users AND (c.owner_email IS NULL AND np_text(coalesce(nullif(s.owner_id, ''), s.owner_email)) IS NOT NULL
            OR c.owner_email IS NOT NULL AND o.ref IS NULL), 'unknown_owner', NULL), 'owner_email', coalesce(nullif(s.owner_email, ''), s.owner_id)),
        np_flaw(iif(instr(s.extra, '"overflow":[') > 0, 'ragged_overflow', NULL), 'overflow', s.extra ->> 'overflow')
        ) || ']' AS flaws
    FROM site
    CROSS JOIN clean_account AS c
    JOIN stg_account AS s ON s.row_id = c.row_id
    LEFT JOIN clean_user_ref AS o ON o.ref = c.owner_email
    WHERE s.email <> '' AND c.email IS NULL
        OR s.phone <> '' AND c.phone_e164 IS NULL
        OR s.created_at <> '' AND substr(s.created_at, 1, 4) IS NOT substr(c.created_at, 1, 4)
        OR s.updated_at <> '' AND substr(s.updated_at, 1, 4) IS NOT substr(c.updated_at, 1, 4)
        OR s.billing_country <> '' AND c.country_code IS NULL
        OR s.industry_id <> '' AND c.industry IS NULL
        OR c.owner_email IS NOT NULL AND o.ref IS NULL
        OR c.owner_email IS NULL AND (s.owner_id <> '' OR s.owner_email <> '')
        OR instr(s.extra, '"overflow":[') > 0
)
SELECT f.value ->> 0 AS rule, r.severity, 'account' AS object, u.account_key AS record_key, u.row_id, f.value ->> 1 AS field,
    f.value ->> 2 AS value, r.action AS hint
FROM suspect AS u CROSS JOIN json_each(u.flaws) AS f
LEFT JOIN issue_rule AS r ON r.rule = f.value ->> 0
