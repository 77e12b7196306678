-- one row per object that is staged but does not reach Pipedrive yet
-- reads: source_item, xw_item
SELECT
    object,
    count(*) AS files_or_tables,
    sum(row_count) AS row_count
FROM source_item
WHERE status = 'extracted'
  AND row_count > 0
  AND object NOT IN ('user', 'account', 'contact', 'deal', 'stage', 'deal_type', 'industry', 'contact_type', 'tag', 'list',
    'contact_tag', 'contact_list', 'custom_field', 'setting', 'currency', 'deal_audit')
  AND object NOT IN (SELECT x.object FROM xw_item AS x)
GROUP BY object
ORDER BY object
