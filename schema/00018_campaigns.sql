-- +goose Up
-- Campaigns with all that belongs to them, automations and sequences: typed, one row per live record.

CREATE TABLE clean_campaign (
    campaign_key TEXT NOT NULL,                   -- campaign:<source id>
    row_id       INTEGER NOT NULL,
    source_id    TEXT,
    title        TEXT NOT NULL,
    title_origin TEXT NOT NULL CHECK (title_origin IN ('title', 'subject', 'id')),
    document     TEXT NOT NULL,                   -- name of its rebuild document, without ending
    status       TEXT,                            -- as written
    state        TEXT NOT NULL,                   -- draft, scheduled, sending, paused, sent, archived, cancelled, failed, or another word of the source
    state_origin TEXT NOT NULL CHECK (state_origin IN ('status', 'sends', 'times')),
    is_active    INTEGER NOT NULL CHECK (is_active IN (0, 1)),   -- the source would still send it
    type         TEXT,
    description  TEXT,
    subject      TEXT,
    preheader    TEXT,
    body         TEXT,                            -- as written: markup stays
    template_id  TEXT,
    design       TEXT,
    from_name    TEXT,
    reply_to     TEXT,
    scheduled_at TEXT,                            -- UTC
    sent_at      TEXT,                            -- UTC
    happens_on   TEXT,                            -- day it was or will be sent, as people at the site count days
    audience     INTEGER,                         -- people it is addressed to
    sent         INTEGER,
    views        INTEGER,
    opens        INTEGER,
    unique_opens INTEGER,
    clicks       INTEGER,
    unsubscribes INTEGER,
    bounces      INTEGER,
    complaints   INTEGER,
    figures_from TEXT CHECK (figures_from IN ('record', 'sends')),
    revenue      TEXT,                            -- exact decimal
    currency     TEXT,
    utm          TEXT NOT NULL CHECK (json_valid(utm)),          -- JSON object: campaign, medium, source, term, content
    owner_email  TEXT,
    created_at   TEXT,
    updated_at   TEXT,
    custom       TEXT NOT NULL CHECK (json_valid(custom)),       -- JSON object of columns that nextpipe does not know
    row_hash     TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX clean_campaign_key ON clean_campaign (campaign_key);

CREATE TABLE clean_campaign_step (
    row_id       INTEGER PRIMARY KEY,
    source_id    TEXT,
    campaign_key TEXT,                            -- NULL: its campaign is deleted or not in the source
    position     INTEGER NOT NULL,                -- from 1, within its campaign
    template_id  TEXT,
    subject      TEXT,
    delay_days   INTEGER,
    send_to      TEXT,                            -- all or non_openers
    scheduled_at TEXT,                            -- UTC
    sent_at      TEXT,                            -- UTC
    queued       INTEGER NOT NULL,                -- mails of the step by their last state
    sent         INTEGER NOT NULL,
    delivered    INTEGER NOT NULL,
    bounced      INTEGER NOT NULL,
    failed       INTEGER NOT NULL,
    opened       INTEGER NOT NULL,                -- and what their readers did
    clicked      INTEGER NOT NULL,
    unsubscribed INTEGER NOT NULL,
    custom       TEXT NOT NULL CHECK (json_valid(custom))
) STRICT;
CREATE INDEX clean_campaign_step_campaign ON clean_campaign_step (campaign_key, position);

CREATE TABLE clean_campaign_template (
    row_id      INTEGER PRIMARY KEY,
    template_id TEXT,
    title       TEXT,
    description TEXT,
    subject     TEXT,
    body        TEXT,                             -- as written: markup stays
    json        TEXT,                             -- the editor's own form of the body
    owner_email TEXT,
    created_at  TEXT,
    updated_at  TEXT,
    is_deleted  INTEGER NOT NULL CHECK (is_deleted IN (0, 1)),
    uses        INTEGER NOT NULL,                 -- live campaigns and steps that are written with it
    is_out      INTEGER NOT NULL CHECK (is_out IN (0, 1)),       -- deleted, unused, and deleted rows stay out
    custom      TEXT NOT NULL CHECK (json_valid(custom))
) STRICT;
CREATE INDEX clean_campaign_template_id ON clean_campaign_template (template_id);

-- Whom a campaign is addressed to.
CREATE TABLE clean_campaign_audience (
    campaign_key TEXT NOT NULL,
    kind         TEXT NOT NULL CHECK (kind IN ('list', 'tag', 'segment', 'target list')),
    name         TEXT NOT NULL,
    row_id       INTEGER,                         -- of stg_campaign_list; NULL: a cell of the campaign says it
    members      INTEGER,                         -- NULL: not known
    is_known     INTEGER NOT NULL CHECK (is_known IN (0, 1)),    -- 0: the source has nothing of that name
    PRIMARY KEY (campaign_key, kind, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE clean_automation (
    automation_key TEXT PRIMARY KEY,              -- automation:<source id>
    row_id         INTEGER NOT NULL,
    source_id      TEXT,
    title          TEXT,
    shape          TEXT,                          -- plugin in whose JSON it is written; NULL: nobody can read it
    status         TEXT,
    is_active      INTEGER NOT NULL CHECK (is_active IN (0, 1)),
    trigger_kind   TEXT,                          -- of the first trigger
    triggers       TEXT NOT NULL CHECK (json_valid(triggers)),   -- JSON array of kinds
    steps          INTEGER NOT NULL,
    steps_by_kind  TEXT NOT NULL CHECK (json_valid(steps_by_kind)),
    actions        INTEGER NOT NULL,              -- steps that do something; Pipedrive takes ten
    fixed_delay_minutes INTEGER NOT NULL,
    is_branching   INTEGER NOT NULL CHECK (is_branching IN (0, 1)),
    blockers       TEXT NOT NULL CHECK (json_valid(blockers)),   -- JSON array of codes, see nextpipe explain
    row_hash       TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE clean_sequence (
    sequence_key       TEXT PRIMARY KEY,          -- sequence:<source id>
    row_id             INTEGER NOT NULL,
    source_id          TEXT,
    title              TEXT,
    status             TEXT,
    is_active          INTEGER NOT NULL CHECK (is_active IN (0, 1)),
    is_readable        INTEGER NOT NULL CHECK (is_readable IN (0, 1)),
    emails             INTEGER NOT NULL,
    last_delay_minutes INTEGER NOT NULL,          -- from its start to its last mail
    row_hash           TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE clean_sequence_email (
    sequence_key  TEXT NOT NULL,
    position      INTEGER NOT NULL,               -- from 1, in order of time
    subject       TEXT,
    preheader     TEXT,
    delay_minutes INTEGER NOT NULL,               -- from the start of the sequence
    send_window   TEXT,                           -- when in the day or week it may go out; NULL: any time
    status        TEXT,
    body          TEXT,                           -- as written: markup stays
    PRIMARY KEY (sequence_key, position)
) STRICT, WITHOUT ROWID;

-- Campaigns as the map sees them: the pipeline, stage and status that each gets as a deal.
CREATE VIEW map_campaign AS
WITH setting AS (
    SELECT
        coalesce(max(value) FILTER (WHERE map_key = 'campaigns'), 'deals')                      AS action,
        coalesce(nullif(trim(max(value) FILTER (WHERE map_key = 'campaign_pipeline')), ''), 'Campaigns') AS pipeline,
        coalesce(max(value) FILTER (WHERE map_key = 'campaign_pipeline_by_type'), 'no') = 'yes' AS by_type,
        coalesce(max(value) FILTER (WHERE map_key = 'campaign_status'), 'open')                 AS status,
        max(value) FILTER (WHERE map_key = 'default_currency')                                  AS currency,
        coalesce(nullif(max(value) FILTER (WHERE map_key = 'visible_to_deal'), ''),
            nullif(max(value) FILTER (WHERE map_key = 'visible_to'), ''))                       AS visible_to
    FROM map_setting
),
placed AS (
    SELECT c.*, s.visible_to,
        s.pipeline || iif(s.by_type AND c.type IS NOT NULL, ': ' || c.type, '') AS pipeline,
        upper(substr(c.state, 1, 1)) || substr(c.state, 2)                      AS stage,
        -- What nothing was earned by has no value: 0 would read as a loss.
        iif(CAST(c.revenue AS REAL) > 0, c.revenue, NULL)                       AS value,
        coalesce(c.currency, s.currency)                                        AS value_currency,
        iif(s.status = 'won' AND c.state IN ('sent', 'archived') AND coalesce(c.sent_at, c.scheduled_at, c.updated_at, c.created_at) IS NOT NULL,
            'won', 'open')                                                      AS deal_status
    FROM clean_campaign AS c CROSS JOIN setting AS s
    WHERE s.action = 'deals'
)
SELECT *,
    lower(trim(pipeline))                                  AS pipeline_key,
    lower(trim(pipeline)) || '/' || lower(trim(stage))     AS stage_key
FROM placed;

-- +goose Down
DROP VIEW map_campaign;
DROP TABLE clean_sequence_email;
DROP TABLE clean_sequence;
DROP TABLE clean_automation;
DROP TABLE clean_campaign_audience;
DROP TABLE clean_campaign_template;
DROP TABLE clean_campaign_step;
DROP TABLE clean_campaign;
