-- +goose Up
-- The source as it is: verbatim values as text, one table an object for both editions.
-- Staging tables are heaps: they are loaded in one sweep and carry no key but the row number.

CREATE TABLE source_item (
    source_table TEXT PRIMARY KEY,               -- file name or table name
    kind         TEXT NOT NULL CHECK (kind IN ('file', 'table')),
    object       TEXT,                           -- the staging object it feeds, when it feeds one
    row_count    INTEGER,                        -- rows extracted; for others an estimate, or NULL when unknown
    columns      TEXT,                           -- JSON array of its column names
    status       TEXT NOT NULL CHECK (status IN ('extracted', 'not yet extracted', 'skipped', 'unknown')),
    reason       TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE source_note (
    note_id      INTEGER PRIMARY KEY,
    severity     TEXT NOT NULL CHECK (severity IN ('info', 'warning', 'error')),
    code         TEXT NOT NULL,                  -- stable code, explained by nextpipe explain
    source_table TEXT NOT NULL,
    source_row   INTEGER,
    field        TEXT,
    message      TEXT NOT NULL,
    hint         TEXT
) STRICT;

CREATE TABLE stg_user (
    row_id INTEGER PRIMARY KEY,
    source_table TEXT NOT NULL,
    source_row INTEGER,
    source_id TEXT,
    name TEXT,
    email TEXT,
    login TEXT,
    role TEXT,
    status TEXT,
    language TEXT,
    created_at TEXT,
    updated_at TEXT,
    last_login_at TEXT,
    extra TEXT,
    row_hash TEXT NOT NULL
) STRICT;

CREATE TABLE stg_account (
    row_id INTEGER PRIMARY KEY,
    source_table TEXT NOT NULL,
    source_row INTEGER,
    source_id TEXT,
    name TEXT,
    status TEXT,
    type TEXT,
    industry_id TEXT,
    industry TEXT,
    description TEXT,
    email TEXT,
    phone TEXT,
    fax TEXT,
    website TEXT,
    registration_number TEXT,
    vat TEXT,
    annual_revenue TEXT,
    employees TEXT,
    parent_name TEXT,
    billing_street TEXT,
    billing_street_2 TEXT,
    billing_city TEXT,
    billing_state TEXT,
    billing_postal_code TEXT,
    billing_country TEXT,
    shipping_street TEXT,
    shipping_city TEXT,
    shipping_state TEXT,
    shipping_postal_code TEXT,
    shipping_country TEXT,
    linkedin_url TEXT,
    facebook_url TEXT,
    twitter_url TEXT,
    logo_url TEXT,
    case_study_approved TEXT,
    case_study_candidate TEXT,
    tags TEXT,
    owner_id TEXT,
    owner_email TEXT,
    owner_name TEXT,
    created_at TEXT,
    created_by TEXT,
    updated_at TEXT,
    updated_by TEXT,
    deleted_at TEXT,
    deleted_by TEXT,
    extra TEXT,
    row_hash TEXT NOT NULL
) STRICT;

CREATE TABLE stg_contact (
    row_id INTEGER PRIMARY KEY,
    source_table TEXT NOT NULL,
    source_row INTEGER,
    source_id TEXT,
    email TEXT,
    personal_email TEXT,
    first_name TEXT,
    last_name TEXT,
    full_name TEXT,
    prefix TEXT,
    job_title TEXT,
    phone TEXT,
    phone_2 TEXT,
    mobile TEXT,
    home_phone TEXT,
    website TEXT,
    description TEXT,
    account_id TEXT,
    legacy_account_id TEXT,
    company TEXT,
    company_list TEXT,
    company_id TEXT,
    address_1 TEXT,
    address_2 TEXT,
    city TEXT,
    state TEXT,
    postal_code TEXT,
    country TEXT,
    birthday TEXT,
    gender TEXT,
    rating TEXT,
    photo_url TEXT,
    timezone TEXT,
    ip_address TEXT,
    wordpress_user_id TEXT,
    consent_status TEXT,
    list_status TEXT,
    contact_type_id TEXT,
    contact_type TEXT,
    is_active TEXT,
    source TEXT,
    lists TEXT,
    tags TEXT,
    notes TEXT,
    linkedin_url TEXT,
    facebook_url TEXT,
    twitter_url TEXT,
    skype TEXT,
    instagram_url TEXT,
    youtube_url TEXT,
    tiktok_url TEXT,
    owner_id TEXT,
    owner_email TEXT,
    created_at TEXT,
    created_at_2 TEXT,
    created_by TEXT,
    updated_at TEXT,
    updated_by TEXT,
    last_activity_at TEXT,
    last_activity_by TEXT,
    confirmed_at TEXT,
    deleted_at TEXT,
    deleted_by TEXT,
    extra TEXT,
    row_hash TEXT NOT NULL
) STRICT;

CREATE TABLE stg_deal (
    row_id INTEGER PRIMARY KEY,
    source_table TEXT NOT NULL,
    source_row INTEGER,
    source_id TEXT,
    title TEXT,
    value TEXT,
    currency TEXT,
    expected_revenue TEXT,
    snapshot_rate TEXT,
    status TEXT,
    probability TEXT,
    pipeline TEXT,
    stage TEXT,
    stage_id TEXT,
    type_id TEXT,
    campaign_id TEXT,
    account_id TEXT,
    company TEXT,
    contact_id TEXT,
    contact_email TEXT,
    owner_id TEXT,
    owner_email TEXT,
    expected_close_date TEXT,
    won_at TEXT,
    lost_at TEXT,
    lost_reason TEXT,
    next_step TEXT,
    description TEXT,
    tags TEXT,
    delivery_deadline TEXT,
    stage_entered_at TEXT,
    approval_status TEXT,
    approval_note TEXT,
    approval_requested_at TEXT,
    approved_at TEXT,
    approved_by TEXT,
    created_at TEXT,
    created_at_2 TEXT,
    created_by TEXT,
    updated_at TEXT,
    updated_by TEXT,
    last_activity_at TEXT,
    last_activity_by TEXT,
    deleted_at TEXT,
    deleted_by TEXT,
    extra TEXT,
    row_hash TEXT NOT NULL
) STRICT;

CREATE TABLE stg_deal_contact (
    row_id INTEGER PRIMARY KEY,
    source_table TEXT NOT NULL,
    source_row INTEGER,
    source_id TEXT,
    deal_id TEXT,
    contact_id TEXT,
    extra TEXT,
    row_hash TEXT NOT NULL
) STRICT;

CREATE TABLE stg_stage (
    row_id INTEGER PRIMARY KEY,
    source_table TEXT NOT NULL,
    source_row INTEGER,
    source_id TEXT,
    pipeline TEXT,
    name TEXT,
    position TEXT,
    probability TEXT,
    stage_kind TEXT,
    extra TEXT,
    row_hash TEXT NOT NULL
) STRICT;

CREATE TABLE stg_deal_type (
    row_id INTEGER PRIMARY KEY,
    source_table TEXT NOT NULL,
    source_row INTEGER,
    source_id TEXT,
    name TEXT,
    position TEXT,
    extra TEXT,
    row_hash TEXT NOT NULL
) STRICT;

CREATE TABLE stg_industry (
    row_id INTEGER PRIMARY KEY,
    source_table TEXT NOT NULL,
    source_row INTEGER,
    source_id TEXT,
    name TEXT,
    extra TEXT,
    row_hash TEXT NOT NULL
) STRICT;

CREATE TABLE stg_contact_type (
    row_id INTEGER PRIMARY KEY,
    source_table TEXT NOT NULL,
    source_row INTEGER,
    source_id TEXT,
    name TEXT,
    extra TEXT,
    row_hash TEXT NOT NULL
) STRICT;

CREATE TABLE stg_tag (
    row_id INTEGER PRIMARY KEY,
    source_table TEXT NOT NULL,
    source_row INTEGER,
    source_id TEXT,
    title TEXT,
    slug TEXT,
    description TEXT,
    created_at TEXT,
    updated_at TEXT,
    extra TEXT,
    row_hash TEXT NOT NULL
) STRICT;

CREATE TABLE stg_list (
    row_id INTEGER PRIMARY KEY,
    source_table TEXT NOT NULL,
    source_row INTEGER,
    source_id TEXT,
    title TEXT,
    slug TEXT,
    description TEXT,
    is_public TEXT,
    created_at TEXT,
    extra TEXT,
    row_hash TEXT NOT NULL
) STRICT;

CREATE TABLE stg_contact_tag (
    row_id INTEGER PRIMARY KEY,
    source_table TEXT NOT NULL,
    source_row INTEGER,
    source_id TEXT,
    contact_id TEXT,
    email TEXT,
    tag TEXT,
    created_at TEXT,
    extra TEXT,
    row_hash TEXT NOT NULL
) STRICT;

CREATE TABLE stg_contact_list (
    row_id INTEGER PRIMARY KEY,
    source_table TEXT NOT NULL,
    source_row INTEGER,
    source_id TEXT,
    contact_id TEXT,
    email TEXT,
    list TEXT,
    status TEXT,
    created_at TEXT,
    extra TEXT,
    row_hash TEXT NOT NULL
) STRICT;

CREATE TABLE stg_custom_field (
    row_id INTEGER PRIMARY KEY,
    source_table TEXT NOT NULL,
    source_row INTEGER,
    source_id TEXT,
    object TEXT,
    slug TEXT,
    label TEXT,
    type TEXT,
    options TEXT,
    field_group TEXT,
    required TEXT,
    extra TEXT,
    row_hash TEXT NOT NULL
) STRICT;

CREATE TABLE stg_setting (
    row_id INTEGER PRIMARY KEY,
    source_table TEXT NOT NULL,
    source_row INTEGER,
    source_id TEXT,
    key TEXT,
    value TEXT,
    extra TEXT,
    row_hash TEXT NOT NULL
) STRICT;

CREATE TABLE stg_currency (
    row_id INTEGER PRIMARY KEY,
    source_table TEXT NOT NULL,
    source_row INTEGER,
    source_id TEXT,
    code TEXT,
    name TEXT,
    symbol TEXT,
    is_enabled TEXT,
    is_default TEXT,
    extra TEXT,
    row_hash TEXT NOT NULL
) STRICT;

CREATE TABLE stg_deal_audit (
    row_id INTEGER PRIMARY KEY,
    source_table TEXT NOT NULL,
    source_row INTEGER,
    source_id TEXT,
    deal_id TEXT,
    action TEXT,
    changes TEXT,
    user_id TEXT,
    created_at TEXT,
    extra TEXT,
    row_hash TEXT NOT NULL
) STRICT;

-- +goose Down
DROP TABLE stg_deal_audit;
DROP TABLE stg_currency;
DROP TABLE stg_setting;
DROP TABLE stg_custom_field;
DROP TABLE stg_contact_list;
DROP TABLE stg_contact_tag;
DROP TABLE stg_list;
DROP TABLE stg_tag;
DROP TABLE stg_contact_type;
DROP TABLE stg_industry;
DROP TABLE stg_deal_type;
DROP TABLE stg_stage;
DROP TABLE stg_deal_contact;
DROP TABLE stg_deal;
DROP TABLE stg_contact;
DROP TABLE stg_account;
DROP TABLE stg_user;
DROP TABLE source_note;
DROP TABLE source_item;
