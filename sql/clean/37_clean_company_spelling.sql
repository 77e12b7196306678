-- one row per spelling of a company name that contacts, deals, leads and targets use
-- reads: stg_contact, stg_deal, stg_lead, stg_target, clean_prospect, clean_account, clean_site, clean_drop
WITH
-- Many records share a spelling: group the cells first, clean each once.
cell (value, records) AS (
    SELECT s.company, count(*) FROM stg_contact AS s
    WHERE s.company <> '' AND NOT EXISTS (SELECT 1 FROM clean_drop AS d WHERE d.object = 'contact' AND d.row_id = s.row_id) GROUP BY s.company
    UNION ALL
    SELECT s.company, count(*) FROM stg_deal AS s
    WHERE s.company <> '' AND NOT EXISTS (SELECT 1 FROM clean_drop AS d WHERE d.object = 'deal' AND d.row_id = s.row_id) GROUP BY s.company
    UNION ALL
    -- A lead or target that is linked to an account needs no company of its own making.
    SELECT s.company, count(*) FROM stg_lead AS s JOIN clean_prospect AS p ON p.object = 'lead' AND p.row_id = s.row_id AND p.fate = 'live'
    WHERE s.company <> '' AND NOT EXISTS (SELECT 1 FROM clean_account AS a WHERE a.account_key = 'account:' || np_id(s.account_id)) GROUP BY s.company
    UNION ALL
    SELECT s.company, count(*) FROM stg_target AS s JOIN clean_prospect AS p ON p.object = 'target' AND p.row_id = s.row_id AND p.fate = 'live'
    WHERE s.company <> '' AND NOT EXISTS (SELECT 1 FROM clean_account AS a WHERE a.account_key = 'account:' || np_id(s.converted_account_id)) GROUP BY s.company
    UNION ALL
    -- Of a list of companies the first is the contact's own.
    SELECT json_extract(np_titles(s.company_list, '[]',
            (SELECT coalesce(list_separator, ',') FROM clean_site)), '$[0]'), count(*)
    FROM stg_contact AS s
    WHERE s.company_list <> '' AND coalesce(s.company, '') = ''
        AND NOT EXISTS (SELECT 1 FROM clean_drop AS d WHERE d.object = 'contact' AND d.row_id = s.row_id) GROUP BY 1
),
spelling AS MATERIALIZED (
    SELECT value AS spelling, np_name(value) AS name, np_fold(np_name(value)) AS strict, sum(records) AS records
    FROM cell WHERE value IS NOT NULL GROUP BY value
),
-- Several companies of one name: the record that came first.
account AS MATERIALIZED (
    SELECT name_strict, account_key, min(row_id) AS row_id FROM clean_account GROUP BY name_strict
)
SELECT
    s.spelling,
    s.name,
    s.strict AS name_strict,
    coalesce(a.account_key, 'account:name:' || s.strict) AS account_key,
    s.records AS mentions
FROM spelling AS s LEFT JOIN account AS a ON a.name_strict = s.strict
WHERE s.name IS NOT NULL
