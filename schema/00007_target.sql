-- +goose Up
-- The account's side: what it held before us, which of its ids our names are bound to, what we made, what is planned.

CREATE TABLE dest_user (
    target_id  INTEGER NOT NULL REFERENCES target,
    pipedrive_id TEXT NOT NULL,
    email      TEXT NOT NULL,
    name       TEXT,
    is_active  INTEGER NOT NULL CHECK (is_active IN (0, 1)),
    is_admin   INTEGER NOT NULL CHECK (is_admin IN (0, 1)),
    default_currency TEXT,
    timezone   TEXT,
    PRIMARY KEY (target_id, pipedrive_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE dest_field (
    target_id  INTEGER NOT NULL REFERENCES target,
    entity     TEXT NOT NULL,
    field_code TEXT NOT NULL,
    name       TEXT NOT NULL,
    field_type TEXT NOT NULL,
    is_custom  INTEGER NOT NULL CHECK (is_custom IN (0, 1)),
    PRIMARY KEY (target_id, entity, field_code)
) STRICT, WITHOUT ROWID;

CREATE TABLE dest_option (
    target_id  INTEGER NOT NULL REFERENCES target,
    entity     TEXT NOT NULL,
    field_code TEXT NOT NULL,
    option_id  TEXT NOT NULL,
    label      TEXT NOT NULL,
    PRIMARY KEY (target_id, entity, field_code, option_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE dest_pipeline (
    target_id    INTEGER NOT NULL REFERENCES target,
    pipedrive_id TEXT NOT NULL,
    name         TEXT NOT NULL,
    PRIMARY KEY (target_id, pipedrive_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE dest_stage (
    target_id    INTEGER NOT NULL REFERENCES target,
    pipedrive_id TEXT NOT NULL,
    pipeline_id  TEXT NOT NULL,
    name         TEXT NOT NULL,
    position     INTEGER,
    probability  INTEGER,
    PRIMARY KEY (target_id, pipedrive_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE dest_currency (
    target_id INTEGER NOT NULL REFERENCES target,
    code      TEXT NOT NULL,
    is_active INTEGER NOT NULL CHECK (is_active IN (0, 1)),
    decimals  INTEGER,
    PRIMARY KEY (target_id, code)
) STRICT, WITHOUT ROWID;

-- Records of the account before our first write, with the keys that matching needs.
CREATE TABLE dest_record (
    target_id    INTEGER NOT NULL REFERENCES target,
    entity       TEXT NOT NULL CHECK (entity IN ('organization', 'person', 'deal')),
    pipedrive_id TEXT NOT NULL,
    marker       TEXT,                            -- value of "NextCRM ID", when it has one
    name         TEXT NOT NULL,
    data         TEXT NOT NULL CHECK (json_valid(data)),
    taken_at     TEXT NOT NULL,
    PRIMARY KEY (target_id, entity, pipedrive_id)
) STRICT, WITHOUT ROWID;

-- A final record that matches records the account already had.
CREATE TABLE dest_match (
    target_id    INTEGER NOT NULL REFERENCES target,
    entity       TEXT NOT NULL,
    final_key    TEXT NOT NULL,
    pipedrive_id TEXT NOT NULL,
    decision     TEXT NOT NULL CHECK (decision IN ('merge', 'review')),
    rule         TEXT NOT NULL,
    why          TEXT NOT NULL,
    PRIMARY KEY (target_id, entity, final_key, pipedrive_id)
) STRICT, WITHOUT ROWID;

-- Symbol → id of this account: field codes, options, labels, stages, pipelines, users.
CREATE TABLE bind (
    target_id INTEGER NOT NULL REFERENCES target,
    kind      TEXT NOT NULL CHECK (kind IN ('field', 'option', 'label', 'pipeline', 'stage', 'user')),
    symbol    TEXT NOT NULL,                      -- person.plan_tier, person.plan_tier:Free, person:VIP, <stage key>, e-mail
    pipedrive_id TEXT NOT NULL,
    how       TEXT NOT NULL CHECK (how IN ('created', 'existing', 'fallback')),
    bound_at  TEXT NOT NULL,
    PRIMARY KEY (target_id, kind, symbol)
) STRICT, WITHOUT ROWID;

-- What we made in the account besides records: rollback removes nothing else.
CREATE TABLE provisioned (
    target_id    INTEGER NOT NULL REFERENCES target,
    kind         TEXT NOT NULL CHECK (kind IN ('field', 'option', 'label', 'pipeline', 'stage')),
    symbol       TEXT NOT NULL,
    pipedrive_id TEXT NOT NULL,
    parent_id    TEXT,                            -- field code of an option or label, pipeline of a stage
    run_id       INTEGER NOT NULL REFERENCES run,
    made_at      TEXT NOT NULL,
    removed_at   TEXT,
    PRIMARY KEY (target_id, kind, symbol)
) STRICT, WITHOUT ROWID;

CREATE TABLE plan (
    plan_id    INTEGER PRIMARY KEY,
    target_id  INTEGER NOT NULL REFERENCES target,
    seal       TEXT NOT NULL,
    tokens     INTEGER NOT NULL,
    floor      INTEGER NOT NULL,                  -- the least any correct run would spend
    after_op   INTEGER NOT NULL,                  -- newest load_op when the plan was made: later ones carry it out
    made_at    TEXT NOT NULL,
    is_current INTEGER NOT NULL CHECK (is_current IN (0, 1))
) STRICT;
CREATE UNIQUE INDEX plan_current ON plan (target_id) WHERE is_current = 1;

CREATE TABLE plan_op (
    plan_id    INTEGER NOT NULL REFERENCES plan ON DELETE CASCADE,
    seq        INTEGER NOT NULL,                  -- order of sending
    entity     TEXT NOT NULL,
    final_key  TEXT NOT NULL,
    action     TEXT NOT NULL CHECK (action IN ('create', 'update', 'unchanged', 'blocked', 'kept')),
    pipedrive_id TEXT,
    body       TEXT,                              -- update: the changed keys, symbolic; a create sends the whole payload
    base       TEXT,                              -- update: what those keys held in the account when planned
    reason     TEXT,
    tokens     INTEGER NOT NULL,
    PRIMARY KEY (plan_id, seq),
    UNIQUE (plan_id, entity, final_key),
    CHECK ((action = 'update') = (body IS NOT NULL)),
    CHECK (action NOT IN ('blocked', 'kept') OR reason IS NOT NULL)
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE plan_op;
DROP TABLE plan;
DROP TABLE provisioned;
DROP TABLE bind;
DROP TABLE dest_match;
DROP TABLE dest_record;
DROP TABLE dest_currency;
DROP TABLE dest_stage;
DROP TABLE dest_pipeline;
DROP TABLE dest_option;
DROP TABLE dest_field;
DROP TABLE dest_user;
