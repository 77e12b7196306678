-- +goose Up
-- Segments: what they ask, where the map sends them and whom they hold; and who sees what is made.

-- What rules and conditions of the source mean by an id.
CREATE TABLE clean_rule_ref (
    kind  TEXT NOT NULL CHECK (kind IN ('tag', 'list', 'custom_field')),
    ref   TEXT NOT NULL,                          -- id in the source
    means TEXT NOT NULL,                          -- title of the tag or list, slug of the field
    PRIMARY KEY (kind, ref)
) STRICT, WITHOUT ROWID;

CREATE TABLE clean_segment (
    segment_key TEXT PRIMARY KEY,                 -- segment:<source id>, segment:row:<row_id>
    row_id      INTEGER NOT NULL UNIQUE,
    source_id   TEXT,
    title       TEXT NOT NULL,
    shape       TEXT,                             -- plugin in whose grammar the rules are; NULL: not readable
    rules       INTEGER NOT NULL,                 -- how many
    definition  TEXT NOT NULL,                    -- JSON as it came
    as_of       TEXT                              -- UTC: when the source was as it is here
) STRICT, WITHOUT ROWID;

-- What becomes of each segment: a filter that goes on working, or the people it held, frozen.
CREATE TABLE map_segment (
    map_key     TEXT PRIMARY KEY,                 -- segment_key
    title       TEXT NOT NULL,
    action      TEXT NOT NULL CHECK (action IN ('filter', 'frozen', 'skip')),
    name        TEXT NOT NULL,                    -- what filter and option are called after
    translation TEXT NOT NULL CHECK (translation IN ('full', 'partial', 'none')),
    reasons     TEXT NOT NULL CHECK (json_valid(reasons)), -- JSON array of codes why it is not full
    rule_text   TEXT NOT NULL,                    -- the whole segment in words
    rules       INTEGER NOT NULL,
    members     INTEGER NOT NULL,                 -- people who belonged to it as_of
    undecided   INTEGER NOT NULL,                 -- people of whom the source does not say
    as_of       TEXT NOT NULL,                    -- day at the site
    conditions  TEXT CHECK (conditions IS NULL OR json_valid(conditions)), -- of the filter, in symbols; NULL when there can be none
    evidence    TEXT NOT NULL,
    confidence  REAL NOT NULL CHECK (confidence BETWEEN 0 AND 1),
    decided_by  TEXT
) STRICT, WITHOUT ROWID;

-- Rule by rule: what it asks, and its counterpart or why there is none.
CREATE TABLE map_segment_rule (
    segment_key  TEXT NOT NULL,
    position     INTEGER NOT NULL,
    part         INTEGER NOT NULL,                -- rules of one part hold together; one part is enough
    is_exception INTEGER NOT NULL CHECK (is_exception IN (0, 1)), -- who meets this part is left out
    rule_text    TEXT NOT NULL,
    counterpart  TEXT,                            -- the conditions of the filter in words
    reasons      TEXT NOT NULL CHECK (json_valid(reasons)), -- JSON array of codes
    explanation  TEXT NOT NULL,                   -- the reasons in words; '' when it is exact
    PRIMARY KEY (segment_key, position)
) STRICT, WITHOUT ROWID;

-- Who belongs to the segments that are frozen.
CREATE TABLE map_segment_member (
    contact_key TEXT NOT NULL,                    -- golden_contact
    segment_key TEXT NOT NULL,
    name        TEXT NOT NULL,                    -- map_segment
    PRIMARY KEY (contact_key, segment_key)
) STRICT, WITHOUT ROWID;

-- Tags that become options say of which field: scores and steps of the life cycle have one each.
ALTER TABLE map_label ADD COLUMN field TEXT;        -- its name; NULL unless action is field
ALTER TABLE map_label ADD COLUMN source_field TEXT; -- its row of map_field

-- visible_to of what is created: the entity's own setting, else that for all; NULL: the account's default.
CREATE VIEW map_visibility AS
SELECT e.column1 AS entity, CAST(coalesce(nullif(own.value, ''), nullif(every.value, '')) AS INTEGER) AS visible_to
FROM (VALUES ('organization'), ('person'), ('deal'), ('lead'), ('product')) AS e
LEFT JOIN map_setting AS own ON own.map_key = 'visible_to_' || e.column1
LEFT JOIN map_setting AS every ON every.map_key = 'visible_to';

-- +goose Down
DROP VIEW map_visibility;
ALTER TABLE map_label DROP COLUMN source_field;
ALTER TABLE map_label DROP COLUMN field;
DROP TABLE map_segment_member;
DROP TABLE map_segment_rule;
DROP TABLE map_segment;
DROP TABLE clean_segment;
DROP TABLE clean_rule_ref;
