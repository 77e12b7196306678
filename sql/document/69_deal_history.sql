-- one row per change of a deal in the source's audit log
-- reads: stg_deal_audit, clean_deal, clean_user
-- file: source/deal_history.csv
SELECT a.created_at, a.deal_id, d.title AS deal, a.action, a.changes, coalesce(u.email, a.user_id) AS user
FROM stg_deal_audit AS a
LEFT JOIN clean_deal AS d ON d.source_id = a.deal_id
LEFT JOIN clean_user AS u ON u.source_id = a.user_id
ORDER BY a.created_at, a.row_id
