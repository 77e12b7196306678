-- one row per pair kept apart for review
-- reads: dup_account_pair, dup_contact_pair, clean_account, clean_contact
SELECT
    'account' AS object,
    p.a_key,
    a.name AS a_name,
    p.b_key,
    b.name AS b_name,
    p.rule,
    p.why
FROM dup_account_pair AS p
JOIN clean_account AS a ON a.account_key = p.a_key
JOIN clean_account AS b ON b.account_key = p.b_key
WHERE p.decision = 'review'
UNION ALL
SELECT
    'contact',
    p.a_key,
    a.name || coalesce(' <' || a.email || '>', ''),
    p.b_key,
    b.name || coalesce(' <' || b.email || '>', ''),
    p.rule,
    p.why
FROM dup_contact_pair AS p
JOIN clean_contact AS a ON a.contact_key = p.a_key
JOIN clean_contact AS b ON b.contact_key = p.b_key
WHERE p.decision = 'review'
ORDER BY 1, 2, 4
