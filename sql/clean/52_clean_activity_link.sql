-- one row per thing that an activity or note says it is about
-- reads: stg_activity, stg_activity_link, stg_note, stg_task, stg_email_contact, stg_email_account, stg_calendar_event, stg_lead, stg_target, stg_contract, clean_activity, clean_account, clean_account_mention, clean_contact, clean_deal
WITH
-- Cells of the records themselves; a company's name, like an address, may mean nobody.
cell (object, row_id, of_object, ref, is_weak) AS (
    SELECT 'activity', row_id, 'contact', np_id(contact_id), 0 FROM stg_activity WHERE contact_id <> ''
    UNION ALL SELECT 'activity', row_id, 'email', np_email(contact_email, NULL), np_id(contact_id) IS NOT NULL FROM stg_activity WHERE contact_email <> ''
    UNION ALL SELECT 'activity', row_id, 'account', np_id(company_id), 0 FROM stg_activity WHERE company_id <> ''
    UNION ALL SELECT 'activity', row_id, 'company', np_name(company), np_id(company_id) IS NOT NULL FROM stg_activity WHERE company <> ''
    UNION ALL SELECT 'activity', row_id, 'deal', np_id(deal_id), 0 FROM stg_activity WHERE deal_id <> ''
    UNION ALL SELECT 'note', row_id, 'contact', np_id(contact_id), 0 FROM stg_note WHERE contact_id <> ''
    UNION ALL SELECT 'note', row_id, 'email', np_email(contact_email, NULL), np_id(contact_id) IS NOT NULL FROM stg_note WHERE contact_email <> ''
    UNION ALL SELECT 'note', row_id, 'account', np_id(company_id), 0 FROM stg_note WHERE company_id <> ''
    UNION ALL SELECT 'note', row_id, 'company', np_name(company), np_id(company_id) IS NOT NULL FROM stg_note WHERE company <> ''
    UNION ALL SELECT 'note', row_id, 'deal', np_id(deal_id), 0 FROM stg_note WHERE deal_id <> ''
    UNION ALL SELECT 'task', row_id, 'account', np_id(account_id), 0 FROM stg_task WHERE account_id <> ''
    UNION ALL SELECT 'task', row_id, 'deal', np_id(deal_id), 0 FROM stg_task WHERE deal_id <> ''
),
-- The links of an activity stand in a table of their own; a contract speaks for its account.
link (object, source_id, of_object, ref, is_weak, link_object, link_row_id) AS (
    SELECT 'activity', np_id(activity_id), iif(object = 'opportunity', 'deal', coalesce(np_fold(object), '')), coalesce(np_id(object_id), ''), 0, 'activity_link', row_id
    FROM stg_activity_link
    UNION ALL
    SELECT 'activity', np_id(l.activity_id), 'account', np_id(c.account_id), 1, NULL, NULL
    FROM stg_activity_link AS l JOIN stg_contract AS c ON np_id(c.source_id) = np_id(l.object_id)
    WHERE l.object = 'contract' AND c.account_id <> ''
    UNION ALL SELECT 'email', np_id(email_id), 'contact', np_id(contact_id), 0, 'email_contact', row_id FROM stg_email_contact
    UNION ALL SELECT 'email', np_id(email_id), 'account', np_id(account_id), 0, 'email_account', row_id FROM stg_email_account
    UNION ALL
    -- Guests of a meeting who are known by their address take part in it.
    SELECT iif(a.activity_id IS NULL, 'calendar_event', 'activity'), coalesce(a.activity_id, np_id(e.source_id)), 'email', np_email(g.value, NULL), 1, NULL, NULL
    FROM stg_calendar_event AS e
    JOIN json_each(iif(json_valid(e.attendee_emails), e.attendee_emails, '[]')) AS g ON g.type = 'text'
    LEFT JOIN (SELECT DISTINCT np_id(source_id) AS activity_id FROM stg_activity) AS a ON a.activity_id = np_id(e.activity_id)
),
said (activity_key, object, ref, is_weak, link_object, link_row_id) AS MATERIALIZED (
    SELECT a.activity_key, c.of_object, c.ref, c.is_weak, NULL, NULL
    FROM cell AS c JOIN clean_activity AS a ON a.object = c.object AND a.row_id = c.row_id
    WHERE c.ref IS NOT NULL AND a.set_aside IS NULL
    UNION ALL
    SELECT a.activity_key, l.of_object, l.ref, l.is_weak, l.link_object, l.link_row_id
    FROM link AS l JOIN (SELECT object, source_id, min(activity_key) AS activity_key FROM clean_activity GROUP BY 1, 2) AS a ON a.object = l.object AND a.source_id = l.source_id
    WHERE l.ref IS NOT NULL
),
wanted AS MATERIALIZED (SELECT DISTINCT ref FROM said WHERE object = 'email'),
-- Several contacts with one address: the first in the source.
address AS MATERIALIZED (
    SELECT value, contact_key, name, min(row_id) FROM (
        SELECT c.email AS value, c.contact_key, c.name, c.row_id FROM wanted AS w CROSS JOIN clean_contact AS c ON c.email = w.ref
        UNION ALL
        SELECT m.value ->> 'value', c.contact_key, c.name, c.row_id
        FROM (SELECT 1 FROM wanted LIMIT 1) CROSS JOIN clean_contact AS c CROSS JOIN json_each(c.emails) AS m
        WHERE instr(c.emails, '},{') > 0 AND m.value ->> 'value' IN (SELECT ref FROM wanted))
    GROUP BY value
),
company AS MATERIALIZED (
    SELECT name_strict, account_key, name, min(row_id) FROM clean_account WHERE EXISTS (SELECT 1 FROM said WHERE object = 'company') GROUP BY name_strict
    UNION ALL
    SELECT name_strict, account_key, name, 0 FROM clean_account_mention
),
other (object, id, name) AS MATERIALIZED (
    SELECT 'lead', np_id(source_id), concat_ws(' ', np_name(first_name), np_name(last_name)) FROM stg_lead
    UNION ALL SELECT 'target', np_id(source_id), coalesce(nullif(concat_ws(' ', np_name(first_name), np_name(last_name)), ''), np_name(company)) FROM stg_target
    UNION ALL SELECT 'contract', np_id(source_id), np_name(title) FROM stg_contract
)
SELECT
    s.activity_key,
    CASE s.object WHEN 'email' THEN 'contact' WHEN 'company' THEN 'account' ELSE s.object END AS object,
    s.ref,
    coalesce(a.account_key, n.account_key, c.contact_key, e.contact_key, d.deal_key, o.object || ':' || o.id) AS record_key,
    coalesce(a.name, n.name, c.name, e.name, d.title, o.name) AS name,
    s.is_weak,
    s.link_object,
    s.link_row_id
FROM said AS s
LEFT JOIN clean_account AS a ON s.object = 'account' AND a.account_key = 'account:' || s.ref
LEFT JOIN company AS n ON s.object = 'company' AND n.name_strict = np_fold(s.ref)
LEFT JOIN clean_contact AS c ON s.object = 'contact' AND c.contact_key = 'contact:' || s.ref
LEFT JOIN address AS e ON s.object = 'email' AND e.value = s.ref
LEFT JOIN clean_deal AS d ON s.object = 'deal' AND d.deal_key = 'deal:' || s.ref
LEFT JOIN other AS o ON o.object = s.object AND o.id = s.ref
