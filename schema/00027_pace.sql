-- +goose Up
-- What keeps us from sending, across processes, and whose token sent what.

-- One row per address whose network has shut us out: no command talks to it before until_at.
CREATE TABLE blocked (
    host      TEXT PRIMARY KEY,                   -- host of the account's address
    target_id INTEGER REFERENCES target,          -- NULL: it shut us out before it said who it is
    since_at  TEXT NOT NULL,
    until_at  TEXT NOT NULL,
    times     INTEGER NOT NULL,                   -- blocks in a row; each is longer than the one before
    why       TEXT NOT NULL                       -- the page it answered with, shortened
) STRICT;

ALTER TABLE http_log ADD COLUMN user_id TEXT;     -- user of the token it was sent with

-- +goose Down
ALTER TABLE http_log DROP COLUMN user_id;
DROP TABLE blocked;
