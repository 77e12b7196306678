-- +goose Up
-- Activities and notes: what happened, was written or is to be done, whatever object of the source tells it.

-- Rows that are set aside (deleted, repeated, empty) are kept with the reason, so that every staging row is here.
CREATE TABLE clean_activity (
    object       TEXT NOT NULL CHECK (object IN ('activity', 'note', 'task', 'email', 'calendar_event', 'todo')),
    row_id       INTEGER NOT NULL,
    activity_key TEXT NOT NULL,                   -- <object>:<source id>; email:<message id>
    source_id    TEXT,
    kind         TEXT NOT NULL,                   -- folded type of the source; '' when it has none
    title        TEXT,
    body         TEXT,                            -- safe HTML
    due          TEXT,                            -- YYYY-MM-DD: a day without a time; else RFC 3339, UTC
    due_origin   TEXT CHECK (due_origin IN ('due', 'date', 'created')),
    duration     TEXT,                            -- HH:MM:SS
    is_done      INTEGER NOT NULL CHECK (is_done IN (0, 1)),
    priority     TEXT CHECK (priority IN ('high', 'medium', 'low')),
    owner_email  TEXT,
    author       TEXT,                            -- who made it, readable
    author_email TEXT,
    created_at   TEXT,
    facts        TEXT NOT NULL CHECK (json_valid(facts)),  -- JSON array of [label, value]: what Pipedrive has no field for
    set_aside    TEXT CHECK (set_aside IN ('soft_deleted', 'repeated_record', 'repeated_id_conflict', 'same_mail', 'empty_note')),
    row_hash     TEXT NOT NULL,
    PRIMARY KEY (object, row_id)
) STRICT;
CREATE UNIQUE INDEX clean_activity_key ON clean_activity (activity_key) WHERE set_aside IS NULL;
CREATE INDEX clean_activity_any ON clean_activity (activity_key);

-- What an activity or note is about, as the source says it.
CREATE TABLE clean_activity_link (
    activity_key TEXT NOT NULL,
    object       TEXT NOT NULL,                   -- account, contact, deal, lead, target, contract, or a word of the source
    ref          TEXT NOT NULL,                   -- id, address or name as written
    record_key   TEXT,                            -- clean key of the record; NULL: it does not live
    name         TEXT,                            -- of the record, for people
    is_weak      INTEGER NOT NULL CHECK (is_weak IN (0, 1)),  -- 1: found by an address or a contract, not named as the parent
    link_object  TEXT,                            -- staging row of the link; NULL: a cell of the record
    link_row_id  INTEGER
) STRICT;
CREATE INDEX clean_activity_link_activity ON clean_activity_link (activity_key);
CREATE INDEX clean_activity_link_row ON clean_activity_link (link_object, link_row_id);

-- What becomes of each type: one row per object and type of the source.
CREATE TABLE map_activity_type (
    map_key    TEXT PRIMARY KEY,                  -- <object>/<kind>
    object     TEXT NOT NULL,
    kind       TEXT NOT NULL,
    action     TEXT NOT NULL CHECK (action IN ('activity', 'note', 'skip')),
    type_name  TEXT,                              -- of the activity type in Pipedrive
    icon       TEXT,                              -- one of Pipedrive's icons, for a type that has to be made
    uses       INTEGER NOT NULL,
    evidence   TEXT NOT NULL,
    confidence REAL NOT NULL CHECK (confidence BETWEEN 0 AND 1),
    decided_by TEXT,
    CHECK (action <> 'activity' OR type_name IS NOT NULL AND icon IS NOT NULL)
) STRICT, WITHOUT ROWID;

-- Steps between clean_activity and the finals, which an analyst can follow one by one.
CREATE TABLE final_link (
    activity_key TEXT NOT NULL,
    object       TEXT NOT NULL,
    ref          TEXT,                            -- NULL: follows from the person or the deal
    name         TEXT,
    is_weak      INTEGER NOT NULL,
    entity       TEXT,                            -- deal, person, organization, lead; NULL: nothing final
    final_key    TEXT,
    role         TEXT NOT NULL CHECK (role IN ('deal', 'primary', 'participant', 'organization', 'lead', 'named', 'repeat', 'lost')),
    link_object  TEXT,
    link_row_id  INTEGER
) STRICT;
CREATE INDEX final_link_activity ON final_link (activity_key, role);
CREATE INDEX final_link_row ON final_link (link_object, link_row_id);

CREATE TABLE final_fate (
    object       TEXT NOT NULL,
    row_id       INTEGER NOT NULL,
    source_id    TEXT,
    activity_key TEXT NOT NULL,
    action       TEXT NOT NULL CHECK (action IN ('activity', 'note', 'skip')),
    type_name    TEXT,
    fate         TEXT NOT NULL CHECK (fate IN ('final', 'merged', 'excluded', 'documented')),
    rule         TEXT,
    reason       TEXT,
    PRIMARY KEY (object, row_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX final_fate_activity ON final_fate (activity_key);

-- The text of what is final, footer included, in parts that Pipedrive takes.
CREATE TABLE final_text (
    activity_key TEXT NOT NULL,
    part         INTEGER NOT NULL,
    parts        INTEGER NOT NULL,
    final_key    TEXT NOT NULL,                   -- <activity key>, <activity key>#2, …
    html         TEXT NOT NULL,                   -- without the marker
    bytes        INTEGER NOT NULL,
    PRIMARY KEY (activity_key, part)
) STRICT;

-- Which note holds the text of which, where a deal has more notes than Pipedrive takes.
CREATE TABLE final_pack (
    final_key TEXT PRIMARY KEY,                   -- final_text
    pack_key  TEXT NOT NULL,                      -- final_note
    seq       INTEGER NOT NULL                    -- order within the deal, by time
) STRICT, WITHOUT ROWID;
CREATE INDEX final_pack_pack ON final_pack (pack_key, seq);

-- What has to be a note: notes, and what an activity has no room for. Where an activity hangs on nothing,
-- that goes into further activities instead.
CREATE VIEW final_note_text AS
SELECT
    t.final_key, t.activity_key, t.part, t.parts, t.html, t.bytes, f.object, f.row_id,
    coalesce(a.due, a.created_at) AS at,
    a.author,
    u.target_email AS author_email,
    l.deal_key, l.person_key, l.organization_key, l.lead_key, l.name
FROM final_text AS t
JOIN final_fate AS f ON f.activity_key = t.activity_key AND f.fate = 'final'
JOIN clean_activity AS a ON a.object = f.object AND a.row_id = f.row_id
JOIN (
    SELECT activity_key,
        max(iif(role = 'deal', final_key, NULL)) AS deal_key,
        max(iif(role = 'primary', final_key, NULL)) AS person_key,
        -- An organization that follows from the person or the deal shows their notes anyway.
        max(iif(role = 'organization' AND ref IS NOT NULL, final_key, NULL)) AS organization_key,
        max(iif(role = 'lead', final_key, NULL)) AS lead_key,
        max(iif(role = 'primary', name, NULL)) AS name
    FROM final_link WHERE role IN ('deal', 'primary', 'organization', 'lead') GROUP BY activity_key) AS l ON l.activity_key = t.activity_key
LEFT JOIN map_user AS u ON u.map_key = a.author_email
WHERE f.action = 'note' OR t.part > 1;

-- +goose Down
DROP VIEW final_note_text;
DROP TABLE final_pack;
DROP TABLE final_text;
DROP TABLE final_fate;
DROP TABLE final_link;
DROP TABLE map_activity_type;
DROP TABLE clean_activity_link;
DROP TABLE clean_activity;
