-- one row per record that went into another one
-- reads: xw_account, xw_contact, xw_deal
SELECT 'account' AS object, source_id, final_key AS merged_into, rule, reason FROM xw_account WHERE fate = 'merged'
UNION ALL
SELECT 'contact', source_id, final_key, rule, reason FROM xw_contact WHERE fate = 'merged'
UNION ALL
SELECT 'deal', source_id, final_key, rule, reason FROM xw_deal WHERE fate = 'merged'
ORDER BY 1, 3, 2
