-- one row per person of the old system that lives and has something to be named by
-- reads: stg_contact, stg_contact_type, clean_site, profile, clean_custom_field, clean_user, clean_user_ref, clean_tag, clean_list, clean_account, clean_company_spelling, clean_membership, clean_opt_out, clean_drop
WITH
site AS MATERIALIZED (
    SELECT c.timezone AS zone, c.default_country, coalesce(c.list_separator, ',') AS separator,
        (SELECT json_group_array(title) FROM clean_tag) AS tags,
        (SELECT json_group_array(title) FROM clean_list) AS lists,
        -- Most sources have neither drops nor membership files: then nothing is looked up a million times.
        EXISTS (SELECT 1 FROM clean_drop WHERE object = 'contact') AS has_drops,
        EXISTS (SELECT 1 FROM clean_membership) AS has_members,
        EXISTS (SELECT 1 FROM clean_opt_out) AS has_opt_outs,
        (SELECT date_order FROM profile WHERE object = 'contact' AND field = 'created_at') AS created_order,
        (SELECT date_order FROM profile WHERE object = 'contact' AND field = 'created_at_2') AS created_2_order,
        (SELECT date_order FROM profile WHERE object = 'contact' AND field = 'updated_at') AS updated_order,
        (SELECT date_order FROM profile WHERE object = 'contact' AND field = 'last_activity_at') AS activity_order,
        (SELECT date_order FROM profile WHERE object = 'contact' AND field = 'confirmed_at') AS confirmed_order,
        (SELECT date_order FROM profile WHERE object = 'contact' AND field = 'birthday') AS birthday_order,
        json_object(
            'fields', json((SELECT json_group_array(json_object('slug', f.slug, 'type', f.value_type, 'options', json(f.options),
                          'order', p.date_order, 'mark', p.decimal_mark, 'zone', c.timezone))
                       FROM clean_custom_field AS f LEFT JOIN profile AS p ON p.object = f.object AND p.field = 'custom:' || f.slug
                       WHERE f.object = 'contact')),
            'users', json((SELECT json_group_object(source_id, email) FROM clean_user WHERE source_id IS NOT NULL AND email IS NOT NULL)),
            'separator', coalesce(c.list_separator, ','), 'currency', c.default_currency) AS fields
    FROM clean_site AS c
),
contact_type AS MATERIALIZED (SELECT np_id(source_id) AS id, min(np_name(name)) AS name FROM stg_contact_type GROUP BY 1),
v AS (
    -- Each cell is read here, once. LIMIT keeps SQLite from copying these expressions to every place that uses them;
    -- CASE spares calls whose further arguments are no constants.
    SELECT
        s.row_id,
        np_id(s.source_id)                                                    AS id,
        iif(s.full_name IS NULL, np_name(s.first_name), np_first_name(s.first_name, s.last_name, s.full_name, s.prefix)) AS first_name,
        iif(s.full_name IS NULL, np_name(s.last_name), np_last_name(s.first_name, s.last_name, s.full_name, s.prefix)) AS last_name,
        iif(s.full_name IS NULL, np_name(s.prefix), np_prefix(s.first_name, s.last_name, s.full_name, s.prefix)) AS prefix,
        -- Only a record without an id is known by its name; folding all names would take a tenth of the time.
        CASE WHEN coalesce(s.source_id, '') = '' THEN np_name_key(s.first_name, s.last_name, s.full_name, s.prefix) END AS name_key,
        np_email(s.email, s.personal_email)                                   AS email,
        np_emails(s.email, s.personal_email)                                  AS emails,
        np_bad_emails(s.email, s.personal_email)                              AS invalid_emails,
        np_phones(s.country, site.default_country, s.phone, s.phone_2, s.mobile, s.home_phone) AS phones,
        np_text(s.job_title)                                                  AS job_title,
        'account:' || np_id(s.account_id)                                     AS account_ref,
        'account:' || np_id(s.company_id)                                     AS company_ref,
        'account:' || np_id(s.legacy_account_id)                              AS legacy_ref,
        CASE WHEN s.company <> '' THEN s.company
             WHEN s.company_list <> '' THEN json_extract(np_titles(s.company_list, '[]', site.separator), '$[0]') END AS spelling,
        np_line(s.address_1, s.address_2)                                     AS street,
        np_text(s.city)                                                       AS city,
        np_text(s.state)                                                      AS state,
        np_text(s.postal_code)                                                AS postal_code,
        np_country(s.country)                                                 AS country_code,
        s.country                                                             AS country,
        CASE WHEN s.birthday <> '' THEN np_date(s.birthday, NULL, site.birthday_order) END AS birthday,
        np_text(s.gender)                                                     AS gender,
        np_text(s.rating)                                                     AS rating,
        np_text(s.website)                                                    AS website,
        np_html(s.description)                                                AS description,
        s.contact_type_id                                                     AS contact_type_id,
        np_text(s.contact_type)                                               AS contact_type,
        np_bool(s.is_active)                                                  AS is_active,
        np_consent(s.consent_status)                                          AS consent,
        s.consent_status                                                      AS consent_word,
        np_text(s.source)                                                     AS source,
        np_text(s.linkedin_url)                                               AS linkedin_url,
        np_text(s.facebook_url)                                               AS facebook_url,
        np_text(s.twitter_url)                                                AS twitter_url,
        np_text(s.skype)                                                      AS skype,
        np_text(s.instagram_url)                                              AS instagram_url,
        np_text(s.youtube_url)                                                AS youtube_url,
        np_text(s.tiktok_url)                                                 AS tiktok_url,
        np_text(s.photo_url)                                                  AS photo_url,
        np_text(s.timezone)                                                   AS timezone,
        np_text(s.ip_address)                                                 AS ip_address,
        np_id(s.wordpress_user_id)                                            AS wordpress_user_id,
        np_notes(s.notes)                                                     AS notes,
        CASE WHEN s.tags <> '' THEN np_titles(s.tags, site.tags, site.separator) ELSE '[]' END AS tags,
        -- Who left a list is not on it.
        CASE WHEN s.lists <> '' AND coalesce(np_consent(s.list_status), '') NOT IN ('unsubscribed', 'bounced', 'complained')
            THEN np_titles(s.lists, site.lists, site.separator) ELSE '[]' END AS lists,
        s.owner_id                                                            AS owner_id,
        np_email(s.owner_email, NULL)                                         AS owner_email,
        CASE WHEN s.created_at <> '' THEN np_stamp(s.created_at, site.zone, site.created_order) END AS created_at,
        CASE WHEN s.created_at_2 <> '' THEN np_stamp(s.created_at_2, site.zone, site.created_2_order) END AS created_at_2,
        CASE WHEN s.updated_at <> '' THEN np_stamp(s.updated_at, site.zone, site.updated_order) END AS updated_at,
        CASE WHEN s.last_activity_at <> '' THEN np_stamp(s.last_activity_at, site.zone, site.activity_order) END AS last_activity_at,
        CASE WHEN s.confirmed_at <> '' THEN np_stamp(s.confirmed_at, site.zone, site.confirmed_order) END AS confirmed_at,
        np_custom(s.extra, site.fields)                                       AS custom,
        s.row_hash,
        site.has_members,
        site.has_opt_outs
    FROM site CROSS JOIN stg_contact AS s
    WHERE NOT site.has_drops OR NOT EXISTS (SELECT 1 FROM clean_drop AS d WHERE d.object = 'contact' AND d.row_id = s.row_id)
    LIMIT -1
)
SELECT
    coalesce('contact:' || v.id, 'contact:email:' || v.email, 'contact:name:' || v.name_key,
        'contact:phone:' || np_first_e164(v.phones), 'contact:row:' || v.row_id) AS contact_key,
    v.row_id,
    v.id AS source_id,
    coalesce(nullif(trim(coalesce(v.first_name, '') || ' ' || coalesce(v.last_name, '')), ''),
        v.email, v.invalid_emails ->> 0, v.phones ->> '$[0].value', c.name, a.name, b.name, l.name) AS name,
    CASE
        WHEN coalesce(v.first_name, v.last_name) IS NOT NULL THEN 'name'
        WHEN coalesce(v.email, v.invalid_emails) IS NOT NULL THEN 'email'
        WHEN v.phones <> '[]' THEN 'phone'
        ELSE 'company'
    END AS name_origin,
    v.first_name,
    v.last_name,
    v.prefix,
    v.name_key,
    v.email,
    np_mailbox(v.email) AS mailbox_key,
    v.emails,
    v.invalid_emails,
    np_first_e164(v.phones) AS phone_e164,
    v.phones,
    v.job_title,
    coalesce(a.account_key, b.account_key, l.account_key, c.account_key) AS account_key,
    coalesce(c.name, a.name, b.name, l.name) AS company,
    v.street,
    v.city,
    v.state,
    v.postal_code,
    coalesce(v.country_code, np_text(v.country)) AS country,
    v.country_code,
    v.birthday,
    v.gender,
    v.rating,
    v.website,
    v.description,
    -- Some exports keep the life cycle where others keep the consent.
    coalesce(t.name, v.contact_type, iif(v.consent IS NULL, np_text(v.consent_word), NULL)) AS contact_type,
    v.is_active,
    -- Who refused as a target has refused.
    CASE WHEN v.has_opt_outs THEN np_strictest(v.consent, (SELECT group_concat(x.consent, ' ')
            FROM json_each(v.emails) AS j CROSS JOIN clean_opt_out AS x ON x.email = j.value ->> 'value'))
        ELSE v.consent END AS consent,
    v.source,
    v.linkedin_url,
    v.facebook_url,
    v.twitter_url,
    v.skype,
    v.instagram_url,
    v.youtube_url,
    v.tiktok_url,
    v.photo_url,
    v.timezone,
    v.ip_address,
    v.wordpress_user_id,
    v.notes,
    iif(m.ref IS NULL AND e.ref IS NULL, v.tags, np_union(v.tags, m.tags, e.tags)) AS tags,
    iif(m.ref IS NULL AND e.ref IS NULL, v.lists, np_union(v.lists, m.lists, e.lists)) AS lists,
    coalesce(o.email, v.owner_email) AS owner_email,
    coalesce(v.created_at, v.created_at_2) AS created_at,
    v.updated_at,
    v.last_activity_at,
    v.confirmed_at,
    v.custom,
    v.row_hash
FROM v
LEFT JOIN clean_account AS a ON a.account_key = v.account_ref
LEFT JOIN clean_account AS b ON b.account_key = v.company_ref
LEFT JOIN clean_account AS l ON l.account_key = v.legacy_ref
LEFT JOIN clean_company_spelling AS c ON c.spelling = v.spelling
LEFT JOIN contact_type AS t ON t.id = v.contact_type_id
LEFT JOIN clean_user_ref AS o ON o.ref = v.owner_id
LEFT JOIN clean_membership AS m ON m.ref = iif(v.has_members, 'contact:' || v.id, NULL)
LEFT JOIN clean_membership AS e ON e.ref = iif(v.has_members, 'email:' || v.email, NULL)
WHERE coalesce(v.first_name, v.last_name, v.email, v.invalid_emails, nullif(v.phones, '[]'), c.name, a.name, b.name, l.name) IS NOT NULL
