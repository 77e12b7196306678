-- one row per campaign
-- reads: clean_campaign, clean_campaign_step, clean_campaign_audience, clean_campaign_template, xw_item
-- file: campaigns.csv
SELECT
    c.source_id AS id,
    c.title,
    c.state,
    c.status AS status_in_nextcrm,
    c.is_active,
    c.type,
    c.subject,
    c.preheader AS preview_text,
    c.from_name,
    c.reply_to,
    c.scheduled_at,
    c.sent_at,
    c.audience,
    (SELECT group_concat(a.kind || ' ' || a.name, '; ' ORDER BY a.kind, a.name) FROM clean_campaign_audience AS a WHERE a.campaign_key = c.campaign_key) AS addressed_to,
    (SELECT count(*) FROM clean_campaign_step AS s WHERE s.campaign_key = c.campaign_key) AS steps,
    c.sent,
    c.views,
    c.opens,
    c.unique_opens,
    c.clicks,
    c.unsubscribes,
    c.bounces,
    c.complaints,
    c.figures_from,
    iif(c.sent > 0, printf('%.1f', 100.0 * c.unique_opens / c.sent), NULL) AS open_rate_percent,
    iif(c.sent > 0, printf('%.1f', 100.0 * c.clicks / c.sent), NULL) AS click_rate_percent,
    c.revenue,
    c.currency,
    c.utm,
    c.description,
    coalesce(t.title, c.template_id) AS template,
    c.owner_email AS made_by,
    c.created_at,
    c.updated_at,
    nullif(c.custom, '{}') AS other_columns,
    x.final_key AS deal,
    'campaigns/' || c.document || '.html' AS document
FROM clean_campaign AS c
LEFT JOIN xw_item AS x ON x.object = 'campaign' AND x.row_id = c.row_id
LEFT JOIN clean_campaign_template AS t ON t.template_id = c.template_id
ORDER BY c.row_id
