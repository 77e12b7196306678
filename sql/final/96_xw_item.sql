-- one row per staged row of campaigns, automations, sequences, funnel settings and reports: where it went
-- reads: stg_campaign, stg_campaign_step, stg_campaign_template, stg_campaign_list, stg_campaign_send, stg_automation, stg_sequence, stg_funnel_setting, stg_report_config, stg_report_schedule, clean_campaign, clean_campaign_template, clean_automation, clean_sequence, final_deal
WITH
campaign AS MATERIALIZED (
    SELECT s.row_id, s.source_id, np_id(s.source_id) AS id, c.campaign_key, c.document, d.final_key,
        -- A version that lost to a newer one went where that one is.
        w.campaign_key AS winner_key, w.document AS winner_document, wd.final_key AS winner_final
    FROM stg_campaign AS s
    LEFT JOIN clean_campaign AS c ON c.row_id = s.row_id
    LEFT JOIN final_deal AS d ON d.final_key = c.campaign_key
    LEFT JOIN clean_campaign AS w ON c.row_id IS NULL AND w.source_id = np_id(s.source_id)
    LEFT JOIN final_deal AS wd ON wd.final_key = w.campaign_key
),
-- Where the rows that hang on a campaign are told of.
home AS MATERIALIZED (
    SELECT id, max(document) AS document FROM campaign WHERE id IS NOT NULL GROUP BY 1
),
part (object, row_id, source_id, campaign_id, file) AS (
    SELECT 'campaign_step', row_id, source_id, np_id(campaign_id), NULL FROM stg_campaign_step
    UNION ALL SELECT 'campaign_list', row_id, source_id, np_id(campaign_id), NULL FROM stg_campaign_list
    UNION ALL SELECT 'campaign_send', row_id, source_id, np_id(campaign_id), 'campaigns/sends.csv' FROM stg_campaign_send
),
item (object, row_id, source_id, fate, entity, final_key, rule, reason) AS (
    SELECT 'campaign', row_id, source_id,
        CASE
            WHEN final_key IS NOT NULL THEN 'final'
            WHEN campaign_key IS NOT NULL THEN 'documented'
            WHEN winner_key IS NOT NULL THEN 'merged'
            ELSE 'excluded'
        END,
        iif(coalesce(final_key, winner_final) IS NOT NULL, 'deal', NULL),
        coalesce(final_key, winner_final),
        CASE
            WHEN final_key IS NOT NULL THEN NULL
            WHEN campaign_key IS NOT NULL THEN 'campaigns/' || document || '.md'
            WHEN winner_key IS NOT NULL THEN 'repeated_record'
            ELSE 'soft_deleted'
        END,
        CASE
            WHEN final_key IS NOT NULL THEN NULL
            WHEN campaign_key IS NOT NULL THEN 'the map documents campaigns'
            WHEN winner_key IS NOT NULL THEN 'another version of it is newer or came first: campaigns/' || winner_document || '.md'
            ELSE 'deleted in the source'
        END
    FROM campaign
    UNION ALL
    SELECT p.object, p.row_id, p.source_id,
        iif(h.id IS NOT NULL AND h.document IS NULL, 'excluded', 'documented'), NULL, NULL,
        CASE
            WHEN h.id IS NOT NULL AND h.document IS NULL THEN 'soft_deleted'
            ELSE coalesce(p.file, 'campaigns/' || h.document || '.md', 'campaigns/without-campaign.md')
        END,
        CASE
            WHEN h.id IS NULL THEN 'its campaign is not in the source'
            WHEN h.document IS NULL THEN 'its campaign is deleted in the source'
            ELSE 'Pipedrive''s API has no place for it'
        END
    FROM part AS p LEFT JOIN home AS h ON h.id = p.campaign_id
    UNION ALL
    SELECT 'campaign_template', s.row_id, s.source_id,
        iif(t.is_out, 'excluded', 'documented'), NULL, NULL,
        iif(t.is_out, 'soft_deleted', 'campaigns/templates.md'),
        iif(t.is_out, 'deleted in the source, and no campaign is written with it', 'Pipedrive''s API cannot create mail templates')
    FROM stg_campaign_template AS s JOIN clean_campaign_template AS t ON t.row_id = s.row_id
    UNION ALL
    SELECT 'automation', s.row_id, s.source_id, iif(c.row_id IS NULL, 'excluded', 'documented'), NULL, NULL,
        iif(c.row_id IS NULL, 'repeated_record', 'automations.md'),
        iif(c.row_id IS NULL, 'the same automation again', 'Pipedrive''s API cannot create automations')
    FROM stg_automation AS s LEFT JOIN clean_automation AS c ON c.row_id = s.row_id
    UNION ALL
    SELECT 'sequence', s.row_id, s.source_id, iif(c.row_id IS NULL, 'excluded', 'documented'), NULL, NULL,
        iif(c.row_id IS NULL, 'repeated_record', 'automations.md'),
        iif(c.row_id IS NULL, 'the same sequence again', 'Pipedrive''s API cannot create sequences')
    FROM stg_sequence AS s LEFT JOIN clean_sequence AS c ON c.row_id = s.row_id
    UNION ALL
    SELECT 'funnel_setting', row_id, source_id, 'documented', NULL, NULL, 'automations.md', 'the rules are in NextCRM''s code; automations of Pipedrive replace them' FROM stg_funnel_setting
    UNION ALL
    SELECT 'report_config', row_id, source_id, 'documented', NULL, NULL, 'automations.md', 'Pipedrive''s API cannot create Insights reports' FROM stg_report_config
    UNION ALL
    SELECT 'report_schedule', row_id, source_id, 'documented', NULL, NULL, 'automations.md', 'Pipedrive''s API cannot schedule reports' FROM stg_report_schedule
)
SELECT object, row_id, source_id, fate, entity, final_key, rule, reason FROM item
