-- +goose Up
-- What the account holds after the load, compared field by field, and the two ledgers.

CREATE TABLE seen_record (
    target_id    INTEGER NOT NULL REFERENCES target,
    entity       TEXT NOT NULL,
    pipedrive_id TEXT NOT NULL,
    marker       TEXT,
    data         TEXT NOT NULL,
    seen_at      TEXT NOT NULL,
    PRIMARY KEY (target_id, entity, pipedrive_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX seen_record_marker ON seen_record (target_id, entity, marker) WHERE marker IS NOT NULL;

CREATE TABLE difference (
    target_id    INTEGER NOT NULL REFERENCES target,
    entity       TEXT NOT NULL,
    final_key    TEXT,
    pipedrive_id TEXT,
    kind         TEXT NOT NULL CHECK (kind IN ('missing', 'surplus', 'value')),
    field        TEXT,
    want         TEXT,
    got          TEXT
) STRICT;
CREATE INDEX difference_target ON difference (target_id, entity);

-- Source ledger: extracted = loaded + merged + rejected + excluded + documented.
CREATE TABLE reconcile_source (
    target_id  INTEGER NOT NULL REFERENCES target,
    object     TEXT NOT NULL,
    extracted  INTEGER NOT NULL,
    final      INTEGER NOT NULL,
    merged     INTEGER NOT NULL,
    rejected   INTEGER NOT NULL,
    excluded   INTEGER NOT NULL,
    documented INTEGER NOT NULL,
    off_by     INTEGER NOT NULL,
    PRIMARY KEY (target_id, object)
) STRICT, WITHOUT ROWID;

-- Final ledger: planned = done + refused + blocked + quarantined + pending.
CREATE TABLE reconcile_final (
    target_id  INTEGER NOT NULL REFERENCES target,
    entity     TEXT NOT NULL,
    planned    INTEGER NOT NULL,
    done       INTEGER NOT NULL,
    refused    INTEGER NOT NULL,
    blocked    INTEGER NOT NULL,
    quarantined INTEGER NOT NULL,
    pending    INTEGER NOT NULL,
    off_by     INTEGER NOT NULL,
    PRIMARY KEY (target_id, entity)
) STRICT, WITHOUT ROWID;

-- Which final records a verify has compared: a sign-off covers these and no others.
CREATE TABLE verification (
    target_id   INTEGER PRIMARY KEY REFERENCES target,
    seal        TEXT NOT NULL,
    differences INTEGER NOT NULL,
    off_by      INTEGER NOT NULL,
    verified_at TEXT NOT NULL
) STRICT;

-- +goose Down
DROP TABLE verification;
DROP TABLE reconcile_final;
DROP TABLE reconcile_source;
DROP TABLE difference;
DROP TABLE seen_record;
