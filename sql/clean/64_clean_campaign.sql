-- one row per campaign that is not deleted
-- reads: stg_campaign, stg_campaign_step, stg_campaign_send, stg_campaign_list, stg_target_list_member, clean_site, clean_user_ref, profile
WITH
site AS MATERIALIZED (
    SELECT timezone AS zone, decimal_mark AS mark, exclude_deleted FROM clean_site
),
how AS MATERIALIZED (SELECT field, date_order, decimal_mark FROM profile WHERE object = 'campaign'),
live AS (
    SELECT s.*, np_id(s.source_id) AS id, np_campaign_state(s.status) AS state,
        np_stamp(s.updated_at, site.zone, (SELECT date_order FROM how WHERE field = 'updated_at')) AS changed_at,
        site.zone, site.mark
    FROM site CROSS JOIN stg_campaign AS s
    WHERE NOT site.exclude_deleted
        OR NOT ((s.deleted_at <> '' AND s.deleted_at <> 'NULL' AND s.deleted_at NOT GLOB '0000-*') IS TRUE OR np_campaign_state(s.status) IS 'deleted')
),
newest AS (
    -- The newest version stands for the campaign; of equally new ones the first.
    SELECT *, row_number() OVER (PARTITION BY coalesce(id, 'row ' || row_id) ORDER BY changed_at DESC NULLS LAST, row_id) AS nth FROM live
),
step AS MATERIALIZED (
    SELECT np_id(campaign_id) AS id, count(*) AS steps, count(nullif(sent_at, '')) AS sent FROM stg_campaign_step GROUP BY 1
),
send AS MATERIALIZED (
    -- A webhook moves sent to delivered or bounced, so all three have left.
    SELECT np_id(campaign_id) AS id,
        count(DISTINCT coalesce(target_id, email)) AS people,
        count(*) FILTER (WHERE status = 'queued') AS queued,
        count(*) FILTER (WHERE status IN ('sent', 'delivered', 'bounced')) AS sent,
        count(*) FILTER (WHERE status = 'bounced') AS bounced,
        count(opened_at) AS opened, count(clicked_at) AS clicked, count(unsubscribed_at) AS unsubscribed
    FROM stg_campaign_send GROUP BY 1
),
audience AS MATERIALIZED (
    SELECT np_id(l.campaign_id) AS id, count(DISTINCT m.target_id) AS people
    FROM stg_campaign_list AS l
    JOIN stg_target_list_member AS m ON m.target_list_id = l.target_list_id
    GROUP BY 1
),
read AS (
    SELECT c.*,
        np_name(c.title) AS name,
        np_name(c.email_subject) AS subject_line,
        np_stamp(c.scheduled_at, c.zone, (SELECT date_order FROM how WHERE field = 'scheduled_at')) AS scheduled,
        np_stamp(c.sent_at, c.zone, (SELECT date_order FROM how WHERE field = 'sent_at'))           AS sent_time,
        coalesce(np_date(c.sent_at, c.zone, (SELECT date_order FROM how WHERE field = 'sent_at')),
            np_date(c.scheduled_at, c.zone, (SELECT date_order FROM how WHERE field = 'scheduled_at'))) AS happens_on,
        np_stamp(c.created_at, c.zone, (SELECT date_order FROM how WHERE field = 'created_at'))     AS created,
        np_money(c.revenue, (SELECT decimal_mark FROM how WHERE field = 'revenue'))                 AS earned,
        coalesce(c.sent, c.opens, c.unique_opens, c.clicks, c.bounces, c.unsubscribes) IS NOT NULL  AS has_figures,
        t.steps, t.sent AS steps_sent,
        d.people AS sent_to, d.queued, d.sent AS mails, d.bounced, d.opened, d.clicked, d.unsubscribed,
        a.people AS listed
    FROM newest AS c
    LEFT JOIN step AS t ON t.id = c.id
    LEFT JOIN send AS d ON d.id = c.id
    LEFT JOIN audience AS a ON a.id = c.id
    WHERE c.nth = 1
),
told AS (
    -- The open-source edition never writes 'sent': a campaign whose steps have all been sent and which queues nothing is finished.
    SELECT r.*,
        CASE
            WHEN state = 'sending' AND steps > 0 AND steps_sent = steps AND coalesce(queued, 0) = 0 THEN 'sends'
            WHEN state IS NULL THEN 'times'
            ELSE 'status'
        END AS state_origin
    FROM read AS r
),
stated AS (
    SELECT t.*,
        CASE state_origin
            WHEN 'sends' THEN 'sent'
            WHEN 'status' THEN state
            ELSE CASE WHEN sent_time IS NOT NULL THEN 'sent' WHEN scheduled IS NOT NULL THEN 'scheduled' ELSE 'draft' END
        END AS final_state,
        'campaign:' || coalesce(id, 'row:' || row_id) AS campaign_key,
        np_document(coalesce(id, 'row ' || row_id), coalesce(name, subject_line)) AS file
    FROM told AS t
)
SELECT
    s.campaign_key,
    s.row_id,
    s.id AS source_id,
    coalesce(s.name, s.subject_line, 'Campaign ' || coalesce(s.id, s.row_id)) AS title,
    CASE WHEN s.name IS NOT NULL THEN 'title' WHEN s.subject_line IS NOT NULL THEN 'subject' ELSE 'id' END AS title_origin,
    s.file || iif(row_number() OVER (PARTITION BY s.file ORDER BY s.row_id) > 1, '-' || s.row_id, '') AS document,
    np_text(s.status)        AS status,
    s.final_state            AS state,
    s.state_origin,
    s.final_state IN ('scheduled', 'sending') AS is_active,
    np_name(s.type)          AS type,
    np_html(s.description)   AS description,
    np_text(s.email_subject) AS subject,
    np_text(s.email_pre_header) AS preheader,
    np_markup(s.body)        AS body,
    np_id(s.template_id)     AS template_id,
    np_text(s.design_template) AS design,
    np_text(s.from_name)     AS from_name,
    np_text(s.reply_to)      AS reply_to,
    s.scheduled              AS scheduled_at,
    s.sent_time              AS sent_at,
    s.happens_on,
    coalesce(CAST(np_integer(s.recipients_count) AS INTEGER), s.listed, s.sent_to) AS audience,
    CAST(coalesce(np_integer(s.sent), s.mails) AS INTEGER)                 AS sent,
    CAST(np_integer(s.views) AS INTEGER)                                   AS views,
    CAST(np_integer(s.opens) AS INTEGER)                                   AS opens,
    CAST(coalesce(np_integer(s.unique_opens), s.opened) AS INTEGER)        AS unique_opens,
    CAST(coalesce(np_integer(s.clicks), s.clicked) AS INTEGER)             AS clicks,
    CAST(coalesce(np_integer(s.unsubscribes), s.unsubscribed) AS INTEGER)  AS unsubscribes,
    CAST(coalesce(np_integer(s.bounces), s.bounced) AS INTEGER)            AS bounces,
    CAST(np_integer(s.complaints) AS INTEGER)                              AS complaints,
    CASE WHEN s.has_figures THEN 'record' WHEN s.mails IS NOT NULL THEN 'sends' END AS figures_from,
    s.earned                 AS revenue,
    iif(s.earned IS NULL, NULL, np_currency(s.revenue_currency)) AS currency,
    json_patch('{}', json_object('campaign', np_text(s.utm_campaign), 'medium', np_text(s.utm_medium), 'source', np_text(s.utm_source),
        'term', np_text(s.utm_term), 'content', np_text(s.utm_content))) AS utm,
    u.email                  AS owner_email,
    s.created                AS created_at,
    s.changed_at             AS updated_at,
    coalesce(nullif(s.extra, ''), '{}') AS custom,
    s.row_hash
FROM stated AS s
LEFT JOIN clean_user_ref AS u ON u.ref = np_id(s.created_by)
