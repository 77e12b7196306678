-- one row per step of a campaign, with the figures of its mails
-- reads: stg_campaign_step, stg_campaign_send, clean_campaign, clean_site
WITH
site AS MATERIALIZED (SELECT timezone AS zone FROM clean_site),
send AS MATERIALIZED (
    SELECT step_id,
        count(*) FILTER (WHERE status = 'queued')    AS queued,
        count(*) FILTER (WHERE status = 'sent')      AS sent,
        count(*) FILTER (WHERE status = 'delivered') AS delivered,
        count(*) FILTER (WHERE status = 'bounced')   AS bounced,
        count(*) FILTER (WHERE status = 'failed')    AS failed,
        count(opened_at) AS opened, count(clicked_at) AS clicked, count(unsubscribed_at) AS unsubscribed
    FROM stg_campaign_send GROUP BY 1
)
SELECT
    s.row_id,
    np_id(s.source_id) AS source_id,
    c.campaign_key,
    -- The source counts from 0 and may leave gaps.
    row_number() OVER (PARTITION BY c.campaign_key ORDER BY CAST(np_integer(s.position) AS INTEGER) NULLS LAST, s.row_id) AS position,
    np_id(s.template_id) AS template_id,
    np_text(s.subject) AS subject,
    CAST(np_integer(s.delay_days) AS INTEGER) AS delay_days,
    np_text(s.send_to) AS send_to,
    np_stamp(s.scheduled_at, site.zone, NULL) AS scheduled_at,
    np_stamp(s.sent_at, site.zone, NULL) AS sent_at,
    coalesce(d.queued, 0) AS queued,
    coalesce(d.sent, 0) AS sent,
    coalesce(d.delivered, 0) AS delivered,
    coalesce(d.bounced, 0) AS bounced,
    coalesce(d.failed, 0) AS failed,
    coalesce(d.opened, 0) AS opened,
    coalesce(d.clicked, 0) AS clicked,
    coalesce(d.unsubscribed, 0) AS unsubscribed,
    coalesce(nullif(s.extra, ''), '{}') AS custom
FROM site CROSS JOIN stg_campaign_step AS s
LEFT JOIN clean_campaign AS c ON c.campaign_key = 'campaign:' || np_id(s.campaign_id)
LEFT JOIN send AS d ON d.step_id = s.source_id
