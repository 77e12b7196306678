-- +goose Up
-- The finals of every other object, one shape for all: what the loader needs, then what an analyst looks for.
-- They can be rebuilt at any time, so what 00006 made too narrow is made anew.

DROP VIEW final_item;
DROP TABLE final_option;
DROP TABLE final_field;
DROP TABLE final_label;

CREATE TABLE final_field (
    field_key   TEXT NOT NULL,                    -- nextcrm_id, plan_tier, …
    entity      TEXT NOT NULL CHECK (entity IN ('organization', 'person', 'deal', 'product')),
    name        TEXT NOT NULL,
    field_type  TEXT NOT NULL,
    description TEXT,
    position    INTEGER NOT NULL,
    PRIMARY KEY (entity, field_key)
) STRICT, WITHOUT ROWID;

CREATE TABLE final_option (
    entity    TEXT NOT NULL,
    field_key TEXT NOT NULL,
    label     TEXT NOT NULL,
    position  INTEGER NOT NULL,
    PRIMARY KEY (entity, field_key, label),
    FOREIGN KEY (entity, field_key) REFERENCES final_field (entity, field_key)
) STRICT, WITHOUT ROWID;

-- Labels of records; of products their categories, which are options of a field of Pipedrive's own like labels.
CREATE TABLE final_label (
    entity   TEXT NOT NULL CHECK (entity IN ('organization', 'person', 'deal', 'lead', 'product')),
    label    TEXT NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (entity, label)
) STRICT, WITHOUT ROWID;

CREATE TABLE final_activity_type (
    type_key TEXT PRIMARY KEY,                    -- folded name
    name     TEXT NOT NULL,
    icon_key TEXT NOT NULL,                       -- one of Pipedrive's icons
    position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE final_product (
    final_key TEXT NOT NULL,                      -- product:…
    seq       INTEGER NOT NULL,                   -- order of loading
    marker    TEXT NOT NULL,                      -- <source tag>/<final key>
    name      TEXT NOT NULL,
    code      TEXT,
    payload   TEXT NOT NULL CHECK (json_valid(payload))
) STRICT;
CREATE UNIQUE INDEX final_product_key ON final_product (final_key);

CREATE TABLE final_deal_product (
    final_key   TEXT NOT NULL,                    -- deal_line:…
    seq         INTEGER NOT NULL,
    marker      TEXT NOT NULL,
    deal_key    TEXT NOT NULL,
    product_key TEXT NOT NULL,
    quantity    TEXT NOT NULL,
    item_price  TEXT NOT NULL,
    payload     TEXT NOT NULL CHECK (json_valid(payload))
) STRICT;
CREATE UNIQUE INDEX final_deal_product_key ON final_deal_product (final_key);

CREATE TABLE final_deal_discount (
    final_key TEXT NOT NULL,                      -- deal_discount:…
    seq       INTEGER NOT NULL,
    marker    TEXT NOT NULL,
    deal_key  TEXT NOT NULL,
    amount    TEXT NOT NULL,
    payload   TEXT NOT NULL CHECK (json_valid(payload))
) STRICT;
CREATE UNIQUE INDEX final_deal_discount_key ON final_deal_discount (final_key);

CREATE TABLE final_participant (
    final_key  TEXT NOT NULL,                     -- participant:<deal key>|<person key>
    seq        INTEGER NOT NULL,
    marker     TEXT NOT NULL,
    deal_key   TEXT NOT NULL,
    person_key TEXT NOT NULL,
    payload    TEXT NOT NULL CHECK (json_valid(payload))
) STRICT;
CREATE UNIQUE INDEX final_participant_key ON final_participant (final_key);

-- Followers of organizations, persons and deals: one row per record and user.
CREATE TABLE final_follower (
    final_key  TEXT NOT NULL,                     -- follower:<record key>|<user e-mail>
    seq        INTEGER NOT NULL,
    marker     TEXT NOT NULL,
    of_entity  TEXT NOT NULL CHECK (of_entity IN ('organization', 'person', 'deal')),
    record_key TEXT NOT NULL,
    user_email TEXT NOT NULL,
    payload    TEXT NOT NULL CHECK (json_valid(payload))
) STRICT;
CREATE UNIQUE INDEX final_follower_key ON final_follower (final_key);

CREATE TABLE final_relationship (
    final_key  TEXT NOT NULL,                     -- relationship:<parent key>|<daughter key>
    seq        INTEGER NOT NULL,
    marker     TEXT NOT NULL,
    parent_key TEXT NOT NULL,
    child_key  TEXT NOT NULL,
    payload    TEXT NOT NULL CHECK (json_valid(payload))
) STRICT;
CREATE UNIQUE INDEX final_relationship_key ON final_relationship (final_key);

CREATE TABLE final_lead (
    final_key        TEXT NOT NULL,               -- lead:…
    seq              INTEGER NOT NULL,
    marker           TEXT NOT NULL,               -- origin_id
    title            TEXT NOT NULL,
    person_key       TEXT,
    organization_key TEXT,
    owner_email      TEXT,
    payload          TEXT NOT NULL CHECK (json_valid(payload))
) STRICT;
CREATE UNIQUE INDEX final_lead_key ON final_lead (final_key);

CREATE TABLE final_activity (
    final_key        TEXT NOT NULL,               -- activity:…, task:…, email:…
    seq              INTEGER NOT NULL,
    marker           TEXT NOT NULL,               -- last line of the note
    subject          TEXT NOT NULL,
    type_key         TEXT NOT NULL,               -- final_activity_type
    due_on           TEXT,                        -- UTC date
    due_time         TEXT,                        -- UTC, HH:MM:SS; NULL: all day
    is_done          INTEGER NOT NULL CHECK (is_done IN (0, 1)),
    deal_key         TEXT,
    person_key       TEXT,                        -- the primary participant
    organization_key TEXT,
    owner_email      TEXT,
    payload          TEXT NOT NULL CHECK (json_valid(payload))
) STRICT;
CREATE UNIQUE INDEX final_activity_key ON final_activity (final_key);

CREATE TABLE final_note (
    final_key        TEXT NOT NULL,               -- note:…, with #2, #3 for further parts of a long one
    seq              INTEGER NOT NULL,
    marker           TEXT NOT NULL,               -- last line of the content
    added_at         TEXT,                        -- UTC
    deal_key         TEXT,
    person_key       TEXT,
    organization_key TEXT,
    lead_key         TEXT,
    author_email     TEXT,
    payload          TEXT NOT NULL CHECK (json_valid(payload))
) STRICT;
CREATE UNIQUE INDEX final_note_key ON final_note (final_key);

CREATE TABLE final_file (
    final_key        TEXT NOT NULL,               -- document:…
    seq              INTEGER NOT NULL,
    marker           TEXT NOT NULL,
    name             TEXT NOT NULL,
    size             INTEGER NOT NULL,            -- bytes
    sha256           TEXT NOT NULL,
    path             TEXT NOT NULL,               -- of the bytes on this machine
    deal_key         TEXT,
    person_key       TEXT,
    organization_key TEXT,
    payload          TEXT NOT NULL CHECK (json_valid(payload))
) STRICT;
CREATE UNIQUE INDEX final_file_key ON final_file (final_key);

CREATE TABLE final_filter (
    final_key TEXT NOT NULL,                      -- filter:list:…, filter:segment:…
    seq       INTEGER NOT NULL,
    marker    TEXT NOT NULL,
    name      TEXT NOT NULL,                      -- unique: a filter is known by its name
    payload   TEXT NOT NULL CHECK (json_valid(payload))
) STRICT;
CREATE UNIQUE INDEX final_filter_key ON final_filter (final_key);

CREATE TABLE final_project (
    final_key TEXT NOT NULL,                      -- board:…
    seq       INTEGER NOT NULL,
    marker    TEXT NOT NULL,
    title     TEXT NOT NULL,
    payload   TEXT NOT NULL CHECK (json_valid(payload))
) STRICT;
CREATE UNIQUE INDEX final_project_key ON final_project (final_key);

-- Crosswalk of every object besides accounts, contacts and deals: the fate of each staging row.
CREATE TABLE xw_item (
    object    TEXT NOT NULL,                      -- staging table without stg_
    row_id    INTEGER NOT NULL,
    source_id TEXT,
    fate      TEXT NOT NULL CHECK (fate IN ('final', 'merged', 'rejected', 'excluded', 'documented')),
    entity    TEXT,                               -- of the final record it became or went into
    final_key TEXT,
    rule      TEXT,                               -- stable code; for documented rows the document
    reason    TEXT,
    PRIMARY KEY (object, row_id),
    CHECK ((fate = 'final') <= (final_key IS NOT NULL AND entity IS NOT NULL)),
    CHECK (fate = 'final' OR reason IS NOT NULL)
) STRICT, WITHOUT ROWID;
CREATE INDEX xw_item_final ON xw_item (entity, final_key);

CREATE VIEW final_item AS
SELECT 'organization' AS entity, final_key, seq, marker, name AS title, payload FROM final_organization
UNION ALL SELECT 'person', final_key, seq, marker, name, payload FROM final_person
UNION ALL SELECT 'product', final_key, seq, marker, name, payload FROM final_product
UNION ALL SELECT 'deal', final_key, seq, marker, title, payload FROM final_deal
UNION ALL SELECT 'relationship', final_key, seq, marker, parent_key || ' → ' || child_key, payload FROM final_relationship
UNION ALL SELECT 'deal_product', final_key, seq, marker, deal_key || ': ' || product_key, payload FROM final_deal_product
UNION ALL SELECT 'deal_discount', final_key, seq, marker, deal_key || ': ' || amount, payload FROM final_deal_discount
UNION ALL SELECT 'participant', final_key, seq, marker, deal_key || ': ' || person_key, payload FROM final_participant
UNION ALL SELECT of_entity || '_follower', final_key, seq, marker, record_key || ': ' || user_email, payload FROM final_follower
UNION ALL SELECT 'lead', final_key, seq, marker, title, payload FROM final_lead
UNION ALL SELECT 'project', final_key, seq, marker, title, payload FROM final_project
UNION ALL SELECT 'activity', final_key, seq, marker, subject, payload FROM final_activity
UNION ALL SELECT 'note', final_key, seq, marker, final_key, payload FROM final_note
UNION ALL SELECT 'file', final_key, seq, marker, name, payload FROM final_file
UNION ALL SELECT 'filter', final_key, seq, marker, name, payload FROM final_filter;

-- The account's side holds evidence, so its rows are carried over.
CREATE TABLE dest_record_wide (
    target_id    INTEGER NOT NULL REFERENCES target,
    entity       TEXT NOT NULL CHECK (entity IN ('organization', 'person', 'deal', 'product')),
    pipedrive_id TEXT NOT NULL,
    marker       TEXT,                            -- value of "NextCRM ID", when it has one
    name         TEXT NOT NULL,
    data         TEXT NOT NULL CHECK (json_valid(data)),
    taken_at     TEXT NOT NULL,
    PRIMARY KEY (target_id, entity, pipedrive_id)
) STRICT, WITHOUT ROWID;
INSERT INTO dest_record_wide SELECT * FROM dest_record;
DROP TABLE dest_record;
ALTER TABLE dest_record_wide RENAME TO dest_record;

CREATE TABLE bind_wide (
    target_id INTEGER NOT NULL REFERENCES target,
    kind      TEXT NOT NULL CHECK (kind IN ('field', 'option', 'label', 'pipeline', 'stage', 'user', 'activity_type',
        'priority', 'filter_field', 'board', 'phase')),
    symbol    TEXT NOT NULL,                      -- person.plan_tier, person.plan_tier:Free, person:VIP, <stage key>, e-mail, call, high
    pipedrive_id TEXT NOT NULL,                   -- '' when the account has no counterpart and none can be made
    how       TEXT NOT NULL CHECK (how IN ('created', 'existing', 'fallback')),
    bound_at  TEXT NOT NULL,
    PRIMARY KEY (target_id, kind, symbol)
) STRICT, WITHOUT ROWID;
INSERT INTO bind_wide SELECT * FROM bind;
DROP TABLE bind;
ALTER TABLE bind_wide RENAME TO bind;

CREATE TABLE provisioned_wide (
    target_id    INTEGER NOT NULL REFERENCES target,
    kind         TEXT NOT NULL CHECK (kind IN ('field', 'option', 'label', 'pipeline', 'stage', 'activity_type', 'board', 'phase')),
    symbol       TEXT NOT NULL,
    pipedrive_id TEXT NOT NULL,
    parent_id    TEXT,                            -- field code of an option or label, pipeline of a stage, board of a phase
    run_id       INTEGER NOT NULL REFERENCES run,
    made_at      TEXT NOT NULL,
    removed_at   TEXT,
    PRIMARY KEY (target_id, kind, symbol)
) STRICT, WITHOUT ROWID;
INSERT INTO provisioned_wide SELECT * FROM provisioned;
DROP TABLE provisioned;
ALTER TABLE provisioned_wide RENAME TO provisioned;

CREATE TABLE dest_activity_type (
    target_id    INTEGER NOT NULL REFERENCES target,
    pipedrive_id TEXT NOT NULL,
    name         TEXT NOT NULL,
    key_string   TEXT NOT NULL,                   -- what activities are sent with
    is_active    INTEGER NOT NULL CHECK (is_active IN (0, 1)),
    PRIMARY KEY (target_id, pipedrive_id)
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE dest_activity_type;
DROP VIEW final_item;
DROP TABLE xw_item;
DROP TABLE final_project;
DROP TABLE final_filter;
DROP TABLE final_file;
DROP TABLE final_note;
DROP TABLE final_activity;
DROP TABLE final_lead;
DROP TABLE final_relationship;
DROP TABLE final_follower;
DROP TABLE final_participant;
DROP TABLE final_deal_discount;
DROP TABLE final_deal_product;
DROP TABLE final_product;
DROP TABLE final_activity_type;
CREATE VIEW final_item AS
SELECT 'organization' AS entity, final_key, seq, marker, name AS title, payload FROM final_organization
UNION ALL
SELECT 'person', final_key, seq, marker, name, payload FROM final_person
UNION ALL
SELECT 'deal', final_key, seq, marker, title, payload FROM final_deal;
