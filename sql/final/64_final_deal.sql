-- one row per campaign, as a deal
-- reads: clean_campaign, map_setting, setup, map_user
SELECT
    c.campaign_key AS final_key,
    64000000 + c.row_id AS seq,
    setup.source_tag || '/' || c.campaign_key AS marker,
    c.title,
    c.value,
    iif(c.value IS NULL, NULL, c.value_currency) AS currency,
    c.deal_status AS status,
    c.stage_key,
    NULL AS organization_key,
    NULL AS person_key,
    u.target_email AS owner_email,
    '{"title":' || json_quote(c.title)
        || iif(c.value IS NULL, '', ',"value":' || c.value || ',"currency":' || json_quote(c.value_currency))
        || ',"stage_id":{"@ref":' || json_quote('stage:' || c.stage_key) || '}'
        || ',"status":' || json_quote(c.deal_status)
        || iif(c.deal_status = 'won', ',"won_time":' || json_quote(substr(coalesce(c.sent_at, c.scheduled_at, c.updated_at, c.created_at), 1, 19) || 'Z'), '')
        || iif(c.happens_on IS NULL, '', ',"expected_close_date":' || json_quote(c.happens_on))
        || ',"owner_id":{"@ref":' || json_quote('user:' || coalesce(u.target_email, '@fallback')) || '}'
        || coalesce(',"visible_to":' || c.visible_to, '')
        || ',"custom_fields":{"@field:deal.nextcrm_id":' || json_quote(setup.source_tag || '/' || c.campaign_key) || '}}' AS payload
FROM map_campaign AS c
CROSS JOIN setup
LEFT JOIN map_user AS u ON u.map_key = c.owner_email
