-- +goose Up
-- What the doctor found in an account: whether it can take the migration, before anything is planned.
CREATE TABLE doctor_finding (
    target_id INTEGER NOT NULL REFERENCES target,
    code      TEXT NOT NULL,                      -- stable; nextpipe explain --what CODE
    severity  TEXT NOT NULL CHECK (severity IN ('info', 'warning', 'error')),
    what      TEXT NOT NULL,                      -- the permission, field, user, currency … it is about
    detail    TEXT NOT NULL,
    at        TEXT NOT NULL,                      -- UTC
    PRIMARY KEY (target_id, code, what)
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE doctor_finding;
