-- one row per mail template, deleted ones too: a live campaign may be written with one
-- reads: stg_campaign_template, clean_campaign, clean_campaign_step, clean_site, clean_user_ref
WITH
site AS MATERIALIZED (SELECT timezone AS zone, exclude_deleted FROM clean_site),
used AS MATERIALIZED (
    SELECT template_id, count(*) AS uses
    FROM (
        SELECT template_id FROM clean_campaign
        UNION ALL SELECT template_id FROM clean_campaign_step WHERE campaign_key IS NOT NULL
    )
    WHERE template_id IS NOT NULL
    GROUP BY 1
),
-- A template of the plugin is one JSON document.
part AS (
    SELECT row_id, iif(json_valid(json), json, '{}') AS document FROM stg_campaign_template
)
SELECT
    s.row_id,
    np_id(s.source_id) AS template_id,
    np_name(s.title) AS title,
    np_html(s.description) AS description,
    np_text(coalesce(s.subject, p.document ->> '$.email_subject')) AS subject,
    np_markup(coalesce(s.body, p.document ->> '$.post_content', p.document ->> '$.email_body')) AS body,
    nullif(s.json, '') AS json,
    o.email AS owner_email,
    np_stamp(s.created_at, site.zone, NULL) AS created_at,
    np_stamp(s.updated_at, site.zone, NULL) AS updated_at,
    (s.deleted_at <> '') IS TRUE AS is_deleted,
    coalesce(u.uses, 0) AS uses,
    (site.exclude_deleted AND s.deleted_at <> '' AND u.uses IS NULL) IS TRUE AS is_out,
    coalesce(nullif(s.extra, ''), '{}') AS custom
FROM site CROSS JOIN stg_campaign_template AS s
JOIN part AS p ON p.row_id = s.row_id
LEFT JOIN used AS u ON u.template_id = np_id(s.source_id)
LEFT JOIN clean_user_ref AS o ON o.ref = np_id(s.created_by)
