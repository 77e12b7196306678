-- +goose Up
-- A plan may take away what NextCRM no longer has. Plans can be made again at any time.
DROP TABLE plan_op;
DELETE FROM plan;
CREATE TABLE plan_op (
    plan_id    INTEGER NOT NULL REFERENCES plan ON DELETE CASCADE,
    seq        INTEGER NOT NULL,                  -- order of sending
    entity     TEXT NOT NULL,
    final_key  TEXT NOT NULL,
    action     TEXT NOT NULL CHECK (action IN ('create', 'update', 'delete', 'unchanged', 'blocked', 'kept')),
    pipedrive_id TEXT,
    body       TEXT,                              -- update: the changed keys, symbolic; a create sends the whole payload
    base       TEXT,                              -- update: what those keys held in the account when planned
    reason     TEXT,
    tokens     INTEGER NOT NULL,
    PRIMARY KEY (plan_id, seq),
    UNIQUE (plan_id, entity, final_key),
    CHECK ((action = 'update') = (body IS NOT NULL)),
    CHECK (action NOT IN ('delete', 'blocked', 'kept') OR reason IS NOT NULL)
) STRICT, WITHOUT ROWID;

-- +goose Down
DELETE FROM plan_op WHERE action = 'delete';
