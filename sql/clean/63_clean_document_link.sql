-- one row per document and record it hangs on; versions hang on what their document hangs on, too
-- reads: stg_document, stg_document_link, stg_invoice, stg_invoice_file, clean_document, clean_account, clean_company_spelling, clean_account_mention, clean_contact, clean_deal
WITH
doc AS MATERIALIZED (SELECT document_key, source_id FROM clean_document WHERE object = 'document'),
named (document_key, seq, row_id, word, object_id) AS (
    SELECT d.document_key, 0, NULL, s.object, np_text(s.object_id)
    FROM clean_document AS d JOIN stg_document AS s ON s.row_id = d.row_id
    WHERE d.object = 'document' AND s.object_id <> ''
    UNION ALL
    SELECT d.document_key, l.row_id, l.row_id, l.object, np_text(l.object_id)
    FROM stg_document_link AS l CROSS JOIN doc AS d ON d.source_id = l.document_id
    WHERE l.object_id <> ''
    UNION ALL
    SELECT d.document_key, 0, NULL, 'invoice', f.invoice_id
    FROM clean_document AS d JOIN stg_invoice_file AS f ON f.row_id = d.row_id
    WHERE d.object = 'invoice_file' AND f.invoice_id <> ''
    UNION ALL
    SELECT d.document_key, 0, NULL, 'invoice', i.source_id
    FROM clean_document AS d JOIN stg_invoice AS i ON i.row_id = d.row_id
    WHERE d.object = 'invoice'
),
-- The words of exports for what a document can hang on.
kinds (word, kind) AS (VALUES
    ('account', 'account'), ('accounts', 'account'), ('company', 'account'), ('companies', 'account'), ('organization', 'account'),
    ('organisation', 'account'), ('contact', 'contact'), ('contacts', 'contact'), ('person', 'contact'), ('subscriber', 'contact'),
    ('deal', 'deal'), ('deals', 'deal'), ('opportunity', 'deal'), ('lead', 'lead'), ('leads', 'lead'), ('task', 'task'),
    ('board_task', 'board_task'), ('invoice', 'invoice'), ('invoices', 'invoice')
),
own AS MATERIALIZED (
    SELECT n.document_key, n.seq, n.row_id, coalesce(k.kind, np_fold(n.word), '') AS kind, n.object_id AS record
    FROM named AS n LEFT JOIN kinds AS k ON k.word = np_fold(n.word)
),
link AS MATERIALIZED (
    SELECT * FROM own
    UNION ALL
    SELECT d.document_key, o.seq, NULL, o.kind, o.record FROM clean_document AS d JOIN own AS o ON o.document_key = d.parent_key
),
account (name_strict, account_key) AS MATERIALIZED (
    SELECT name_strict, account_key FROM (SELECT name_strict, account_key, min(row_id) FROM clean_account WHERE EXISTS (SELECT 1 FROM link) GROUP BY name_strict)
    UNION ALL
    SELECT m.name_strict, m.account_key FROM clean_account_mention AS m
),
address (email) AS MATERIALIZED (SELECT DISTINCT np_email(record, NULL) FROM link WHERE kind = 'contact'),
contact (email, contact_key) AS MATERIALIZED (
    SELECT email, contact_key FROM (
        SELECT m.value ->> 'value' AS email, c.contact_key, min(c.row_id)
        FROM clean_contact AS c, json_each(c.emails) AS m
        WHERE EXISTS (SELECT 1 FROM address) AND m.value ->> 'value' IN (SELECT email FROM address)
        GROUP BY 1)
)
SELECT
    l.document_key,
    l.seq,
    l.row_id,
    l.kind,
    CASE l.kind
        WHEN 'account' THEN coalesce(a.account_key, s.account_key, n.account_key)
        WHEN 'contact' THEN coalesce(c.contact_key, e.contact_key)
        WHEN 'deal' THEN d.deal_key
        WHEN 'invoice' THEN i.account_key
        WHEN 'lead' THEN 'lead:' || np_key(np_id(l.record))
        WHEN 'task' THEN 'task:' || np_key(np_id(l.record))
    END AS record_key,
    l.record
FROM link AS l
LEFT JOIN clean_account AS a ON l.kind = 'account' AND a.account_key = 'account:' || np_id(l.record)
LEFT JOIN clean_company_spelling AS s ON l.kind = 'account' AND s.spelling = l.record
LEFT JOIN account AS n ON l.kind = 'account' AND n.name_strict = np_fold(np_name(l.record))
LEFT JOIN clean_contact AS c ON l.kind = 'contact' AND c.contact_key = 'contact:' || np_id(l.record)
LEFT JOIN contact AS e ON l.kind = 'contact' AND e.email = np_email(l.record, NULL)
LEFT JOIN clean_deal AS d ON l.kind = 'deal' AND d.deal_key = 'deal:' || np_id(l.record)
LEFT JOIN (
    SELECT source_id, coalesce(
        (SELECT x.account_key FROM clean_account AS x WHERE x.account_key = 'account:' || np_id(i.account_id)),
        (SELECT x.account_key FROM account AS x WHERE x.name_strict = np_fold(np_name(i.company)))) AS account_key
    FROM stg_invoice AS i) AS i ON l.kind = 'invoice' AND i.source_id = l.record
