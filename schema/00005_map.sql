-- +goose Up
-- The map says where things go. map_* are proposals and can be rebuilt at any time;
-- decide_*, fix_value hold a person's word and survive every rebuild.
-- The map speaks in names (e-mail, stage, label, field name), never in account ids.

-- A decision changes one column of one map row; the mapping stage applies it on top of its proposal.
CREATE TABLE decide_map (
    map_table TEXT NOT NULL,                      -- map_field, map_stage, map_user, …
    map_key   TEXT NOT NULL,                      -- the row's key as its column map_key shows it
    column_name TEXT NOT NULL,
    value     TEXT,
    by_name   TEXT NOT NULL,
    why       TEXT,
    at        TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')),
    PRIMARY KEY (map_table, map_key, column_name)
) STRICT, WITHOUT ROWID;

CREATE TABLE decide_cluster (
    decision_id INTEGER PRIMARY KEY,
    object   TEXT NOT NULL CHECK (object IN ('account', 'contact')),
    action   TEXT NOT NULL CHECK (action IN ('join', 'split')),
    a_key    TEXT NOT NULL,
    b_key    TEXT NOT NULL,
    by_name  TEXT NOT NULL,
    why      TEXT,
    at       TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')),
    UNIQUE (object, a_key, b_key)
) STRICT;

-- A corrected source value; the clean stage reads it instead of the staged one.
CREATE TABLE fix_value (
    object    TEXT NOT NULL,
    source_id TEXT NOT NULL,
    field     TEXT NOT NULL,                      -- column of stg_<object>
    value     TEXT,
    by_name   TEXT NOT NULL,
    why       TEXT,
    at        TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')),
    PRIMARY KEY (object, source_id, field)
) STRICT, WITHOUT ROWID;

CREATE TABLE map_setting (
    map_key    TEXT PRIMARY KEY,                  -- setting name, e.g. owner_fallback
    value      TEXT,
    evidence   TEXT NOT NULL,
    decided_by TEXT,                              -- NULL while it is only a proposal
    description TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE map_field (
    map_key      TEXT PRIMARY KEY,                -- <object>.<source field>
    object       TEXT NOT NULL CHECK (object IN ('account', 'contact', 'deal')),
    source_field TEXT NOT NULL,                   -- column of clean_<object>, or custom:<slug>
    entity       TEXT NOT NULL CHECK (entity IN ('organization', 'person', 'deal')),
    action       TEXT NOT NULL CHECK (action IN ('native', 'custom', 'details', 'skip')),
    target_field TEXT,                            -- native: the API's key; custom: our field key
    target_name  TEXT,                            -- custom: the name people see
    target_type  TEXT CHECK (target_type IN ('varchar', 'varchar_auto', 'text', 'double', 'monetary', 'date',
        'daterange', 'time', 'timerange', 'enum', 'set', 'user', 'org', 'people', 'phone', 'address')),
    position     INTEGER NOT NULL,
    value_count  INTEGER NOT NULL DEFAULT 0,
    evidence     TEXT NOT NULL,
    confidence   REAL NOT NULL CHECK (confidence BETWEEN 0 AND 1),
    decided_by   TEXT,
    CHECK ((action IN ('native', 'custom')) = (target_field IS NOT NULL)),
    CHECK ((action = 'custom') = (target_type IS NOT NULL))
) STRICT, WITHOUT ROWID;

-- Options of enum and set fields: what the source says → the label in Pipedrive.
CREATE TABLE map_option (
    map_key   TEXT PRIMARY KEY,                   -- <object>.<source field>=<value>
    object    TEXT NOT NULL,
    source_field TEXT NOT NULL,
    source_value TEXT NOT NULL,
    label     TEXT,                               -- NULL: the value is left out (by decision)
    position  INTEGER NOT NULL,
    uses      INTEGER NOT NULL,
    evidence  TEXT NOT NULL,
    confidence REAL NOT NULL CHECK (confidence BETWEEN 0 AND 1),
    decided_by TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE map_stage (
    map_key      TEXT PRIMARY KEY,                -- <category>/<stage key>
    category     TEXT NOT NULL,                   -- opportunity type or plugin pipeline; '' when there is none
    stage_key    TEXT NOT NULL,                   -- clean_stage; '' stands for deals without a stage
    source_stage TEXT,
    pipeline     TEXT NOT NULL,                   -- name in Pipedrive
    stage        TEXT NOT NULL,                   -- name in Pipedrive
    position     INTEGER NOT NULL,
    probability  INTEGER CHECK (probability BETWEEN 0 AND 100),
    outcome      TEXT CHECK (outcome IN ('won', 'lost')),  -- deals in this stage count as decided
    deals        INTEGER NOT NULL,
    evidence     TEXT NOT NULL,
    confidence   REAL NOT NULL CHECK (confidence BETWEEN 0 AND 1),
    decided_by   TEXT
) STRICT, WITHOUT ROWID;

-- The won/lost rule: first match in order of position decides.
CREATE TABLE map_status (
    map_key    TEXT PRIMARY KEY,
    position   INTEGER NOT NULL UNIQUE,
    source_status TEXT,                           -- NULL matches any
    outcome_hint  TEXT,                           -- NULL matches any; '*' any reason at all
    stage_outcome TEXT,                           -- NULL matches any
    status     TEXT NOT NULL CHECK (status IN ('open', 'won', 'lost')),
    deals      INTEGER NOT NULL,
    evidence   TEXT NOT NULL,
    decided_by TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE map_user (
    map_key      TEXT PRIMARY KEY,                -- source e-mail, lower-case
    source_name  TEXT,
    is_active    INTEGER CHECK (is_active IN (0, 1)),
    target_email TEXT,                            -- NULL: the fallback owner
    records      INTEGER NOT NULL,
    evidence     TEXT NOT NULL,
    confidence   REAL NOT NULL CHECK (confidence BETWEEN 0 AND 1),
    decided_by   TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE map_label (
    map_key  TEXT PRIMARY KEY,                    -- <entity>/<tag key>
    entity   TEXT NOT NULL CHECK (entity IN ('organization', 'person', 'deal')),
    tag_key  TEXT NOT NULL,
    title    TEXT NOT NULL,
    action   TEXT NOT NULL CHECK (action IN ('label', 'field', 'skip')),
    label    TEXT,                                -- label text, or option of the field "NextCRM tags"
    uses     INTEGER NOT NULL,
    evidence TEXT NOT NULL,
    confidence REAL NOT NULL CHECK (confidence BETWEEN 0 AND 1),
    decided_by TEXT
) STRICT, WITHOUT ROWID;

-- The SELECTs that build made of the map: each one runs in the sqlite3 shell as it stands.
CREATE TABLE map_sql (
    table_name TEXT PRIMARY KEY,
    sql        TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE map_sql;
DROP TABLE map_label;
DROP TABLE map_user;
DROP TABLE map_status;
DROP TABLE map_stage;
DROP TABLE map_option;
DROP TABLE map_field;
DROP TABLE map_setting;
DROP TABLE fix_value;
DROP TABLE decide_cluster;
DROP TABLE decide_map;
