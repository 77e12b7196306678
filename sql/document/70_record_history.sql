-- one row per record of which the source says who made, changed, last touched or deleted it
-- reads: stg_account, stg_contact, stg_deal, stg_lead, stg_target, stg_target_list, stg_activity, stg_product, stg_campaign_template, stg_document, stg_report_config, stg_report_schedule, stg_funnel_setting, clean_user
-- file: record_history.csv
WITH record (object, row_id, id, name, created_at, created_by, updated_at, updated_by, last_activity_at, last_activity_by, deleted_at, deleted_by) AS (
    SELECT 'account', row_id, source_id, name, created_at, created_by, updated_at, updated_by, NULL, NULL, deleted_at, deleted_by FROM stg_account
    UNION ALL
    SELECT 'contact', row_id, source_id, coalesce(full_name, trim(coalesce(first_name, '') || ' ' || coalesce(last_name, ''))), created_at, created_by, updated_at, updated_by, last_activity_at, last_activity_by, deleted_at, deleted_by FROM stg_contact
    UNION ALL
    SELECT 'deal', row_id, source_id, title, created_at, created_by, updated_at, updated_by, last_activity_at, last_activity_by, deleted_at, deleted_by FROM stg_deal
    UNION ALL
    SELECT 'lead', row_id, source_id, trim(coalesce(first_name, '') || ' ' || coalesce(last_name, '')), created_at, created_by, updated_at, updated_by, NULL, NULL, deleted_at, deleted_by FROM stg_lead
    UNION ALL
    SELECT 'target', row_id, source_id, trim(coalesce(first_name, '') || ' ' || coalesce(last_name, '')), created_at, created_by, updated_at, updated_by, NULL, NULL, deleted_at, deleted_by FROM stg_target
    UNION ALL
    SELECT 'target_list', row_id, source_id, title, created_at, created_by, updated_at, NULL, NULL, NULL, deleted_at, deleted_by FROM stg_target_list
    UNION ALL
    SELECT 'activity', row_id, source_id, title, created_at, created_by, updated_at, updated_by, NULL, NULL, deleted_at, deleted_by FROM stg_activity
    UNION ALL
    SELECT 'product', row_id, source_id, name, created_at, created_by, updated_at, updated_by, NULL, NULL, deleted_at, deleted_by FROM stg_product
    UNION ALL
    SELECT 'campaign_template', row_id, source_id, title, created_at, created_by, updated_at, NULL, NULL, NULL, deleted_at, deleted_by FROM stg_campaign_template
    UNION ALL
    SELECT 'document', row_id, source_id, title, created_at, created_by, updated_at, NULL, NULL, NULL, deleted_at, deleted_by FROM stg_document
    UNION ALL
    SELECT 'report_config', row_id, source_id, title, created_at, created_by, updated_at, NULL, NULL, NULL, NULL, NULL FROM stg_report_config
    UNION ALL
    SELECT 'report_schedule', row_id, source_id, cron, created_at, created_by, updated_at, NULL, NULL, NULL, NULL, NULL FROM stg_report_schedule
    UNION ALL
    SELECT 'funnel_setting', row_id, source_id, NULL, NULL, NULL, updated_at, updated_by, NULL, NULL, NULL, NULL FROM stg_funnel_setting
)
SELECT
    r.object,
    r.id,
    r.name,
    r.created_at,
    coalesce(c.email, r.created_by) AS created_by,
    r.updated_at,
    coalesce(u.email, r.updated_by) AS updated_by,
    r.last_activity_at,
    coalesce(l.email, r.last_activity_by) AS last_activity_by,
    r.deleted_at,
    coalesce(d.email, r.deleted_by) AS deleted_by
FROM record AS r
LEFT JOIN clean_user AS c ON c.source_id = r.created_by
LEFT JOIN clean_user AS u ON u.source_id = r.updated_by
LEFT JOIN clean_user AS l ON l.source_id = r.last_activity_by
LEFT JOIN clean_user AS d ON d.source_id = r.deleted_by
WHERE coalesce(nullif(r.created_by, ''), nullif(r.updated_by, ''), nullif(r.last_activity_at, ''), nullif(r.last_activity_by, ''), nullif(r.deleted_by, '')) IS NOT NULL
ORDER BY r.object, r.row_id
