-- +goose Up
-- Typed and normalised: one row per live record. Multi-valued columns are JSON arrays.
-- Keys look like 'contact:1001' and stay the same from run to run.

-- How the source as a whole is to be read: one row, each value from a decision, the source or a flag.
CREATE TABLE clean_site (
    only_row         INTEGER PRIMARY KEY CHECK (only_row = 1),
    timezone         TEXT,                        -- IANA zone for stamps without an offset; NULL: there are none
    date_order       TEXT CHECK (date_order IN ('dmy', 'mdy')),
    decimal_mark     TEXT CHECK (decimal_mark IN ('.', ',')),
    list_separator   TEXT,
    default_currency TEXT,
    default_country  TEXT,                        -- ISO 3166 alpha-2, for phones without a country
    exclude_deleted  INTEGER NOT NULL CHECK (exclude_deleted IN (0, 1)),
    evidence         TEXT NOT NULL                -- JSON object: setting → where its value came from
) STRICT;

-- What a finding means and what to do about it: the table behind nextpipe explain CODE.
CREATE TABLE issue_rule (
    rule     TEXT PRIMARY KEY,
    severity TEXT NOT NULL CHECK (severity IN ('info', 'warning', 'error')),
    meaning  TEXT NOT NULL,
    action   TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- How each column of the source is to be read: decided once per column, never per cell.
CREATE TABLE profile (
    object       TEXT NOT NULL,
    field        TEXT NOT NULL,
    kind         TEXT NOT NULL CHECK (kind IN ('stamp', 'date', 'money', 'number', 'custom')),
    value_count  INTEGER NOT NULL,
    date_order   TEXT CHECK (date_order IN ('dmy', 'mdy')),
    decimal_mark TEXT CHECK (decimal_mark IN ('.', ',')),
    timezone     TEXT,
    evidence     TEXT NOT NULL,
    PRIMARY KEY (object, field)
) STRICT, WITHOUT ROWID;

CREATE TABLE clean_user (
    user_key   TEXT PRIMARY KEY,                  -- user:<source id>
    row_id     INTEGER NOT NULL,
    source_id  TEXT,
    name       TEXT,
    email      TEXT,                              -- lower-case; how owners are matched
    login      TEXT,
    role       TEXT,
    is_active  INTEGER NOT NULL CHECK (is_active IN (0, 1)),
    row_hash   TEXT NOT NULL
) STRICT;
CREATE INDEX clean_user_source ON clean_user (source_id);

-- Every word that records use to name a user: id, e-mail, login or name, if it means one user only.
CREATE TABLE clean_user_ref (
    ref      TEXT PRIMARY KEY,
    user_key TEXT NOT NULL,
    email    TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE clean_custom_field (
    object      TEXT NOT NULL CHECK (object IN ('account', 'contact', 'deal')),
    slug        TEXT NOT NULL,                    -- key in the custom JSON of clean_<object>
    label       TEXT NOT NULL,
    source_type TEXT,                             -- as declared by the source, when it declares one
    value_type  TEXT NOT NULL CHECK (value_type IN ('text', 'long_text', 'number', 'money', 'date', 'stamp',
        'time', 'boolean', 'option', 'options', 'phone', 'url', 'email', 'user', 'json')),
    options     TEXT,                             -- JSON array of declared option labels
    declared    INTEGER NOT NULL CHECK (declared IN (0, 1)),
    value_count INTEGER NOT NULL,
    distinct_count INTEGER NOT NULL,              -- counted up to 200
    max_length  INTEGER NOT NULL,
    samples     TEXT NOT NULL,                    -- JSON array of up to five values
    undeclared  TEXT,                             -- JSON array of up to 200 values that are not among the options
    PRIMARY KEY (object, slug)
) STRICT, WITHOUT ROWID;

CREATE TABLE clean_tag (
    tag_key TEXT PRIMARY KEY,                     -- folded title
    title   TEXT NOT NULL,
    row_id  INTEGER,                              -- NULL: met only on records
    source_id TEXT,
    description TEXT,
    uses_contact INTEGER NOT NULL DEFAULT 0,
    uses_account INTEGER NOT NULL DEFAULT 0,
    uses_deal    INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE clean_list (
    list_key TEXT PRIMARY KEY,
    title    TEXT NOT NULL,
    row_id   INTEGER,
    source_id TEXT,
    description TEXT,
    uses     INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- Tags and lists that membership files give to contacts, by what names the contact there.
CREATE TABLE clean_membership (
    ref   TEXT PRIMARY KEY,                       -- contact:<source id> or email:<address>
    tags  TEXT NOT NULL,                          -- JSON array of tag titles
    lists TEXT NOT NULL                           -- JSON array of list titles
) STRICT, WITHOUT ROWID;

CREATE TABLE clean_stage (
    stage_key   TEXT PRIMARY KEY,                 -- stage:<source id> or stage:<pipeline>/<stage>, folded
    row_id      INTEGER,
    source_id   TEXT,
    pipeline    TEXT,                             -- NULL: the source has one implicit pipeline
    name        TEXT NOT NULL,
    position    INTEGER,
    probability INTEGER CHECK (probability BETWEEN 0 AND 100),
    stage_kind  TEXT,
    origin      TEXT NOT NULL CHECK (origin IN ('record', 'mention'))
) STRICT;

CREATE TABLE clean_account (
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
CREATE INDEX clean_account_strict ON clean_account (name_strict);
CREATE INDEX clean_account_source ON clean_account (source_id);

-- Every spelling of a company name met in the source, and the account it means.
CREATE TABLE clean_company_spelling (
    spelling    TEXT PRIMARY KEY,                 -- verbatim
    name        TEXT NOT NULL,                    -- fit for display
    name_strict TEXT NOT NULL,
    account_key TEXT NOT NULL,                    -- the oldest account of that name, else account:name:<folded name>
    mentions    INTEGER NOT NULL                  -- contacts and deals that write it so
) STRICT, WITHOUT ROWID;

-- Companies that contacts and deals name but no account record has.
CREATE TABLE clean_account_mention (
    name_strict TEXT PRIMARY KEY,
    account_key TEXT NOT NULL UNIQUE,             -- account:name:<folded name>
    name        TEXT NOT NULL,                    -- first spelling met
    name_loose  TEXT NOT NULL,
    mentions    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE clean_contact (
    contact_key  TEXT NOT NULL,                   -- contact:<source id>; unique by its index, which bulk loads build last
    row_id       INTEGER PRIMARY KEY,
    source_id    TEXT,
    name         TEXT NOT NULL,
    name_origin  TEXT NOT NULL CHECK (name_origin IN ('name', 'email', 'phone', 'company')),
    first_name   TEXT,
    last_name    TEXT,
    prefix       TEXT,
    name_key     TEXT,                            -- folded words of the name, sorted; where there is no source id
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
CREATE UNIQUE INDEX clean_contact_key ON clean_contact (contact_key);

-- How deals name contacts, and which contact that is.
CREATE TABLE clean_contact_ref (
    ref         TEXT PRIMARY KEY,                 -- contact:<source id> or email:<address>
    contact_key TEXT NOT NULL,
    name        TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE clean_deal (
    deal_key     TEXT PRIMARY KEY,                -- deal:<source id>
    row_id       INTEGER NOT NULL UNIQUE,
    source_id    TEXT,
    title        TEXT NOT NULL,
    title_origin TEXT NOT NULL CHECK (title_origin IN ('title', 'contact', 'account', 'id')),
    value        TEXT,                            -- exact decimal
    currency     TEXT,                            -- ISO 4217
    currency_origin TEXT CHECK (currency_origin IN ('record', 'sign', 'default')),
    expected_revenue TEXT,
    status       TEXT,                            -- folded source status
    outcome_hint TEXT,                            -- close_reason of the audit log, won or lost words of the export
    probability  INTEGER CHECK (probability BETWEEN 0 AND 100),
    category     TEXT,                            -- opportunity type or plugin pipeline: what the map turns into a pipeline
    stage_key    TEXT,
    stage        TEXT,
    account_key  TEXT,
    contact_key  TEXT,
    contact_email TEXT,
    participants TEXT NOT NULL DEFAULT '[]',      -- JSON array of contact keys
    expected_close_on TEXT,
    won_at       TEXT,
    lost_at      TEXT,
    lost_reason  TEXT,
    next_step    TEXT,
    description  TEXT,
    tags         TEXT NOT NULL DEFAULT '[]',
    delivery_on  TEXT,
    stage_entered_at TEXT,
    approval_status TEXT,
    approval_note TEXT,
    owner_email  TEXT,
    created_at   TEXT,
    updated_at   TEXT,
    custom       TEXT NOT NULL DEFAULT '{}',
    row_hash     TEXT NOT NULL
) STRICT;
CREATE INDEX clean_deal_source ON clean_deal (source_id);

-- Staging rows that did not become a clean row, each with its reason.
CREATE TABLE clean_drop (
    object   TEXT NOT NULL CHECK (object IN ('user', 'account', 'contact', 'deal')),
    row_id   INTEGER NOT NULL,
    source_id TEXT,
    fate     TEXT NOT NULL CHECK (fate IN ('merged', 'rejected', 'excluded')),
    into_key TEXT,                                -- the clean row a repeated record was merged into
    rule     TEXT NOT NULL,
    reason   TEXT NOT NULL,
    PRIMARY KEY (object, row_id),
    CHECK ((fate = 'merged') = (into_key IS NOT NULL))
) STRICT, WITHOUT ROWID;

CREATE TABLE issue (
    issue_id  INTEGER PRIMARY KEY,
    rule      TEXT NOT NULL,                      -- stable code, explained by nextpipe explain
    severity  TEXT NOT NULL CHECK (severity IN ('info', 'warning', 'error')),
    object    TEXT NOT NULL,
    record_key TEXT,
    row_id    INTEGER,
    field     TEXT,
    value     TEXT,
    hint      TEXT
) STRICT;
CREATE INDEX issue_by_rule ON issue (rule);
CREATE INDEX issue_record ON issue (record_key);

-- +goose Down
DROP TABLE issue;
DROP TABLE clean_drop;
DROP TABLE clean_deal;
DROP TABLE clean_contact_ref;
DROP TABLE clean_contact;
DROP TABLE clean_account_mention;
DROP TABLE clean_company_spelling;
DROP TABLE clean_account;
DROP TABLE clean_stage;
DROP TABLE clean_membership;
DROP TABLE clean_list;
DROP TABLE clean_tag;
DROP TABLE clean_custom_field;
DROP TABLE clean_user_ref;
DROP TABLE clean_user;
DROP TABLE profile;
DROP TABLE issue_rule;
DROP TABLE clean_site;
