-- +goose Up
-- Records that the doctor made to see what an account takes, and removed again.
-- A row is committed before its record is sent: what a killed probe left is found by it.
CREATE TABLE doctor_probe (
    probe_id     INTEGER PRIMARY KEY,
    target_id    INTEGER NOT NULL REFERENCES target,
    run_id       INTEGER NOT NULL REFERENCES run,
    entity       TEXT NOT NULL,
    marker       TEXT NOT NULL UNIQUE,            -- stands in the record's name or text
    hi_id        TEXT NOT NULL,                   -- highest id of the entity known before sending; '' when ids have no order
    state        TEXT NOT NULL CHECK (state IN ('intent', 'made', 'refused', 'absent', 'removed')),
    pipedrive_id TEXT,
    sent         TEXT NOT NULL CHECK (json_valid(sent)), -- the stamps that were sent
    seen         TEXT CHECK (seen IS NULL OR json_valid(seen)),   -- the same stamps as the account answered
    message      TEXT,                            -- of a refusal
    at           TEXT NOT NULL,                   -- of the intent
    ended_at     TEXT,
    CHECK (state NOT IN ('made', 'removed') OR pipedrive_id IS NOT NULL)
) STRICT;

-- +goose Down
DROP TABLE doctor_probe;
