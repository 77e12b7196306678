-- +goose Up
-- Documents and the files of invoices: where their bytes are, what they are called, what they hang on.

-- Filled by extract and kept from one extraction to the next: what is here already is not fetched again.
CREATE TABLE document_blob (
    place  TEXT NOT NULL PRIMARY KEY,             -- what the source calls the bytes: name in the export, object key or address
    state  TEXT NOT NULL,                         -- present, missing, refused, too_large, empty, remote_not_allowed, unlisted, or error: …
    origin TEXT,                                  -- export, folder, bucket or web
    size   INTEGER,                               -- bytes
    sha256 TEXT,                                  -- of the content, hex
    path   TEXT,                                  -- below the folder <warehouse>.files
    hint   TEXT,                                  -- what to do about it
    looked_at TEXT NOT NULL,
    CHECK ((state = 'present') <= (size > 0 AND sha256 IS NOT NULL AND path IS NOT NULL))
) STRICT, WITHOUT ROWID;

CREATE TABLE clean_document (
    document_key TEXT NOT NULL,                   -- document:<source id>, invoice_file:<source id>, invoice_pdf:<source id>
    object       TEXT NOT NULL CHECK (object IN ('document', 'invoice_file', 'invoice')),   -- staging table without stg_
    row_id       INTEGER NOT NULL,
    source_id    TEXT,
    parent_key   TEXT,                            -- the document of which it is a version
    same_as      TEXT,                            -- its document, when that has the very same file
    name         TEXT NOT NULL,                   -- of the file, as it is uploaded
    title        TEXT,                            -- when it says more than the name
    description  TEXT,
    type         TEXT,
    tags         TEXT,                            -- comma-separated
    version      TEXT,
    summary      TEXT,
    details      TEXT NOT NULL CHECK (json_valid(details)),  -- JSON array of [label, value]: other words worth keeping
    author_email TEXT,                            -- of a user
    author       TEXT,                            -- as the note shows it
    created_at   TEXT,                            -- UTC
    place        TEXT,                            -- document_blob; NULL when it names no file
    state        TEXT NOT NULL,                   -- of its bytes, or without_file
    size         INTEGER,
    sha256       TEXT,
    path         TEXT,
    hint         TEXT,
    recorded_size INTEGER                         -- bytes, as the source says
) STRICT;
CREATE UNIQUE INDEX clean_document_key ON clean_document (document_key);
CREATE INDEX clean_document_row ON clean_document (object, row_id);

-- What a document hangs on, one row per record that the source names; versions hang on what their document hangs on.
CREATE TABLE clean_document_link (
    document_key TEXT NOT NULL,
    seq          INTEGER NOT NULL,                -- order in the source
    row_id       INTEGER,                         -- of stg_document_link; NULL when the document itself names the record
    kind         TEXT NOT NULL,                   -- account, contact, deal, lead, task, board_task, invoice, or the source's word
    record_key   TEXT,                            -- account_key, contact_key, deal_key, lead:…, task:…; NULL when the source has no such record
    record       TEXT NOT NULL                    -- as the source writes it
) STRICT;
CREATE INDEX clean_document_link_document ON clean_document_link (document_key, seq);
CREATE INDEX clean_document_link_row ON clean_document_link (row_id);

-- What each link leads to in Pipedrive; CROSS JOIN goes from the few links to the many records. Files hang on deals, persons, organizations, leads and activities.
CREATE VIEW final_document_target AS
SELECT l.document_key, l.seq, l.row_id, l.kind, l.record, 'organization' AS entity, f.final_key
FROM clean_document_link AS l
CROSS JOIN xw_account AS x ON x.account_key = l.record_key
CROSS JOIN final_organization AS f ON f.final_key = x.final_key
WHERE l.kind IN ('account', 'invoice')
UNION ALL
-- Companies without a record of their own are final under their own key.
SELECT l.document_key, l.seq, l.row_id, l.kind, l.record, 'organization', f.final_key
FROM clean_document_link AS l
CROSS JOIN final_organization AS f ON f.final_key = l.record_key
WHERE l.kind = 'account' AND NOT EXISTS (SELECT 1 FROM xw_account AS x WHERE x.account_key = l.record_key)
UNION ALL
SELECT l.document_key, l.seq, l.row_id, l.kind, l.record, 'person', f.final_key
FROM clean_document_link AS l
CROSS JOIN xw_contact AS x ON x.contact_key = l.record_key
CROSS JOIN final_person AS f ON f.final_key = x.final_key
WHERE l.kind = 'contact'
UNION ALL
SELECT l.document_key, l.seq, l.row_id, l.kind, l.record, 'deal', f.final_key
FROM clean_document_link AS l
CROSS JOIN xw_deal AS x ON x.deal_key = l.record_key
CROSS JOIN final_deal AS f ON f.final_key = x.final_key
WHERE l.kind = 'deal'
UNION ALL
SELECT l.document_key, l.seq, l.row_id, l.kind, l.record, 'lead', f.final_key
FROM clean_document_link AS l
CROSS JOIN final_lead AS f ON f.final_key = l.record_key
WHERE l.kind = 'lead'
UNION ALL
SELECT l.document_key, l.seq, l.row_id, l.kind, l.record, 'activity', f.final_key
FROM clean_document_link AS l
CROSS JOIN final_activity AS f ON f.final_key = l.record_key
WHERE l.kind = 'task';

-- An upload takes one record of each kind: the first of all kinds together, the second of all kinds, and so on.
-- Its key names the content, too: Pipedrive cannot change a file, so a changed one is another, and the earlier one stays.
CREATE VIEW final_document_upload AS
SELECT
    t.document_key,
    nth,
    t.document_key || coalesce(':' || substr(d.sha256, 1, 12), '') || iif(nth > 1, '#' || nth, '') AS upload_key,
    'note:' || t.document_key || iif(nth > 1, '#' || nth, '') AS note_key,
    max(final_key) FILTER (WHERE entity = 'deal') AS deal_key,
    max(final_key) FILTER (WHERE entity = 'person') AS person_key,
    max(final_key) FILTER (WHERE entity = 'organization') AS organization_key,
    max(final_key) FILTER (WHERE entity = 'lead') AS lead_key,
    max(final_key) FILTER (WHERE entity = 'activity') AS activity_key
FROM (
    SELECT document_key, entity, final_key, row_number() OVER (PARTITION BY document_key, entity ORDER BY min(seq), final_key) AS nth
    FROM final_document_target
    GROUP BY document_key, entity, final_key
) AS t
JOIN clean_document AS d ON d.document_key = t.document_key
GROUP BY t.document_key, nth;

-- +goose Down
DROP VIEW final_document_upload;
DROP VIEW final_document_target;
DROP TABLE clean_document_link;
DROP TABLE clean_document;
DROP TABLE document_blob;
