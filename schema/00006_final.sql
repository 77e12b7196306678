-- +goose Up
-- What Pipedrive should hold, free of any account. In payloads a reference is an object with the
-- one key "@ref" and a custom field stands under "@field:<entity>.<field key>":
--   {"@ref": "user:ana@example.com"}          an owner
--   {"@ref": "organization:account:501"}      another final record, by its final key
--   {"@ref": "stage:<stage_key>"}             a stage
--   {"@ref": "option:person.plan_tier:Free"}  an option of a field
--   {"@ref": "label:person:VIP"}              a label
-- An object, not a string: no text of the source can ever be mistaken for a reference.

CREATE TABLE final_pipeline (
    pipeline_key TEXT PRIMARY KEY,                -- folded name
    name         TEXT NOT NULL,
    position     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE final_stage (
    stage_key    TEXT PRIMARY KEY,                -- <pipeline key>/<folded stage name>
    pipeline_key TEXT NOT NULL REFERENCES final_pipeline,
    name         TEXT NOT NULL,
    position     INTEGER NOT NULL,
    probability  INTEGER CHECK (probability BETWEEN 0 AND 100)
) STRICT, WITHOUT ROWID;

CREATE TABLE final_field (
    field_key   TEXT NOT NULL,                    -- nextcrm_id, plan_tier, …
    entity      TEXT NOT NULL CHECK (entity IN ('organization', 'person', 'deal')),
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

CREATE TABLE final_label (
    entity   TEXT NOT NULL CHECK (entity IN ('organization', 'person', 'deal')),
    label    TEXT NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (entity, label)
) STRICT, WITHOUT ROWID;

-- Their keys are indexes of their own, which a bulk load drops and builds again in one sweep.
CREATE TABLE final_organization (
    final_key   TEXT NOT NULL,                    -- account:…
    seq         INTEGER NOT NULL,                 -- order of loading
    marker      TEXT NOT NULL,                    -- value of the field "NextCRM ID"
    name        TEXT NOT NULL,
    owner_email TEXT,
    payload     TEXT NOT NULL CHECK (json_valid(payload))
) STRICT;
CREATE UNIQUE INDEX final_organization_key ON final_organization (final_key);

CREATE TABLE final_person (
    final_key   TEXT NOT NULL,                    -- contact:…
    seq         INTEGER NOT NULL,
    marker      TEXT NOT NULL,
    name        TEXT NOT NULL,
    email       TEXT,
    organization_key TEXT,
    owner_email TEXT,
    payload     TEXT NOT NULL CHECK (json_valid(payload))
) STRICT;
CREATE UNIQUE INDEX final_person_key ON final_person (final_key);

CREATE TABLE final_deal (
    final_key   TEXT NOT NULL,                    -- deal:…
    seq         INTEGER NOT NULL,
    marker      TEXT NOT NULL,
    title       TEXT NOT NULL,
    value       TEXT,
    currency    TEXT,
    status      TEXT NOT NULL CHECK (status IN ('open', 'won', 'lost')),
    stage_key   TEXT NOT NULL,
    organization_key TEXT,
    person_key  TEXT,
    owner_email TEXT,
    payload     TEXT NOT NULL CHECK (json_valid(payload))
) STRICT;
CREATE UNIQUE INDEX final_deal_key ON final_deal (final_key);

-- What the custom fields of the finals use: what the checks hold against final_field and final_option.
CREATE TABLE final_use (
    entity  TEXT NOT NULL,
    kind    TEXT NOT NULL CHECK (kind IN ('option', 'text')),
    symbol  TEXT NOT NULL,                        -- person.plan_tier:Free; person.description
    longest INTEGER NOT NULL,                     -- characters of the longest text; 0 for options
    PRIMARY KEY (entity, kind, symbol)
) STRICT, WITHOUT ROWID;

-- Texts that are longer than a field of Pipedrive holds. They stay here and in staging, whole; their
-- records go without them, and the run is not green.
CREATE TABLE final_held_back (
    entity     TEXT NOT NULL,
    final_key  TEXT NOT NULL,
    field_key  TEXT NOT NULL,
    characters INTEGER NOT NULL,
    value      TEXT NOT NULL,
    PRIMARY KEY (entity, final_key, field_key)
) STRICT, WITHOUT ROWID;

-- What the files of sql/check found in the finals: no failures is a pass.
CREATE TABLE final_check (
    check_name TEXT PRIMARY KEY,
    severity   TEXT NOT NULL CHECK (severity IN ('warning', 'error')),
    failures   INTEGER NOT NULL,
    examples   TEXT NOT NULL,                     -- JSON array of up to five {entity, final_key, detail}
    description TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- One row per item of any entity, in one shape: what plan, load and verify read.
CREATE VIEW final_item AS
SELECT 'organization' AS entity, final_key, seq, marker, name AS title, payload FROM final_organization
UNION ALL
SELECT 'person', final_key, seq, marker, name, payload FROM final_person
UNION ALL
SELECT 'deal', final_key, seq, marker, title, payload FROM final_deal;

-- +goose Down
DROP VIEW final_item;
DROP TABLE final_check;
DROP TABLE final_held_back;
DROP TABLE final_use;
DROP TABLE final_deal;
DROP TABLE final_person;
DROP TABLE final_organization;
DROP TABLE final_label;
DROP TABLE final_option;
DROP TABLE final_field;
DROP TABLE final_stage;
DROP TABLE final_pipeline;
