-- +goose Up
-- Leads, targets and people found for targets: persons nobody has talked to yet. They become rows of clean_contact
-- beside the contacts, so that duplicates, the map and the build treat them alike.

-- Whether each staged lead, target and found person lives, and which row of clean_contact is kept for it.
CREATE TABLE clean_prospect (
    object       TEXT NOT NULL CHECK (object IN ('lead', 'target', 'target_contact')),
    row_id       INTEGER NOT NULL,
    source_id    TEXT,
    prospect_key TEXT NOT NULL,                   -- lead:<source id>, target:<source id>, target_contact:<source id>
    contact_row  INTEGER NOT NULL UNIQUE,         -- row_id in clean_contact: beyond all rows of stg_contact
    fate         TEXT NOT NULL CHECK (fate IN ('live', 'merged', 'excluded')),
    into_key     TEXT,                            -- the prospect that a repeated record repeats
    rule         TEXT,
    reason       TEXT,
    PRIMARY KEY (object, row_id),
    CHECK ((fate = 'merged') = (into_key IS NOT NULL)),
    CHECK ((fate = 'live') = (reason IS NULL))
) STRICT, WITHOUT ROWID;

-- Addresses that must get no mail. An address counts, not the record: contacts have no consent of their own.
CREATE TABLE clean_opt_out (
    email    TEXT PRIMARY KEY,
    consent  TEXT NOT NULL CHECK (consent IN ('complained', 'bounced', 'unsubscribed')),
    evidence TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Pairs of clean contacts that the source itself calls one person.
CREATE TABLE clean_same_person (
    contact_key  TEXT NOT NULL,
    prospect_key TEXT NOT NULL,
    why          TEXT NOT NULL,
    PRIMARY KEY (prospect_key)                    -- a prospect becomes one contact
) STRICT, WITHOUT ROWID;

CREATE TABLE clean_lead (
    lead_key     TEXT PRIMARY KEY,                -- lead:<source id>
    row_id       INTEGER NOT NULL UNIQUE,
    source_id    TEXT,
    title        TEXT NOT NULL,                   -- person and company, else either
    contact_key  TEXT,                            -- its person in clean_contact; NULL: only a company is known
    account_key  TEXT,                            -- clean_account or clean_account_mention
    company      TEXT,                            -- as written, where it is not the account's name
    status       TEXT,
    source       TEXT,
    type         TEXT,
    campaign     TEXT,
    referred_by  TEXT,
    description  TEXT,
    value        TEXT,                            -- exact decimal; only forks keep one
    currency     TEXT,                            -- ISO 4217
    owner_email  TEXT,
    created_at   TEXT,                            -- UTC, RFC 3339
    updated_at   TEXT,
    custom       TEXT NOT NULL DEFAULT '{}',      -- JSON object: columns of a fork, as they stand
    row_hash     TEXT NOT NULL
) STRICT;

-- One row per lead and value that Pipedrive's leads have no key for. The map gives it a custom field, or it stands in a
-- note beside the lead. Those that deals have too share the fields of deals, which leads inherit.
CREATE VIEW final_lead_value AS
SELECT l.lead_key, 1 AS position, 'lead:status' AS source_field, 'Lead status' AS name, l.status AS value FROM clean_lead AS l WHERE l.status IS NOT NULL
UNION ALL
SELECT l.lead_key, 2, 'lead:source', 'Lead source', l.source FROM clean_lead AS l WHERE l.source IS NOT NULL
UNION ALL
SELECT l.lead_key, 3, 'lead:type', 'Lead type', l.type FROM clean_lead AS l WHERE l.type IS NOT NULL
UNION ALL
SELECT l.lead_key, 4, 'lead:campaign', 'Campaign', l.campaign FROM clean_lead AS l WHERE l.campaign IS NOT NULL
UNION ALL
SELECT l.lead_key, 5, 'lead:referred_by', 'Referred by', l.referred_by FROM clean_lead AS l WHERE l.referred_by IS NOT NULL
UNION ALL
SELECT l.lead_key, 6, 'lead:company', 'Company', l.company FROM clean_lead AS l WHERE l.company IS NOT NULL
UNION ALL
SELECT l.lead_key, 7, 'original_owner', 'Original owner', l.owner_email
FROM clean_lead AS l LEFT JOIN map_user AS u ON u.map_key = l.owner_email
LEFT JOIN map_setting AS k ON k.map_key = 'keep_source_owner'
WHERE l.owner_email IS NOT NULL AND (k.value = 'always' OR u.target_email IS NULL AND k.value IS NOT 'never')
UNION ALL
SELECT l.lead_key, 8, 'created_at', 'Created in NextCRM', l.created_at FROM clean_lead AS l WHERE l.created_at IS NOT NULL
UNION ALL
SELECT l.lead_key, 9, 'updated_at', 'Updated in NextCRM', l.updated_at FROM clean_lead AS l WHERE l.updated_at IS NOT NULL
UNION ALL
SELECT l.lead_key, 10, 'lead:custom:' || j.key, j.key, j.value
FROM clean_lead AS l CROSS JOIN json_each(l.custom) AS j WHERE j.value <> ''
UNION ALL
SELECT l.lead_key, 11, 'description', 'Description', l.description FROM clean_lead AS l WHERE l.description IS NOT NULL;

-- +goose Down
DROP VIEW final_lead_value;
DROP TABLE clean_lead;
DROP TABLE clean_same_person;
DROP TABLE clean_opt_out;
DROP TABLE clean_prospect;
