-- one row per company that names the one it belongs to
-- reads: clean_account, clean_account_mention
WITH
child AS MATERIALIZED (
    SELECT account_key, row_id, parent_name, np_fold(parent_name) AS wanted, np_id(parent_name) AS id
    FROM clean_account WHERE parent_name IS NOT NULL
),
-- By id where a fork keeps one, else by name, legal form included: a looser match could name the wrong parent.
hit (account_key, parent_key) AS (
    SELECT c.account_key, a.account_key FROM child AS c CROSS JOIN clean_account AS a ON a.source_id = c.id
    UNION
    SELECT c.account_key, a.account_key FROM child AS c CROSS JOIN clean_account AS a ON a.name_strict = c.wanted
    UNION
    SELECT c.account_key, m.account_key FROM child AS c CROSS JOIN clean_account_mention AS m ON m.name_strict = c.wanted
),
told AS MATERIALIZED (
    SELECT account_key, count(*) AS hits, min(parent_key) AS parent_key, max(parent_key = account_key) AS is_self FROM hit GROUP BY 1
)
SELECT
    c.account_key,
    c.row_id,
    c.parent_name AS parent,
    iif(t.hits = 1 AND NOT t.is_self, t.parent_key, NULL) AS parent_key,
    CASE
        WHEN t.hits IS NULL THEN 'parent_unknown'
        WHEN t.is_self THEN 'parent_self'
        WHEN t.hits > 1 THEN 'parent_ambiguous'
    END AS flaw
FROM child AS c
LEFT JOIN told AS t ON t.account_key = c.account_key
