-- +goose Up
-- The newest record of each kind before the first of ours was sent: what is newer and ours, but unknown here,
-- was made by another copy of the warehouse.
CREATE TABLE load_floor (
    target_id INTEGER NOT NULL REFERENCES target,
    entity    TEXT NOT NULL,
    hi_id     TEXT NOT NULL,                      -- '0' when there was none
    taken_at  TEXT NOT NULL,
    PRIMARY KEY (target_id, entity)
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE load_floor;
