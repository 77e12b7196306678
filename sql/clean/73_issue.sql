-- one row per finding on the cells of a contact
-- reads: issue_rule, clean_site, profile, clean_contact, stg_contact, clean_account, clean_drop, clean_user_ref
WITH
site AS MATERIALIZED (
    SELECT c.timezone AS zone, c.default_country,
        (SELECT date_order FROM profile WHERE object = 'contact' AND field = 'created_at') AS created_order,
        (SELECT date_order FROM profile WHERE object = 'contact' AND field = 'updated_at') AS updated_order,
        (SELECT date_order FROM profile WHERE object = 'contact' AND field = 'last_activity_at') AS activity_order,
        (SELECT date_order FROM profile WHERE object = 'contact' AND field = 'confirmed_at') AS confirmed_order,
        (SELECT date_order FROM profile WHERE object = 'contact' AND field = 'birthday') AS birthday_order,
        EXISTS (SELECT 1 FROM clean_user_ref) AS has_users
    FROM clean_site AS c
),
suspect AS (
    -- Only rows where a cell gave less than it held are looked at closely: the tests below are cheap and may be too wide.
    SELECT c.contact_key, c.row_id, '[' || concat_ws(',',
        np_flaw(CASE c.name_origin WHEN 'name' THEN NULL ELSE 'contact_named_by_' || c.name_origin END, 'name', c.name),
        np_flaw(iif(c.email IS NULL AND c.invalid_emails IS NULL, 'email_missing', NULL), 'email', s.email),
        np_flaw(np_email_reason(s.email), 'email', s.email),
        np_flaw(np_email_reason(s.personal_email), 'personal_email', s.personal_email),
        np_flaw(iif(instr(np_emails(s.email, NULL), '},{') > 0, 'email_several', NULL), 'email', s.email),
        np_flaw(np_phone_reason(s.phone, s.country, site.default_country), 'phone', s.phone),
        np_flaw(np_phone_reason(s.phone_2, s.country, site.default_country), 'phone_2', s.phone_2),
        np_flaw(np_phone_reason(s.mobile, s.country, site.default_country), 'mobile', s.mobile),
        np_flaw(np_phone_reason(s.home_phone, s.country, site.default_country), 'home_phone', s.home_phone),
        np_flaw(np_stamp_reason(s.created_at, site.zone, site.created_order), 'created_at', s.created_at),
        np_flaw(np_stamp_reason(s.updated_at, site.zone, site.updated_order), 'updated_at', s.updated_at),
        np_flaw(np_stamp_reason(s.last_activity_at, site.zone, site.activity_order), 'last_activity_at', s.last_activity_at),
        np_flaw(np_stamp_reason(s.confirmed_at, site.zone, site.confirmed_order), 'confirmed_at', s.confirmed_at),
        np_flaw(np_date_reason(s.birthday, NULL, site.birthday_order), 'birthday', s.birthday),
        np_flaw(iif(c.country_code IS NULL AND c.country IS NOT NULL, 'country_unknown', NULL), 'country', s.country),
        np_flaw(iif(s.account_id <> '' AND c.account_key IS NOT 'account:' || np_id(s.account_id),
            iif(EXISTS (SELECT 1 FROM clean_drop AS d WHERE d.object = 'account' AND d.source_id = np_id(s.account_id)), 'link_to_excluded_account', 'dangling_account'), NULL),
            'account_id', s.account_id),
        np_flaw(iif(s.company_id <> '' AND c.account_key IS NOT 'account:' || np_id(s.company_id)
            AND NOT EXISTS (SELECT 1 FROM clean_account AS a WHERE a.account_key = 'account:' || np_id(s.company_id)), 'dangling_account', NULL),
            'company_id', s.company_id),
        np_flaw(iif(s.legacy_account_id <> '' AND c.account_key IS NULL, 'dangling_account', NULL), 'legacy_account_id', s.legacy_account_id),
        np_flaw(iif(s.company_list <> '' AND json_array_length(np_titles(s.company_list, '[]', ',')) > 1, 'several_companies', NULL), 'company_list', s.company_list),
        np_flaw(iif(s.contact_type_id <> '' AND c.contact_type IS NULL, 'reference_unknown', NULL), 'contact_type_id', s.contact_type_id),
        np_flaw(iif(c.consent IS NULL AND np_text(s.consent_status) IS NOT NULL, 'consent_unknown', NULL), 'consent_status', s.consent_status),
        np_flaw(iif(site.has_users AND (c.owner_email IS NULL AND np_text(coalesce(nullif(s.owner_id, ''), s.owner_email)) IS NOT NULL
            OR c.owner_email IS NOT NULL AND o.ref IS NULL), 'unknown_owner', NULL), 'owner_email', coalesce(nullif(s.owner_email, ''), s.owner_id)),
        np_flaw(iif(instr(s.extra, '"overflow":[') > 0, 'ragged_overflow', NULL), 'overflow', s.extra ->> 'overflow')
        ) || ']' AS flaws
    FROM site
    CROSS JOIN clean_contact AS c
    CROSS JOIN stg_contact AS s ON s.row_id = c.row_id
    LEFT JOIN clean_user_ref AS o ON o.ref = c.owner_email
    WHERE c.name_origin <> 'name'
        OR c.email IS NULL
        OR c.invalid_emails IS NOT NULL
        OR instr(c.emails, '},{') > 0
        -- A number without e164 ends its JSON object after primary: true} or false}.
        OR instr(c.phones, 'e}') > 0
        -- Another year than the text begins with: unreadable, or read from another form than ISO.
        OR s.created_at <> '' AND substr(s.created_at, 1, 4) IS NOT substr(c.created_at, 1, 4)
        OR s.updated_at <> '' AND substr(s.updated_at, 1, 4) IS NOT substr(c.updated_at, 1, 4)
        OR s.last_activity_at <> '' AND substr(s.last_activity_at, 1, 4) IS NOT substr(c.last_activity_at, 1, 4)
        OR s.confirmed_at <> '' AND substr(s.confirmed_at, 1, 4) IS NOT substr(c.confirmed_at, 1, 4)
        OR s.birthday <> '' AND substr(s.birthday, 1, 4) IS NOT substr(c.birthday, 1, 4)
        -- Clocks change between one and four o'clock at night.
        OR length(s.created_at) = 19 AND substr(s.created_at, 12, 2) BETWEEN '01' AND '03' AND substr(s.created_at, 6, 2) IN ('03', '04', '09', '10', '11')
        OR s.country <> '' AND c.country_code IS NULL
        OR s.account_id <> '' AND c.account_key IS NOT 'account:' || s.account_id
        OR s.company_id <> '' AND c.account_key IS NOT 'account:' || s.company_id
        OR s.legacy_account_id <> '' AND c.account_key IS NULL
        OR s.company_list <> ''
        OR s.contact_type_id <> '' AND c.contact_type IS NULL
        OR s.consent_status <> '' AND c.consent IS NULL
        OR c.owner_email IS NOT NULL AND o.ref IS NULL
        OR c.owner_email IS NULL AND (s.owner_id <> '' OR s.owner_email <> '')
        OR instr(s.extra, '"overflow":[') > 0
)
SELECT f.value ->> 0 AS rule, r.severity, 'contact' AS object, u.contact_key AS record_key, u.row_id, f.value ->> 1 AS field,
    f.value ->> 2 AS value, r.action AS hint
FROM suspect AS u CROSS JOIN json_each(u.flaws) AS f
LEFT JOIN issue_rule AS r ON r.rule = f.value ->> 0
