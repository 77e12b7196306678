-- one row per lead that lives and has a person or a company to hang on
-- reads: stg_lead, stg_lead_source, stg_lead_status, stg_lead_type, clean_prospect, clean_contact, clean_account, clean_company_spelling, clean_user_ref, clean_site
WITH
source AS MATERIALIZED (SELECT np_id(source_id) AS id, min(np_name(name)) AS name FROM stg_lead_source GROUP BY 1),
status AS MATERIALIZED (SELECT np_id(source_id) AS id, min(np_name(name)) AS name FROM stg_lead_status GROUP BY 1),
type AS MATERIALIZED (SELECT np_id(source_id) AS id, min(np_name(name)) AS name FROM stg_lead_type GROUP BY 1),
v AS (
    SELECT s.*, p.prospect_key AS lead_key, p.source_id AS id, h.contact_key, h.name AS person,
        coalesce(a.account_key, c.account_key) AS account_key, coalesce(a.name, c.name) AS organization,
        -- NextCRM's leads have no value; forks add one under these names.
        np_money(coalesce(s.extra ->> '$.value', s.extra ->> '$.budget', s.extra ->> '$.expected_revenue'), '.') AS amount,
        coalesce(np_currency(s.extra ->> '$.currency'), site.default_currency) AS money,
        site.timezone, site.date_order
    FROM stg_lead AS s
    JOIN clean_prospect AS p ON p.object = 'lead' AND p.row_id = s.row_id AND p.fate = 'live'
    CROSS JOIN clean_site AS site
    LEFT JOIN clean_contact AS h ON h.row_id = p.contact_row
    LEFT JOIN clean_account AS a ON a.account_key = 'account:' || np_id(s.account_id)
    LEFT JOIN clean_company_spelling AS c ON c.spelling = s.company
    WHERE coalesce(h.contact_key, a.account_key, c.account_key) IS NOT NULL
    LIMIT -1
)
SELECT
    v.lead_key,
    v.row_id,
    v.id AS source_id,
    coalesce(nullif(v.person, v.organization) || ' – ' || v.organization, v.person, v.organization) AS title,
    v.contact_key,
    v.account_key,
    iif(np_fold(np_name(v.company)) IS NOT np_fold(v.organization), np_text(v.company), NULL) AS company,
    coalesce(t.name, np_name(v.lead_status)) AS status,
    coalesce(o.name, np_name(v.lead_source)) AS source,
    coalesce(y.name, np_name(v.lead_type)) AS type,
    np_text(v.campaign) AS campaign,
    np_text(v.referred_by) AS referred_by,
    np_html(v.description) AS description,
    iif(v.money IS NOT NULL, v.amount, NULL) AS value,
    iif(v.amount IS NOT NULL, v.money, NULL) AS currency,
    u.email AS owner_email,
    np_stamp(v.created_at, v.timezone, v.date_order) AS created_at,
    np_stamp(v.updated_at, v.timezone, v.date_order) AS updated_at,
    coalesce(v.extra, '{}') AS custom,
    v.row_hash
FROM v
LEFT JOIN source AS o ON o.id = np_id(v.lead_source_id)
LEFT JOIN status AS t ON t.id = np_id(v.lead_status_id)
LEFT JOIN type AS y ON y.id = np_id(v.lead_type_id)
LEFT JOIN clean_user_ref AS u ON u.ref = v.owner_id
