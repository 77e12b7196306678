-- one row per mail of a campaign
-- reads: stg_campaign_send, clean_campaign, clean_campaign_step, xw_item
-- file: campaigns/sends.csv
SELECT
    coalesce(c.title, s.campaign_id) AS campaign,
    coalesce(t.position, s.step_id) AS step,
    s.email,
    s.status,
    s.sent_at,
    s.opened_at AS first_opened_at,
    s.clicked_at AS first_clicked_at,
    s.unsubscribed_at,
    s.error_message,
    s.message_id,
    s.target_id,
    s.extra AS other_columns,
    s.source_id AS id
FROM stg_campaign_send AS s
LEFT JOIN xw_item AS x ON x.object = 'campaign_send' AND x.row_id = s.row_id
LEFT JOIN clean_campaign AS c ON c.campaign_key = 'campaign:' || s.campaign_id
LEFT JOIN clean_campaign_step AS t ON t.source_id = s.step_id
WHERE x.fate IS NOT 'excluded'
ORDER BY s.row_id
