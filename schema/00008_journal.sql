-- +goose Up
-- What was sent and what became of it. Never rebuilt.

CREATE TABLE load_op (
    op_id        INTEGER PRIMARY KEY,
    target_id    INTEGER NOT NULL REFERENCES target,
    run_id       INTEGER NOT NULL REFERENCES run,
    entity       TEXT NOT NULL,                   -- organization, person, deal, pipeline, stage, person_field, …
    final_key    TEXT NOT NULL,                   -- final record, or the symbol of something provisioned
    verb         TEXT NOT NULL CHECK (verb IN ('create', 'update', 'delete')),
    purpose      TEXT NOT NULL CHECK (purpose IN ('load', 'provision', 'rollback')),
    state        TEXT NOT NULL CHECK (state IN ('intent', 'in_doubt', 'done', 'refused', 'not_sent', 'quarantined', 'blocked')),
    attempt      INTEGER NOT NULL,
    marker       TEXT,
    pipedrive_id TEXT,
    hi_id        TEXT,                            -- highest id of the entity known before sending
    symbolic     TEXT,                            -- body before binding
    body         TEXT,                            -- body as sent
    status       INTEGER,                         -- HTTP status, when there was an answer
    error_code   TEXT,
    message      TEXT,
    hint         TEXT,
    resolved_by  TEXT,                            -- answer, look-up, or a person
    looks        INTEGER NOT NULL DEFAULT 0,      -- look-ups that did not find it
    looked_at    TEXT,                            -- the first of them
    intent_at    TEXT NOT NULL,
    ended_at     TEXT,
    CHECK ((state IN ('intent', 'in_doubt')) = (ended_at IS NULL)),
    CHECK (state <> 'done' OR pipedrive_id IS NOT NULL),
    CHECK (verb = 'create' OR pipedrive_id IS NOT NULL)
) STRICT;
-- One open operation a record: a second intent before the first is settled is impossible.
CREATE UNIQUE INDEX load_op_open ON load_op (target_id, entity, final_key) WHERE state IN ('intent', 'in_doubt');
-- What was ever looked for in vain: twins can come of nothing else.
CREATE INDEX load_op_looked ON load_op (target_id, entity) WHERE looks > 0;
CREATE INDEX load_op_record ON load_op (target_id, entity, final_key, op_id);
CREATE INDEX load_op_bad ON load_op (target_id, state) WHERE state IN ('refused', 'quarantined', 'blocked');

CREATE TABLE link (
    target_id    INTEGER NOT NULL REFERENCES target,
    entity       TEXT NOT NULL,
    final_key    TEXT NOT NULL,
    part         TEXT NOT NULL DEFAULT '',
    pipedrive_id TEXT NOT NULL,
    marker       TEXT,
    state        TEXT NOT NULL CHECK (state IN ('live', 'gone', 'removed')),
    origin       TEXT NOT NULL CHECK (origin IN ('created', 'matched', 'adopted')),
    symbolic     TEXT NOT NULL,                   -- the final payload this record last agreed to
    sent         TEXT NOT NULL,                   -- values as sent, bound
    echoed       TEXT NOT NULL,                   -- the record as the account answered
    op_id        INTEGER REFERENCES load_op,
    linked_at    TEXT NOT NULL,
    updated_at   TEXT NOT NULL,
    PRIMARY KEY (target_id, entity, final_key, part)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX link_pipedrive ON link (target_id, entity, pipedrive_id) WHERE state = 'live';

-- One row per linked record and field that we sent.
CREATE VIEW link_value AS
SELECT l.target_id, l.entity, l.final_key, l.part, l.pipedrive_id, s.key AS field, s.value AS sent,
    e.value AS echoed
FROM link AS l, json_each(l.sent) AS s
LEFT JOIN json_each(l.echoed) AS e ON e.key = s.key;

CREATE TABLE before_image (
    target_id    INTEGER NOT NULL REFERENCES target,
    entity       TEXT NOT NULL,
    pipedrive_id TEXT NOT NULL,
    op_id        INTEGER NOT NULL REFERENCES load_op,
    image        TEXT NOT NULL CHECK (json_valid(image)),
    taken_at     TEXT NOT NULL,
    restored_at  TEXT,
    PRIMARY KEY (target_id, entity, pipedrive_id, op_id)
) STRICT, WITHOUT ROWID;

-- Records of ours that a rollback left in the account, each with its reason.
CREATE TABLE kept_record (
    target_id    INTEGER NOT NULL REFERENCES target,
    entity       TEXT NOT NULL,
    pipedrive_id TEXT NOT NULL,
    final_key    TEXT NOT NULL,
    why          TEXT NOT NULL,
    at           TEXT NOT NULL,
    PRIMARY KEY (target_id, entity, pipedrive_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE http_log (
    call_id    INTEGER PRIMARY KEY,
    target_id  INTEGER NOT NULL REFERENCES target,
    run_id     INTEGER REFERENCES run,
    at         TEXT NOT NULL,
    method     TEXT NOT NULL,
    path       TEXT NOT NULL,                     -- no query, no body, no token
    status     INTEGER,                           -- NULL: no answer
    ms         INTEGER NOT NULL,
    tokens     INTEGER NOT NULL,
    correlation_id TEXT
) STRICT;

-- Token ledger: one row a target and UTC day.
CREATE TABLE budget (
    target_id  INTEGER NOT NULL REFERENCES target,
    day        TEXT NOT NULL,
    spent      INTEGER NOT NULL,                  -- by us, counted from the documented cost of each call
    requests   INTEGER NOT NULL,
    daily_limit INTEGER,                          -- as the answers said, when they did
    remaining  INTEGER,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (target_id, day)
) STRICT, WITHOUT ROWID;

-- Every operation the account refused or a person must look at.
CREATE VIEW v_rejects AS
SELECT o.target_id, o.entity, o.final_key, o.state, o.status, o.error_code, o.message, o.hint, o.body AS payload, o.ended_at
FROM load_op AS o
WHERE o.state IN ('refused', 'quarantined', 'blocked')
  AND NOT EXISTS (
    SELECT 1 FROM load_op AS later
    WHERE later.target_id = o.target_id AND later.entity = o.entity
      AND later.final_key = o.final_key AND later.op_id > o.op_id);

-- +goose Down
DROP VIEW v_rejects;
DROP TABLE budget;
DROP TABLE http_log;
DROP TABLE kept_record;
DROP TABLE before_image;
DROP VIEW link_value;
DROP TABLE link;
DROP TABLE load_op;
