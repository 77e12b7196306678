-- one row per staging row of products, lines of deals, further people, followers and what they are looked up in
-- reads: stg_product, stg_product_category, stg_deal_line, stg_account_product, stg_deal_contact, stg_watcher, stg_exchange_rate, stg_currency, stg_deal_type, stg_industry, stg_contact_type, clean_product, clean_deal_line, clean_participant, clean_watcher, clean_drop, clean_deal, clean_account, clean_contact, final_deal, final_participant, final_follower, final_label, final_note, map_deal_value, map_stage, xw_account, xw_contact, map_user
WITH
participant AS MATERIALIZED (
    SELECT c.row_id, c.deal_key, d.person_key AS main, x.final_key AS person,
        'participant:' || c.deal_key || '|' || x.final_key AS final_key
    FROM clean_participant AS c
    LEFT JOIN final_deal AS d ON d.final_key = c.deal_key
    LEFT JOIN xw_contact AS x ON x.contact_key = c.contact_key
),
watcher AS MATERIALIZED (
    SELECT w.row_id, w.user_email, u.target_email, x.final_key AS organization,
        'follower:' || x.final_key || '|' || u.target_email AS final_key
    FROM clean_watcher AS w
    LEFT JOIN xw_account AS x ON x.account_key = w.account_key
    LEFT JOIN map_user AS u ON u.map_key = w.user_email
)
SELECT 'product' AS object, s.row_id, np_id(s.source_id) AS source_id,
    iif(p.row_id IS NULL, 'excluded', 'final') AS fate,
    iif(p.row_id IS NULL, NULL, 'product') AS entity,
    p.product_key AS final_key,
    iif(p.row_id IS NULL, 'soft_deleted', NULL) AS rule,
    iif(p.row_id IS NULL, 'deleted in the source; lines of deals keep its name', NULL) AS reason
FROM stg_product AS s LEFT JOIN clean_product AS p ON p.row_id = s.row_id
UNION ALL
SELECT 'product_category', s.row_id, np_id(s.source_id), iif(l.label IS NULL, 'excluded', 'merged'), iif(l.label IS NULL, NULL, 'label'), NULL,
    iif(l.label IS NULL, 'empty', 'category'), iif(l.label IS NULL, 'it has no name', 'option of the product category: ' || l.label)
FROM stg_product_category AS s LEFT JOIN final_label AS l ON l.entity = 'product' AND l.label = np_name(s.name)
UNION ALL
SELECT 'deal_line', s.row_id, np_id(s.source_id),
    CASE
        WHEN n.row_id IS NOT NULL THEN 'documented'
        WHEN l.row_id IS NOT NULL THEN 'final'
        WHEN d.fate = 'excluded' THEN 'excluded'
        ELSE 'documented'
    END,
    CASE WHEN n.row_id IS NOT NULL THEN 'note' WHEN l.row_id IS NOT NULL THEN 'deal_product' END,
    coalesce(n.final_key, l.line_key),
    CASE
        WHEN n.row_id IS NOT NULL THEN 'note on the deal'
        WHEN l.row_id IS NOT NULL THEN NULL
        WHEN d.fate = 'excluded' THEN d.rule
        ELSE 'deal_lines.csv'
    END,
    CASE
        WHEN n.row_id IS NOT NULL THEN 'by the map the lines of this deal stand in a note'
        WHEN l.row_id IS NOT NULL THEN NULL
        WHEN d.fate = 'excluded' THEN 'its deal stays out: ' || d.reason
        ELSE 'its deal is not in the source'
    END
FROM stg_deal_line AS s
LEFT JOIN clean_deal_line AS l ON l.row_id = s.row_id
LEFT JOIN final_line_note AS n ON n.row_id = s.row_id
LEFT JOIN (SELECT source_id, min(fate) AS fate, rule, reason FROM clean_drop WHERE object = 'deal' GROUP BY source_id) AS d
    ON d.source_id = np_id(s.deal_id)
UNION ALL
-- Subscriptions are notes where the map says so (78_final_note.sql).
SELECT 'account_product', s.row_id, np_id(s.source_id), iif(n.final_key IS NULL, 'documented', 'final'), iif(n.final_key IS NULL, NULL, 'note'), n.final_key,
    iif(n.final_key IS NULL, 'subscriptions.csv', NULL), iif(n.final_key IS NULL, 'Pipedrive has no subscriptions of a company', NULL)
FROM stg_account_product AS s
LEFT JOIN final_note AS n ON n.final_key = 'note:subscription:' || coalesce(np_key(np_id(s.source_id)), 'row:' || s.row_id)
UNION ALL
SELECT 'deal_contact', s.row_id, np_id(s.source_id),
    CASE
        WHEN f.seq = s.row_id THEN 'final'
        WHEN f.seq IS NOT NULL OR p.person = p.main THEN 'merged'
        WHEN 'excluded' IN (d.fate, c.fate) THEN 'excluded'
        ELSE 'documented'
    END,
    CASE WHEN f.seq IS NOT NULL THEN 'participant' WHEN p.person = p.main THEN 'deal' END,
    coalesce(f.final_key, iif(p.person = p.main, p.deal_key, NULL)),
    CASE
        WHEN f.seq = s.row_id THEN NULL
        WHEN f.seq IS NOT NULL THEN 'repeated_record'
        WHEN p.person = p.main THEN 'main_person'
        WHEN 'excluded' IN (d.fate, c.fate) THEN iif(d.fate = 'excluded', d.rule, c.rule)
        ELSE 'participants.csv'
    END,
    CASE
        WHEN f.seq = s.row_id THEN NULL
        WHEN f.seq IS NOT NULL THEN 'the same person in the same deal again'
        WHEN p.person = p.main THEN 'the main person of the deal'
        WHEN d.fate = 'excluded' THEN 'its deal stays out: ' || d.reason
        WHEN c.fate IS NOT NULL THEN 'its contact stays out: ' || c.reason
        ELSE iif(p.deal_key IS NULL, 'its deal', 'its contact') || ' is not in the source'
    END
FROM stg_deal_contact AS s
LEFT JOIN participant AS p ON p.row_id = s.row_id
LEFT JOIN final_participant AS f ON f.final_key = p.final_key
LEFT JOIN (SELECT source_id, min(fate) AS fate, rule, reason FROM clean_drop WHERE object = 'deal' AND fate <> 'merged' GROUP BY source_id) AS d
    ON d.source_id = np_id(s.deal_id)
LEFT JOIN (SELECT source_id, min(fate) AS fate, rule, reason FROM clean_drop WHERE object = 'contact' AND fate <> 'merged' GROUP BY source_id) AS c
    ON c.source_id = np_id(s.contact_id)
UNION ALL
SELECT 'watcher', s.row_id, np_id(s.source_id),
    CASE
        WHEN f.seq = s.row_id THEN 'final'
        WHEN f.seq IS NOT NULL OR w.organization IS NOT NULL AND w.target_email IS NOT NULL THEN 'merged'
        WHEN d.fate = 'excluded' THEN 'excluded'
        ELSE 'documented'
    END,
    CASE
        WHEN f.seq IS NOT NULL THEN 'organization_follower'
        WHEN w.organization IS NOT NULL AND w.target_email IS NOT NULL THEN 'organization'
    END,
    coalesce(f.final_key, iif(w.target_email IS NOT NULL, w.organization, NULL)),
    CASE
        WHEN f.seq = s.row_id THEN NULL
        WHEN f.seq IS NOT NULL THEN 'repeated_record'
        WHEN w.organization IS NOT NULL AND w.target_email IS NOT NULL THEN 'owner_follows'
        WHEN d.fate = 'excluded' THEN d.rule
        ELSE 'watchers.csv'
    END,
    CASE
        WHEN f.seq = s.row_id THEN NULL
        WHEN f.seq IS NOT NULL THEN 'the same user follows the same organization already'
        WHEN w.organization IS NOT NULL AND w.target_email IS NOT NULL THEN 'owners follow what they own'
        WHEN d.fate = 'excluded' THEN 'its company stays out: ' || d.reason
        WHEN s.object <> 'account' THEN 'Pipedrive has no followers of a ' || s.object
        WHEN w.organization IS NULL THEN 'its company is not in the source'
        WHEN w.user_email IS NULL THEN 'the user is not in the source'
        ELSE 'no active user of Pipedrive is ' || w.user_email
    END
FROM stg_watcher AS s
LEFT JOIN watcher AS w ON w.row_id = s.row_id
LEFT JOIN final_follower AS f ON f.final_key = w.final_key
LEFT JOIN (SELECT source_id, min(fate) AS fate, rule, reason FROM clean_drop WHERE object = 'account' AND fate <> 'merged' GROUP BY source_id) AS d
    ON s.object = 'account' AND d.source_id = np_id(s.object_id)
UNION ALL
SELECT 'exchange_rate', row_id, np_id(source_id), 'documented', NULL, NULL, 'exchange_rates.csv', 'Pipedrive has rates of its own; every amount keeps its currency'
FROM stg_exchange_rate
UNION ALL
-- What records are looked up in: its names stand where they are used.
SELECT 'currency', s.row_id, np_id(s.source_id), iif(u.code IS NULL, 'excluded', 'merged'), NULL, NULL, iif(u.code IS NULL, 'unused', 'currency'),
    iif(u.code IS NULL, 'no amount is in it; Pipedrive has its own list', 'amounts name it: ' || u.code)
FROM stg_currency AS s
LEFT JOIN (SELECT currency AS code FROM clean_deal UNION SELECT currency FROM clean_product UNION SELECT currency FROM clean_deal_line) AS u
    ON u.code = np_currency(s.code)
UNION ALL
SELECT 'deal_type', s.row_id, np_id(s.source_id), iif(m.category IS NULL, 'excluded', 'merged'), NULL, NULL, iif(m.category IS NULL, 'unused', 'pipeline'),
    iif(m.category IS NULL, 'no deal has it', 'pipeline of its deals: ' || m.pipelines)
FROM stg_deal_type AS s
LEFT JOIN (SELECT category, group_concat(DISTINCT pipeline) AS pipelines FROM map_stage GROUP BY category) AS m ON m.category = np_name(s.name)
UNION ALL
SELECT 'industry', s.row_id, np_id(s.source_id), iif(u.industry IS NULL, 'excluded', 'merged'), NULL, NULL, iif(u.industry IS NULL, 'unused', 'field_value'),
    iif(u.industry IS NULL, 'no company has it', 'industry of ' || u.n || ' companies')
FROM stg_industry AS s
LEFT JOIN (SELECT industry, count(*) AS n FROM clean_account GROUP BY industry) AS u ON u.industry = np_name(s.name)
UNION ALL
SELECT 'contact_type', s.row_id, np_id(s.source_id), iif(u.contact_type IS NULL, 'excluded', 'merged'), NULL, NULL,
    iif(u.contact_type IS NULL, 'unused', 'field_value'), iif(u.contact_type IS NULL, 'no contact has it', 'type of ' || u.n || ' contacts')
FROM stg_contact_type AS s
LEFT JOIN (SELECT contact_type, count(*) AS n FROM clean_contact GROUP BY contact_type) AS u ON u.contact_type = np_name(s.name)
