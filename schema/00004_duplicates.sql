-- +goose Up
-- What is the same as what, on which evidence, and which source row went into which final record.

-- Keys that too many records share to compare each with each: they were not searched for duplicates by it.
CREATE TABLE dup_block_skipped (
    object    TEXT NOT NULL CHECK (object IN ('account', 'contact')),
    block_key TEXT NOT NULL,                      -- what they share, e.g. e:info@acme.com
    members   INTEGER NOT NULL,
    PRIMARY KEY (object, block_key)
) STRICT, WITHOUT ROWID;

CREATE TABLE dup_account_pair (
    a_key      TEXT NOT NULL,
    b_key      TEXT NOT NULL CHECK (a_key < b_key),
    decision   TEXT NOT NULL CHECK (decision IN ('merge', 'review', 'distinct')),
    rule       TEXT NOT NULL,
    confidence REAL NOT NULL CHECK (confidence BETWEEN 0 AND 1),
    why        TEXT NOT NULL,
    PRIMARY KEY (a_key, b_key)
) STRICT, WITHOUT ROWID;

CREATE TABLE dup_account_cluster (
    cluster_id INTEGER PRIMARY KEY,
    final_key  TEXT NOT NULL UNIQUE,              -- of the merged record, in review of the first one; a linked key is inherited
    size       INTEGER NOT NULL CHECK (size > 0), -- 1: a record that inherits the linked key of one that is gone
    state      TEXT NOT NULL CHECK (state IN ('merged', 'review')),
    reason     TEXT NOT NULL
) STRICT;

-- Only records that share a cluster have a row; everybody else is a cluster of one.
CREATE TABLE dup_account_member (
    row_id     INTEGER PRIMARY KEY,               -- of clean_account
    account_key TEXT NOT NULL UNIQUE,
    cluster_id INTEGER NOT NULL,                  -- dup_account_cluster
    final_key  TEXT NOT NULL,                     -- the final record it goes into
    role       TEXT NOT NULL CHECK (role IN ('survivor', 'merged', 'alone')),  -- alone: kept apart for review
    rank       INTEGER NOT NULL,                  -- within the cluster; 1 is the survivor
    rule       TEXT NOT NULL,                     -- what joined it, or what made it survive
    why        TEXT NOT NULL
) STRICT;
CREATE INDEX dup_account_member_cluster ON dup_account_member (cluster_id, rank);

-- One row per merged cluster and field whose value is not simply the survivor's, or loses other members' values.
CREATE TABLE dup_account_value (
    final_key TEXT NOT NULL,
    field     TEXT NOT NULL,
    value     TEXT,
    from_key  TEXT NOT NULL,                      -- the member that gave it, or 'union'
    why       TEXT NOT NULL,
    lost      TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(lost)),  -- JSON array of {from,value}: what did not win
    PRIMARY KEY (final_key, field)
) STRICT, WITHOUT ROWID;

-- One row per merged cluster: the record that survives, fields filled from its members.
CREATE TABLE dup_account_golden (
    account_key  TEXT PRIMARY KEY,                -- account:<source id>, account:name:<folded name>
    row_id       INTEGER NOT NULL UNIQUE,
    source_id    TEXT,
    name         TEXT NOT NULL,
    name_strict  TEXT NOT NULL,                   -- folded, legal form kept
    name_loose   TEXT NOT NULL,                   -- folded, legal form dropped
    legal_form   TEXT,
    domain       TEXT,                            -- registrable domain; NULL for free-mail and social sites
    website      TEXT,
    email        TEXT,
    phone        TEXT,                            -- as written
    phone_e164   TEXT,
    fax          TEXT,
    registration_number TEXT,
    vat          TEXT,
    industry     TEXT,
    type         TEXT,
    status       TEXT,
    description  TEXT,
    employees    TEXT,
    annual_revenue TEXT,
    parent_name  TEXT,
    street       TEXT,
    city         TEXT,
    state        TEXT,
    postal_code  TEXT,
    country      TEXT,                            -- ISO 3166 alpha-2 when recognised, else as written
    country_code TEXT,
    shipping_address TEXT,                        -- one line
    linkedin_url TEXT,
    facebook_url TEXT,
    twitter_url  TEXT,
    tags         TEXT NOT NULL DEFAULT '[]',      -- JSON array of tag titles
    owner_email  TEXT,
    created_at   TEXT,                            -- UTC, RFC 3339
    updated_at   TEXT,
    custom       TEXT NOT NULL DEFAULT '{}',      -- JSON object slug -> cleaned value
    row_hash     TEXT NOT NULL
) STRICT;

-- One row per staging row: its fate and the final record it went into.
CREATE TABLE xw_account (
    row_id    INTEGER PRIMARY KEY,
    source_id TEXT,
    account_key TEXT,                               -- its clean row, when it has one
    fate      TEXT NOT NULL CHECK (fate IN ('final', 'merged', 'rejected', 'excluded', 'documented')),
    final_key TEXT,
    rule      TEXT,
    reason    TEXT,
    CHECK ((final_key IS NULL) = (fate IN ('rejected', 'excluded', 'documented')))
) STRICT;
CREATE INDEX xw_account_key ON xw_account (account_key);
CREATE INDEX xw_account_final ON xw_account (final_key);

-- One row per final account: records of their own and merged clusters together. Join to it from the left
-- or by key: as the right side of a LEFT JOIN it would be built as a whole first.
CREATE VIEW golden_account AS
SELECT c.* FROM clean_account AS c
WHERE NOT EXISTS (
    SELECT 1 FROM dup_account_member AS m WHERE m.row_id = c.row_id AND m.role <> 'alone')
UNION ALL
SELECT g.* FROM dup_account_golden AS g;

CREATE TABLE dup_contact_pair (
    a_key      TEXT NOT NULL,
    b_key      TEXT NOT NULL CHECK (a_key < b_key),
    decision   TEXT NOT NULL CHECK (decision IN ('merge', 'review', 'distinct')),
    rule       TEXT NOT NULL,
    confidence REAL NOT NULL CHECK (confidence BETWEEN 0 AND 1),
    why        TEXT NOT NULL,
    PRIMARY KEY (a_key, b_key)
) STRICT, WITHOUT ROWID;

CREATE TABLE dup_contact_cluster (
    cluster_id INTEGER PRIMARY KEY,
    final_key  TEXT NOT NULL UNIQUE,              -- of the merged record, in review of the first one; a linked key is inherited
    size       INTEGER NOT NULL CHECK (size > 0), -- 1: a record that inherits the linked key of one that is gone
    state      TEXT NOT NULL CHECK (state IN ('merged', 'review')),
    reason     TEXT NOT NULL
) STRICT;

-- Only records that share a cluster have a row; everybody else is a cluster of one.
CREATE TABLE dup_contact_member (
    row_id     INTEGER PRIMARY KEY,               -- of clean_contact
    contact_key TEXT NOT NULL UNIQUE,
    cluster_id INTEGER NOT NULL,                  -- dup_contact_cluster
    final_key  TEXT NOT NULL,                     -- the final record it goes into
    role       TEXT NOT NULL CHECK (role IN ('survivor', 'merged', 'alone')),  -- alone: kept apart for review
    rank       INTEGER NOT NULL,                  -- within the cluster; 1 is the survivor
    rule       TEXT NOT NULL,                     -- what joined it, or what made it survive
    why        TEXT NOT NULL
) STRICT;
CREATE INDEX dup_contact_member_cluster ON dup_contact_member (cluster_id, rank);

-- One row per merged cluster and field whose value is not simply the survivor's, or loses other members' values.
CREATE TABLE dup_contact_value (
    final_key TEXT NOT NULL,
    field     TEXT NOT NULL,
    value     TEXT,
    from_key  TEXT NOT NULL,                      -- the member that gave it, or 'union'
    why       TEXT NOT NULL,
    lost      TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(lost)),  -- JSON array of {from,value}: what did not win
    PRIMARY KEY (final_key, field)
) STRICT, WITHOUT ROWID;

-- One row per merged cluster: the record that survives, fields filled from its members.
CREATE TABLE dup_contact_golden (
    contact_key  TEXT PRIMARY KEY,                -- contact:<source id>
    row_id       INTEGER NOT NULL UNIQUE,
    source_id    TEXT,
    name         TEXT NOT NULL,
    name_origin  TEXT NOT NULL CHECK (name_origin IN ('name', 'email', 'phone', 'company')),
    first_name   TEXT,
    last_name    TEXT,
    prefix       TEXT,
    name_key     TEXT,                            -- folded name, order of words does not matter
    email        TEXT,                            -- primary valid address, lower-case
    mailbox_key  TEXT,                            -- the same without its plus tag
    emails       TEXT NOT NULL DEFAULT '[]',      -- JSON array of {value,label,primary}
    invalid_emails TEXT,                          -- JSON array of what could not be an address
    phone_e164   TEXT,
    phones       TEXT NOT NULL DEFAULT '[]',      -- JSON array of {value,label,primary,e164}
    job_title    TEXT,
    account_key  TEXT,                            -- clean_account or clean_account_mention
    company      TEXT,
    street       TEXT,
    city         TEXT,
    state        TEXT,
    postal_code  TEXT,
    country      TEXT,
    country_code TEXT,
    birthday     TEXT,
    gender       TEXT,
    rating       TEXT,
    website      TEXT,
    description  TEXT,
    contact_type TEXT,
    is_active    INTEGER CHECK (is_active IN (0, 1)),
    consent      TEXT CHECK (consent IN ('subscribed', 'pending', 'transactional', 'unsubscribed', 'bounced', 'complained')),
    source       TEXT,
    linkedin_url TEXT,
    facebook_url TEXT,
    twitter_url  TEXT,
    skype        TEXT,
    instagram_url TEXT,
    youtube_url  TEXT,
    tiktok_url   TEXT,
    photo_url    TEXT,
    timezone     TEXT,
    ip_address   TEXT,
    wordpress_user_id TEXT,
    notes        TEXT,                            -- JSON array of free notes kept on the record
    tags         TEXT NOT NULL DEFAULT '[]',      -- JSON array of tag titles
    lists        TEXT NOT NULL DEFAULT '[]',      -- JSON array of list titles
    owner_email  TEXT,
    created_at   TEXT,
    updated_at   TEXT,
    last_activity_at TEXT,
    confirmed_at TEXT,
    custom       TEXT NOT NULL DEFAULT '{}',
    row_hash     TEXT NOT NULL
) STRICT;

-- One row per staging row: its fate and the final record it went into.
CREATE TABLE xw_contact (
    row_id    INTEGER PRIMARY KEY,
    source_id TEXT,
    contact_key TEXT,                               -- its clean row, when it has one
    fate      TEXT NOT NULL CHECK (fate IN ('final', 'merged', 'rejected', 'excluded', 'documented')),
    final_key TEXT,
    rule      TEXT,
    reason    TEXT,
    CHECK ((final_key IS NULL) = (fate IN ('rejected', 'excluded', 'documented')))
) STRICT;
CREATE INDEX xw_contact_key ON xw_contact (contact_key);
CREATE INDEX xw_contact_final ON xw_contact (final_key);

-- One row per final contact: records of their own and merged clusters together. Join to it from the left
-- or by key: as the right side of a LEFT JOIN it would be built as a whole first.
CREATE VIEW golden_contact AS
SELECT c.* FROM clean_contact AS c
WHERE NOT EXISTS (
    SELECT 1 FROM dup_contact_member AS m WHERE m.row_id = c.row_id AND m.role <> 'alone')
UNION ALL
SELECT g.* FROM dup_contact_golden AS g;

-- Deals are never merged: their crosswalk is one row per staging row all the same.
CREATE TABLE xw_deal (
    row_id    INTEGER PRIMARY KEY,
    source_id TEXT,
    deal_key  TEXT,
    fate      TEXT NOT NULL CHECK (fate IN ('final', 'merged', 'rejected', 'excluded', 'documented')),
    final_key TEXT,
    rule      TEXT,
    reason    TEXT,
    CHECK ((final_key IS NULL) = (fate IN ('rejected', 'excluded', 'documented')))
) STRICT;
CREATE INDEX xw_deal_final ON xw_deal (final_key);

-- +goose Down
DROP TABLE xw_deal;
DROP VIEW golden_contact;
DROP TABLE xw_contact;
DROP TABLE dup_contact_golden;
DROP TABLE dup_contact_value;
DROP TABLE dup_contact_member;
DROP TABLE dup_contact_cluster;
DROP TABLE dup_contact_pair;
DROP VIEW golden_account;
DROP TABLE xw_account;
DROP TABLE dup_account_golden;
DROP TABLE dup_account_value;
DROP TABLE dup_account_member;
DROP TABLE dup_account_cluster;
DROP TABLE dup_account_pair;
DROP TABLE dup_block_skipped;
