-- one row per record with values of columns that NextCRM does not have and that have no place elsewhere
-- reads: stg_stage, stg_deal_type, stg_industry, stg_contact_type, stg_tag, stg_list, stg_contact_tag, stg_contact_list, stg_custom_field, stg_setting, stg_currency, stg_deal_contact, stg_deal_audit, stg_activity_link, stg_email_contact, stg_email_account, stg_product, stg_product_category, stg_deal_line, stg_lead_source, stg_lead_status, stg_lead_type, stg_target_list, stg_target_list_member, stg_watcher, stg_document_link, stg_document_type, stg_document_file, stg_campaign_list, stg_campaign_send, stg_segment, stg_automation, stg_sequence, stg_exchange_rate, stg_report_config, stg_report_schedule, stg_funnel_setting, stg_task_comment
-- file: unknown_columns.csv
WITH record (object, row_id, source_table, source_row, id, extra) AS (
    SELECT 'stage', row_id, source_table, source_row, source_id, extra FROM stg_stage
    UNION ALL SELECT 'deal_type', row_id, source_table, source_row, source_id, extra FROM stg_deal_type
    UNION ALL SELECT 'industry', row_id, source_table, source_row, source_id, extra FROM stg_industry
    UNION ALL SELECT 'contact_type', row_id, source_table, source_row, source_id, extra FROM stg_contact_type
    UNION ALL SELECT 'tag', row_id, source_table, source_row, source_id, extra FROM stg_tag
    UNION ALL SELECT 'list', row_id, source_table, source_row, source_id, extra FROM stg_list
    UNION ALL SELECT 'contact_tag', row_id, source_table, source_row, source_id, extra FROM stg_contact_tag
    UNION ALL SELECT 'contact_list', row_id, source_table, source_row, source_id, extra FROM stg_contact_list
    UNION ALL SELECT 'custom_field', row_id, source_table, source_row, source_id, extra FROM stg_custom_field
    UNION ALL SELECT 'setting', row_id, source_table, source_row, source_id, extra FROM stg_setting
    UNION ALL SELECT 'currency', row_id, source_table, source_row, source_id, extra FROM stg_currency
    UNION ALL SELECT 'deal_contact', row_id, source_table, source_row, source_id, extra FROM stg_deal_contact
    UNION ALL SELECT 'deal_audit', row_id, source_table, source_row, source_id, extra FROM stg_deal_audit
    UNION ALL SELECT 'activity_link', row_id, source_table, source_row, source_id, extra FROM stg_activity_link
    UNION ALL SELECT 'email_contact', row_id, source_table, source_row, source_id, extra FROM stg_email_contact
    UNION ALL SELECT 'email_account', row_id, source_table, source_row, source_id, extra FROM stg_email_account
    UNION ALL SELECT 'product', row_id, source_table, source_row, source_id, extra FROM stg_product
    UNION ALL SELECT 'product_category', row_id, source_table, source_row, source_id, extra FROM stg_product_category
    UNION ALL SELECT 'deal_line', row_id, source_table, source_row, source_id, extra FROM stg_deal_line
    UNION ALL SELECT 'lead_source', row_id, source_table, source_row, source_id, extra FROM stg_lead_source
    UNION ALL SELECT 'lead_status', row_id, source_table, source_row, source_id, extra FROM stg_lead_status
    UNION ALL SELECT 'lead_type', row_id, source_table, source_row, source_id, extra FROM stg_lead_type
    UNION ALL SELECT 'target_list', row_id, source_table, source_row, source_id, extra FROM stg_target_list
    UNION ALL SELECT 'target_list_member', row_id, source_table, source_row, source_id, extra FROM stg_target_list_member
    UNION ALL SELECT 'watcher', row_id, source_table, source_row, source_id, extra FROM stg_watcher
    UNION ALL SELECT 'document_link', row_id, source_table, source_row, source_id, extra FROM stg_document_link
    UNION ALL SELECT 'document_type', row_id, source_table, source_row, source_id, extra FROM stg_document_type
    UNION ALL SELECT 'document_file', row_id, source_table, source_row, source_id, extra FROM stg_document_file
    UNION ALL SELECT 'campaign_list', row_id, source_table, source_row, source_id, extra FROM stg_campaign_list
    UNION ALL SELECT 'campaign_send', row_id, source_table, source_row, source_id, extra FROM stg_campaign_send
    UNION ALL SELECT 'segment', row_id, source_table, source_row, source_id, extra FROM stg_segment
    UNION ALL SELECT 'automation', row_id, source_table, source_row, source_id, extra FROM stg_automation
    UNION ALL SELECT 'sequence', row_id, source_table, source_row, source_id, extra FROM stg_sequence
    UNION ALL SELECT 'exchange_rate', row_id, source_table, source_row, source_id, extra FROM stg_exchange_rate
    UNION ALL SELECT 'report_config', row_id, source_table, source_row, source_id, extra FROM stg_report_config
    UNION ALL SELECT 'report_schedule', row_id, source_table, source_row, source_id, extra FROM stg_report_schedule
    UNION ALL SELECT 'funnel_setting', row_id, source_table, source_row, source_id, extra FROM stg_funnel_setting
    UNION ALL SELECT 'task_comment', row_id, source_table, source_row, source_id, extra FROM stg_task_comment
)
SELECT r.object, r.source_table, r.source_row, r.id, e.key AS column_name, e.value AS value
FROM record AS r, json_each(r.extra) AS e
WHERE r.extra IS NOT NULL AND json_valid(r.extra) AND e.value IS NOT NULL
ORDER BY r.object, r.row_id, e.key
