-- one row per record with more tags than Pipedrive takes labels: 100
-- reads: clean_account, clean_contact, clean_deal, dup_account_member, dup_account_golden, dup_contact_member, dup_contact_golden
-- severity: warning
-- A hundred tags are at least 300 characters: most records need no counting.
SELECT 'organization' AS entity, account_key AS final_key, json_array_length(tags) || ' tags' AS detail
FROM golden_account
WHERE length(tags) > 300 AND json_array_length(tags) > 100
UNION ALL
SELECT 'person', contact_key, json_array_length(tags) || ' tags'
FROM golden_contact
WHERE length(tags) > 300 AND json_array_length(tags) > 100
UNION ALL
SELECT 'deal', deal_key, json_array_length(tags) || ' tags'
FROM clean_deal
WHERE length(tags) > 300 AND json_array_length(tags) > 100
