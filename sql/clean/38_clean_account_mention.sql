-- one row per company that contacts or deals name and no record has
-- reads: clean_company_spelling, clean_account
SELECT
    s.name_strict,
    s.account_key,
    min(s.name) AS name,
    coalesce(np_company_loose(min(s.name)), s.name_strict) AS name_loose,
    sum(s.mentions) AS mentions
FROM clean_company_spelling AS s
WHERE NOT EXISTS (SELECT 1 FROM clean_account AS a WHERE a.account_key = s.account_key)
GROUP BY s.name_strict
