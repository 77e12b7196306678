-- one row per company of the old system that lives and has a name
-- reads: stg_account, stg_industry, clean_site, profile, clean_custom_field, clean_user, clean_user_ref, clean_tag, clean_drop
WITH
site AS MATERIALIZED (
    SELECT c.timezone, c.default_country, coalesce(c.list_separator, ',') AS separator,
        (SELECT json_group_array(title) FROM clean_tag) AS tags,
        (SELECT date_order FROM profile WHERE object = 'account' AND field = 'created_at') AS created_order,
        (SELECT date_order FROM profile WHERE object = 'account' AND field = 'updated_at') AS updated_order,
        (SELECT decimal_mark FROM profile WHERE object = 'account' AND field = 'annual_revenue') AS revenue_mark,
        json_object(
            'fields', json((SELECT json_group_array(json_object('slug', f.slug, 'type', f.value_type, 'options', json(f.options),
                          'order', p.date_order, 'mark', p.decimal_mark, 'zone', c.timezone))
                       FROM clean_custom_field AS f LEFT JOIN profile AS p ON p.object = f.object AND p.field = 'custom:' || f.slug
                       WHERE f.object = 'account')),
            'users', json((SELECT json_group_object(source_id, email) FROM clean_user WHERE source_id IS NOT NULL AND email IS NOT NULL)),
            'separator', coalesce(c.list_separator, ','), 'currency', c.default_currency) AS fields
    FROM clean_site AS c
),
industry AS MATERIALIZED (SELECT np_id(source_id) AS id, min(np_name(name)) AS name FROM stg_industry GROUP BY 1),
named AS (
    SELECT
        np_id(s.source_id) AS id,
        np_name(s.name)    AS clean_name,
        np_fold(np_name(s.name)) AS strict,
        s.*
    FROM stg_account AS s
    WHERE np_name(s.name) IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM clean_drop AS d WHERE d.object = 'account' AND d.row_id = s.row_id)
),
keyed AS (
    -- Records without an id are known by their name; the second of that name is '#2'.
    SELECT n.*,
        row_number() OVER (PARTITION BY coalesce(n.id, 'name:' || n.strict) ORDER BY n.row_id) AS nth
    FROM named AS n
)
SELECT
    'account:' || coalesce(k.id, 'name:' || k.strict) || iif(k.nth > 1, '#' || k.nth, '') AS account_key,
    k.row_id,
    k.id                              AS source_id,
    k.clean_name                      AS name,
    k.strict                          AS name_strict,
    coalesce(np_company_loose(k.name), k.strict) AS name_loose,
    np_legal_form(k.name)             AS legal_form,
    coalesce(np_domain(k.website), np_domain(np_email(k.email, NULL))) AS domain,
    np_text(k.website)                AS website,
    np_email(k.email, NULL)           AS email,
    np_text(k.phone)                  AS phone,
    np_first_e164(np_phones(coalesce(nullif(k.billing_country, ''), k.shipping_country), site.default_country, k.phone)) AS phone_e164,
    np_text(k.fax)                    AS fax,
    np_text(k.registration_number)    AS registration_number,
    np_text(k.vat)                    AS vat,
    coalesce(i.name, np_text(k.industry)) AS industry,
    np_text(k.type)                   AS type,
    np_text(k.status)                 AS status,
    np_html(k.description)            AS description,
    coalesce(np_integer(k.employees), np_text(k.employees)) AS employees,
    coalesce(np_money(k.annual_revenue, site.revenue_mark), np_text(k.annual_revenue)) AS annual_revenue,
    np_name(k.parent_name)            AS parent_name,
    np_line(k.billing_street, k.billing_street_2) AS street,
    np_text(k.billing_city)           AS city,
    np_text(k.billing_state)          AS state,
    np_text(k.billing_postal_code)    AS postal_code,
    coalesce(np_country(k.billing_country), np_text(k.billing_country)) AS country,
    np_country(k.billing_country)     AS country_code,
    np_line(k.shipping_street, k.shipping_postal_code, k.shipping_city, k.shipping_state, k.shipping_country) AS shipping_address,
    np_text(k.linkedin_url)           AS linkedin_url,
    np_text(k.facebook_url)           AS facebook_url,
    np_text(k.twitter_url)            AS twitter_url,
    np_titles(k.tags, site.tags, site.separator) AS tags,
    coalesce(o.email, np_email(k.owner_email, NULL), n.email) AS owner_email,
    np_stamp(k.created_at, site.timezone, site.created_order) AS created_at,
    np_stamp(k.updated_at, site.timezone, site.updated_order) AS updated_at,
    coalesce(np_custom(np_extra(k.extra, 'logo_url', k.logo_url, 'case_study_approved', k.case_study_approved,
        'case_study_candidate', k.case_study_candidate), site.fields), '{}') AS custom,
    k.row_hash
FROM keyed AS k
CROSS JOIN site
LEFT JOIN industry AS i ON i.id = np_id(k.industry_id)
LEFT JOIN clean_user_ref AS o ON o.ref = k.owner_id
LEFT JOIN clean_user_ref AS n ON n.ref = k.owner_name
