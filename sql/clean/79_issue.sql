-- one row per finding on a campaign, an automation, a sequence or a report schedule
-- reads: issue_rule, profile, clean_site, clean_campaign, clean_campaign_step, clean_campaign_template, clean_campaign_audience, clean_automation, clean_sequence, stg_campaign, stg_campaign_step, stg_campaign_list, stg_campaign_send, stg_report_schedule, stg_report_config
WITH
known (state) AS (VALUES ('draft'), ('scheduled'), ('sending'), ('paused'), ('sent'), ('archived'), ('cancelled'), ('failed')),
-- A campaign that is deleted is known, whether it is migrated or not.
source (id) AS MATERIALIZED (SELECT np_id(source_id) FROM stg_campaign WHERE source_id <> ''),
template (id) AS MATERIALIZED (SELECT template_id FROM clean_campaign_template WHERE template_id IS NOT NULL),
cell AS (
    SELECT c.campaign_key, c.row_id, s.scheduled_at, s.sent_at, s.revenue, site.timezone AS zone,
        (SELECT date_order FROM profile WHERE object = 'campaign' AND field = 'scheduled_at') AS scheduled_order,
        (SELECT date_order FROM profile WHERE object = 'campaign' AND field = 'sent_at') AS sent_order,
        (SELECT decimal_mark FROM profile WHERE object = 'campaign' AND field = 'revenue') AS mark
    FROM clean_site AS site CROSS JOIN clean_campaign AS c JOIN stg_campaign AS s ON s.row_id = c.row_id
),
figure AS (
    SELECT c.campaign_key, c.row_id, f.key AS field, f.value
    FROM clean_campaign AS c JOIN stg_campaign AS s ON s.row_id = c.row_id
    CROSS JOIN json_each(json_object('recipients_count', s.recipients_count, 'sent', s.sent, 'views', s.views, 'opens', s.opens,
        'unique_opens', s.unique_opens, 'clicks', s.clicks, 'unsubscribes', s.unsubscribes, 'bounces', s.bounces, 'complaints', s.complaints)) AS f
),
finding (rule, object, record_key, row_id, field, value) AS (
    SELECT 'campaign_active', 'campaign', campaign_key, row_id, 'status', coalesce(status, state) FROM clean_campaign WHERE is_active
    UNION ALL
    SELECT 'campaign_finished', 'campaign', campaign_key, row_id, 'status', status FROM clean_campaign WHERE state_origin = 'sends'
    UNION ALL
    SELECT 'campaign_without_title', 'campaign', campaign_key, row_id, 'title', title FROM clean_campaign WHERE title_origin <> 'title'
    UNION ALL
    SELECT 'campaign_status_unknown', 'campaign', campaign_key, row_id, 'status', status FROM clean_campaign
    WHERE state NOT IN (SELECT state FROM known) AND state <> 'deleted'
    UNION ALL
    SELECT 'campaign_figures', 'campaign', campaign_key, row_id, 'opens', 'sent ' || sent || ', opens ' || coalesce(opens, unique_opens)
    FROM clean_campaign WHERE coalesce(opens, unique_opens) > sent OR unique_opens > opens OR sent > audience
    UNION ALL
    SELECT 'campaign_audience_unknown', 'campaign', campaign_key, row_id, kind, name FROM clean_campaign_audience WHERE NOT is_known
    UNION ALL
    -- Cells that gave less than they held.
    SELECT np_stamp_reason(scheduled_at, zone, scheduled_order), 'campaign', campaign_key, row_id, 'scheduled_at', scheduled_at FROM cell
    UNION ALL
    SELECT np_stamp_reason(sent_at, zone, sent_order), 'campaign', campaign_key, row_id, 'sent_at', sent_at FROM cell
    UNION ALL
    SELECT np_money_reason(revenue, mark), 'campaign', campaign_key, row_id, 'revenue', revenue FROM cell
    UNION ALL
    SELECT 'number_unreadable', 'campaign', campaign_key, row_id, field, value FROM figure
    WHERE np_text(value) IS NOT NULL AND np_integer(value) IS NULL
    UNION ALL
    SELECT 'campaign_template_unknown', 'campaign', campaign_key, row_id, 'template_id', template_id FROM clean_campaign
    WHERE template_id IS NOT NULL AND template_id NOT IN (SELECT id FROM template) AND EXISTS (SELECT 1 FROM template)
    UNION ALL
    SELECT 'campaign_template_unknown', 'campaign_step', 'campaign_step:' || source_id, row_id, 'template_id', template_id FROM clean_campaign_step
    WHERE template_id IS NOT NULL AND template_id NOT IN (SELECT id FROM template)
    UNION ALL
    SELECT 'campaign_orphan', 'campaign_step', 'campaign_step:' || source_id, row_id, 'campaign_id', campaign_id FROM stg_campaign_step
    WHERE np_id(campaign_id) IS NULL OR np_id(campaign_id) NOT IN (SELECT id FROM source)
    UNION ALL
    SELECT 'campaign_orphan', 'campaign_list', NULL, row_id, 'campaign_id', campaign_id FROM stg_campaign_list
    WHERE np_id(campaign_id) IS NULL OR np_id(campaign_id) NOT IN (SELECT id FROM source)
    UNION ALL
    SELECT 'campaign_orphan', 'campaign_send', 'campaign_send:' || source_id, row_id, 'campaign_id', campaign_id FROM stg_campaign_send
    WHERE np_id(campaign_id) IS NULL OR np_id(campaign_id) NOT IN (SELECT id FROM source)
    UNION ALL
    SELECT 'automation_active', 'automation', automation_key, row_id, 'status', status FROM clean_automation WHERE is_active
    UNION ALL
    SELECT 'automation_active', 'sequence', sequence_key, row_id, 'status', status FROM clean_sequence WHERE is_active
    UNION ALL
    SELECT 'automation_unreadable', 'automation', automation_key, row_id, NULL, title FROM clean_automation WHERE shape IS NULL
    UNION ALL
    SELECT 'automation_unreadable', 'sequence', sequence_key, row_id, NULL, title FROM clean_sequence WHERE NOT is_readable
    UNION ALL
    -- The code's head is the rule, what stands behind the colon its value: unknown_step:acme_push_to_erp.
    SELECT 'automation.' || iif(instr(b.value, ':') > 0, substr(b.value, 1, instr(b.value, ':') - 1), b.value), 'automation', a.automation_key, a.row_id, NULL, b.value
    FROM clean_automation AS a CROSS JOIN json_each(a.blockers) AS b
    UNION ALL
    SELECT 'report_schedule_orphan', 'report_schedule', 'report_schedule:' || source_id, row_id, 'report_config_id', report_config_id FROM stg_report_schedule
    WHERE report_config_id NOT IN (SELECT source_id FROM stg_report_config WHERE source_id IS NOT NULL)
)
SELECT f.rule, r.severity, f.object, f.record_key, f.row_id, f.field, f.value, r.action AS hint
FROM finding AS f LEFT JOIN issue_rule AS r ON r.rule = f.rule
WHERE f.rule IS NOT NULL
