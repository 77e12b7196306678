-- +goose Up
-- Who this warehouse belongs to, which account it speaks to, and what ran when.

CREATE TABLE setup (
    only_row       INTEGER PRIMARY KEY CHECK (only_row = 1),
    source_edition TEXT NOT NULL CHECK (source_edition IN ('open-source', 'plugin')),
    source_id      TEXT NOT NULL,                 -- fingerprint; a second source is refused
    source_tag     TEXT NOT NULL,                 -- six hex digits of it, the prefix of every marker
    source_name    TEXT NOT NULL,                 -- shown to people; never holds a password
    source_timezone TEXT,
    tool_version   TEXT NOT NULL,
    created_at     TEXT NOT NULL
) STRICT;

CREATE TABLE target (
    target_id    INTEGER PRIMARY KEY,
    company_id   TEXT NOT NULL UNIQUE,
    domain       TEXT NOT NULL,
    name         TEXT NOT NULL,
    base_url     TEXT NOT NULL,
    fingerprint  TEXT NOT NULL,
    role         TEXT NOT NULL CHECK (role IN ('rehearsal', 'production')),
    is_local     INTEGER NOT NULL CHECK (is_local IN (0, 1)),  -- a stand-in on this machine: its sign-off opens no real account
    structure_at TEXT,                            -- when its fields, stages and users were read; NULL again after a rollback
    snapshot_at  TEXT,                            -- when dest_record was complete; renewed until our first write
    token_user_id    TEXT NOT NULL,
    token_user_email TEXT NOT NULL,
    declared_by  TEXT NOT NULL,
    declared_at  TEXT NOT NULL
) STRICT;

CREATE TABLE run (
    run_id      INTEGER PRIMARY KEY,
    command     TEXT NOT NULL,
    target_id   INTEGER REFERENCES target,
    started_at  TEXT NOT NULL,
    finished_at TEXT,
    exit_code   INTEGER,
    CHECK ((finished_at IS NULL) = (exit_code IS NULL))
) STRICT;

CREATE TABLE stage_run (
    stage_run_id INTEGER PRIMARY KEY,
    run_id       INTEGER NOT NULL REFERENCES run,
    stage        TEXT NOT NULL,
    target_id    INTEGER REFERENCES target,
    started_at   TEXT NOT NULL,
    finished_at  TEXT,
    state        TEXT NOT NULL CHECK (state IN ('running', 'done', 'failed')),
    row_count    INTEGER,
    summary      TEXT,
    error        TEXT,
    CHECK ((state = 'running') = (finished_at IS NULL))
) STRICT;
CREATE INDEX stage_run_stage ON stage_run (stage, stage_run_id);

CREATE TABLE gate (
    gate_id   INTEGER PRIMARY KEY,
    name      TEXT NOT NULL,                      -- map_confirmed, rehearsal_signed, quarantine_overridden …
    target_id INTEGER REFERENCES target,
    seal      TEXT NOT NULL,                      -- hash of what was confirmed; another hash reopens the gate
    is_open   INTEGER NOT NULL CHECK (is_open IN (0, 1)),
    by_name   TEXT NOT NULL,
    reason    TEXT,
    at        TEXT NOT NULL
) STRICT;

CREATE TABLE signoff (
    signoff_id INTEGER PRIMARY KEY,
    target_id  INTEGER NOT NULL REFERENCES target,
    seal       TEXT NOT NULL,
    by_name    TEXT NOT NULL,
    note       TEXT,
    at         TEXT NOT NULL
) STRICT;

CREATE TABLE lock (
    only_row   INTEGER PRIMARY KEY CHECK (only_row = 1),
    pid        INTEGER NOT NULL,
    pid_started TEXT NOT NULL,                    -- start time of that process: a reused pid is not the holder
    host       TEXT NOT NULL,
    command    TEXT NOT NULL,
    taken_at   TEXT NOT NULL
) STRICT;

CREATE TABLE data_dictionary (
    table_name  TEXT NOT NULL,
    column_name TEXT NOT NULL,                    -- '' describes the table itself
    layer       TEXT NOT NULL,
    owner       TEXT NOT NULL,                    -- the package that writes the table
    description TEXT NOT NULL,
    PRIMARY KEY (table_name, column_name)
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE data_dictionary;
DROP TABLE lock;
DROP TABLE signoff;
DROP TABLE gate;
DROP TABLE stage_run;
DROP TABLE run;
DROP TABLE target;
DROP TABLE setup;
