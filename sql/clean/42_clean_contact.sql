-- one row per person among the targets, the people found for targets and the leads
-- reads: stg_target, stg_target_contact, stg_lead, stg_target_list, stg_target_list_member, clean_prospect, clean_opt_out, clean_site, profile, clean_custom_field, clean_user, clean_user_ref, clean_tag, clean_list, clean_account, clean_company_spelling
WITH
site AS MATERIALIZED (
    SELECT c.timezone AS zone, c.date_order, c.default_country, coalesce(c.list_separator, ',') AS separator,
        (SELECT json_group_array(title) FROM clean_tag) AS tags,
        json_object(
            'fields', json((SELECT json_group_array(json_object('slug', f.slug, 'type', f.value_type, 'options', json(f.options),
                          'order', p.date_order, 'mark', p.decimal_mark, 'zone', c.timezone))
                       FROM clean_custom_field AS f LEFT JOIN profile AS p ON p.object = f.object AND p.field = 'custom:' || f.slug
                       WHERE f.object = 'contact')),
            'users', json((SELECT json_group_object(source_id, email) FROM clean_user WHERE source_id IS NOT NULL AND email IS NOT NULL)),
            'separator', coalesce(c.list_separator, ','), 'currency', c.default_currency) AS fields
    FROM clean_site AS c
),
target AS MATERIALIZED (
    SELECT np_id(source_id) AS id, company, converted_account_id, created_by,
        coalesce(nullif(trim(coalesce(first_name, '') || ' ' || coalesce(last_name, '')), ''), company) AS name
    FROM stg_target
),
list AS MATERIALIZED (
    SELECT np_id(t.source_id) AS id, l.title
    FROM stg_target_list AS t CROSS JOIN clean_site AS site
    JOIN clean_list AS l ON l.list_key = np_fold(np_text(t.title))
    WHERE NOT (site.exclude_deleted AND (t.deleted_at <> '' AND t.deleted_at <> 'NULL' AND t.deleted_at NOT GLOB '0000-*') IS TRUE)
),
listed AS MATERIALIZED (
    SELECT np_id(m.target_id) AS target_id, json_group_array(DISTINCT l.title) AS lists
    FROM stg_target_list_member AS m JOIN list AS l ON l.id = np_id(m.target_list_id)
    GROUP BY 1
),
staged AS (
    -- The three kinds of record under one set of names.
    SELECT 'target' AS object, s.row_id, s.first_name, s.last_name, NULL AS full_name, s.email, s.personal_email, s.phone, s.mobile, s.job_title,
        s.company, s.converted_account_id AS account_id, s.city, s.country, s.personal_website AS website, s.description, NULL AS source,
        s.linkedin_url, s.facebook_url, s.twitter_url, s.instagram_url, s.is_active, s.tags, s.notes, m.lists, s.do_not_email,
        s.created_by AS owner_id, s.created_at, s.updated_at,
        np_extra(s.extra, 'company_website', s.company_website, 'company_email', s.company_email, 'company_phone', s.company_phone,
            'company_industry', s.industry, 'company_employees', s.employees, 'do_not_email_at', s.do_not_email_at,
            'converted_at', s.converted_at) AS extra, s.row_hash
    FROM stg_target AS s LEFT JOIN listed AS m ON m.target_id = np_id(s.source_id)
    UNION ALL
    -- Of whom it was found for a person has the company, and the user who keeps the target.
    SELECT 'target_contact', s.row_id, NULL, NULL, s.name, s.email, NULL, s.phone, NULL, s.job_title,
        t.company, t.converted_account_id, NULL, NULL, NULL, NULL, s.source,
        s.linkedin_url, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
        t.created_by, s.created_at, s.updated_at,
        np_extra(s.extra, 'found_for_target', t.name,
            'enrichment_status', s.enrich_status, 'enriched_at', s.enriched_at), s.row_hash
    FROM stg_target_contact AS s LEFT JOIN target AS t ON t.id = np_id(s.target_id)
    UNION ALL
    SELECT 'lead', s.row_id, s.first_name, s.last_name, NULL, s.email, NULL, s.phone, NULL, s.job_title,
        s.company, s.account_id, NULL, NULL, NULL, NULL, NULL,
        NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
        s.owner_id, s.created_at, s.updated_at, NULL, s.row_hash
    FROM stg_lead AS s
),
v AS (
    -- Each cell is read here, once: LIMIT keeps SQLite from copying the expressions.
    SELECT s.*, p.prospect_key, p.contact_row, p.source_id AS id,
        CASE WHEN s.full_name IS NULL THEN np_name(s.first_name) ELSE np_first_name(NULL, NULL, s.full_name, NULL) END AS first,
        CASE WHEN s.full_name IS NULL THEN np_name(s.last_name) ELSE np_last_name(NULL, NULL, s.full_name, NULL) END AS last,
        np_prefix(NULL, NULL, s.full_name, NULL) AS prefix,
        np_email(s.email, s.personal_email) AS address,
        np_emails(s.email, s.personal_email) AS emails,
        np_bad_emails(s.email, s.personal_email) AS invalid_emails,
        np_phones(s.country, site.default_country, s.phone, NULL, s.mobile, NULL) AS phones,
        np_country(s.country) AS country_code,
        np_titles(s.tags, site.tags, site.separator) AS tag_titles,
        np_custom(s.extra, site.fields) AS custom,
        site.zone, site.date_order
    FROM staged AS s
    JOIN clean_prospect AS p ON p.object = s.object AND p.row_id = s.row_id AND p.fate = 'live'
    CROSS JOIN site
    LIMIT -1
)
SELECT
    v.prospect_key AS contact_key,
    v.contact_row AS row_id,
    v.id AS source_id,
    -- Who has only a company and its number is better known by the company.
    coalesce(nullif(trim(coalesce(v.first, '') || ' ' || coalesce(v.last, '')), ''), v.address, v.invalid_emails ->> 0,
        a.name, c.name, v.phones ->> '$[0].value') AS name,
    CASE
        WHEN coalesce(v.first, v.last) IS NOT NULL THEN 'name'
        WHEN coalesce(v.address, v.invalid_emails) IS NOT NULL THEN 'email'
        WHEN coalesce(a.name, c.name) IS NOT NULL THEN 'company'
        ELSE 'phone'
    END AS name_origin,
    v.first AS first_name,
    v.last AS last_name,
    v.prefix,
    v.address AS email,
    np_mailbox(v.address) AS mailbox_key,
    v.emails,
    v.invalid_emails,
    np_first_e164(v.phones) AS phone_e164,
    v.phones,
    np_text(v.job_title) AS job_title,
    coalesce(a.account_key, c.account_key) AS account_key,
    coalesce(a.name, c.name) AS company,
    np_text(v.city) AS city,
    coalesce(v.country_code, np_text(v.country)) AS country,
    v.country_code,
    np_text(v.website) AS website,
    np_html(v.description) AS description,
    np_bool(v.is_active) AS is_active,
    -- Nobody has asked a prospect: what is not refused is unknown, never given.
    np_strictest(CASE WHEN np_bool(v.do_not_email) = 1 THEN 'unsubscribed' END,
        (SELECT group_concat(o.consent, ' ') FROM json_each(v.emails) AS m CROSS JOIN clean_opt_out AS o ON o.email = m.value ->> 'value')) AS consent,
    np_text(v.source) AS source,
    np_text(v.linkedin_url) AS linkedin_url,
    np_text(v.facebook_url) AS facebook_url,
    np_text(v.twitter_url) AS twitter_url,
    np_text(v.instagram_url) AS instagram_url,
    np_notes(v.notes) AS notes,
    v.tag_titles AS tags,
    coalesce(v.lists, '[]') AS lists,
    o.email AS owner_email,
    np_stamp(v.created_at, v.zone, v.date_order) AS created_at,
    np_stamp(v.updated_at, v.zone, v.date_order) AS updated_at,
    coalesce(v.custom, '{}') AS custom,
    v.row_hash
FROM v
LEFT JOIN clean_account AS a ON a.account_key = 'account:' || np_id(v.account_id)
LEFT JOIN clean_company_spelling AS c ON c.spelling = v.company
LEFT JOIN clean_user_ref AS o ON o.ref = v.owner_id
-- A lead of which only the company is known needs no person: it hangs on the organization.
WHERE coalesce(v.first, v.last, v.address, v.invalid_emails, nullif(v.phones, '[]')) IS NOT NULL
    OR v.object <> 'lead' AND coalesce(c.name, a.name) IS NOT NULL
