-- +goose Up
-- What people and NextCRM both changed, field by field, and what people's word stands in; what a plan changes, in people's words.

CREATE TABLE conflict (
    conflict_id  INTEGER PRIMARY KEY,
    target_id    INTEGER NOT NULL REFERENCES target,
    entity       TEXT NOT NULL,
    final_key    TEXT NOT NULL,
    pipedrive_id TEXT NOT NULL,
    field        TEXT NOT NULL,                   -- key in the API; custom fields as custom_fields.<code>
    field_name   TEXT NOT NULL,                   -- as people know it
    base         TEXT,                            -- what both had; this and the next two in words, NULL when blank
    in_pipedrive TEXT,
    in_nextcrm   TEXT,
    keep         TEXT CHECK (keep IN ('pipedrive', 'nextcrm')), -- a person's decision, carried out by the next run
    decided_by   TEXT,
    run_id       INTEGER NOT NULL REFERENCES run, -- which judged it last
    found_at     TEXT NOT NULL,
    resolved_at  TEXT,
    CHECK (keep IS NULL OR decided_by IS NOT NULL)
) STRICT;
CREATE UNIQUE INDEX conflict_open ON conflict (target_id, entity, final_key, field) WHERE resolved_at IS NULL;

-- Values that people changed in records of ours and that stay: NextCRM has said nothing new about them.
CREATE TABLE kept_value (
    target_id    INTEGER NOT NULL REFERENCES target,
    entity       TEXT NOT NULL,
    final_key    TEXT NOT NULL,
    pipedrive_id TEXT NOT NULL,
    field        TEXT NOT NULL,
    sent         TEXT NOT NULL,                   -- JSON
    kept         TEXT NOT NULL,                   -- JSON
    since        TEXT NOT NULL,                   -- the verify that saw it first
    PRIMARY KEY (target_id, entity, final_key, field)
) STRICT, WITHOUT ROWID;

DROP VIEW v_rejects;
-- Every operation the account refused or a person must look at, and every field that is in conflict, with the rows
-- of NextCRM it comes from and the fields that were complained about.
CREATE VIEW v_rejects AS
WITH rejected (target_id, entity, final_key, field, state, status, error_code, message, hint, payload, ended_at) AS (
    SELECT o.target_id, o.entity, o.final_key,
        (SELECT group_concat(DISTINCT coalesce(f.name, k.key)) FROM json_tree(o.body) AS k
            LEFT JOIN bind AS b ON b.target_id = o.target_id AND b.kind = 'field' AND b.pipedrive_id = k.key
            LEFT JOIN final_field AS f ON b.symbol = f.entity || '.' || f.field_key
            -- Pipedrive says "path: problem; path: problem", or names a key or a custom field in quotes.
            WHERE typeof(k.key) = 'text' AND k.key <> 'custom_fields'
              AND (instr(': ' || replace(replace(replace(o.message, '; ', ': '), '.', ': '), '[', ':'), ': ' || k.key || ':') > 0
                OR instr(o.message, '''' || k.key || '''') > 0 OR instr(o.message, '''' || f.name || '''') > 0
                OR length(k.key) = 40 AND instr(o.message, k.key) > 0)),
        o.state, o.status, o.error_code, o.message, o.hint, o.body, o.ended_at
    FROM load_op AS o
    WHERE o.state IN ('refused', 'quarantined', 'blocked')
      AND NOT EXISTS (
        SELECT 1 FROM load_op AS later
        WHERE later.target_id = o.target_id AND later.entity = o.entity
          AND later.final_key = o.final_key AND later.op_id > o.op_id)
    UNION ALL
    SELECT c.target_id, c.entity, c.final_key,
        c.field_name, 'conflict', NULL, 'changed_in_pipedrive',
        c.field_name || ' was ' || coalesce(c.base, 'blank') || ', is now ' || coalesce(c.in_pipedrive, 'blank') || ', NextCRM says ' || coalesce(c.in_nextcrm, 'blank'),
        'make both agree, or decide (about an amount and its currency, or a status and its time, alike): UPDATE conflict SET keep = ''pipedrive'' or ''nextcrm'', decided_by = ''YOUR NAME'' WHERE conflict_id = ' || c.conflict_id,
        NULL, c.found_at
    FROM conflict AS c
    WHERE c.resolved_at IS NULL)
SELECT target_id, entity, final_key,
    (SELECT group_concat(source_id, ', ') FROM (
        SELECT source_id FROM xw_account WHERE final_key = r.final_key
        UNION ALL SELECT source_id FROM xw_contact WHERE final_key = r.final_key
        UNION ALL SELECT source_id FROM xw_deal WHERE final_key = r.final_key
        UNION ALL SELECT source_id FROM xw_item WHERE entity = r.entity AND final_key = r.final_key)) AS source_ids,
    field, state, status, error_code, message, hint, payload, ended_at
FROM rejected AS r;

CREATE TABLE plan_change (
    plan_id    INTEGER NOT NULL REFERENCES plan ON DELETE CASCADE,
    seq        INTEGER NOT NULL,                  -- of its plan_op
    field      TEXT NOT NULL,                     -- as people know it
    before     TEXT,                              -- in words, as last seen in the account; NULL when blank
    after      TEXT,
    note       TEXT,                              -- what keeps it from being sent as it is
    PRIMARY KEY (plan_id, seq, field)
) STRICT, WITHOUT ROWID;

-- What a plan costs, kind by kind: sending and reading back.
CREATE TABLE plan_price (
    plan_id  INTEGER NOT NULL REFERENCES plan ON DELETE CASCADE,
    entity   TEXT NOT NULL,
    tokens   INTEGER NOT NULL,
    floor    INTEGER NOT NULL,                    -- the least any correct run would spend
    requests INTEGER NOT NULL,
    PRIMARY KEY (plan_id, entity)
) STRICT, WITHOUT ROWID;

-- One row per operation of the current plan and field that it sets.
CREATE VIEW v_plan_diff AS
SELECT p.target_id, o.seq, o.entity, o.final_key, o.action, o.pipedrive_id, c.field, c.before, c.after, coalesce(c.note, o.reason) AS note
FROM plan AS p JOIN plan_op AS o ON o.plan_id = p.plan_id JOIN plan_change AS c ON c.plan_id = o.plan_id AND c.seq = o.seq
WHERE p.is_current = 1
UNION ALL
SELECT p.target_id, o.seq, o.entity, o.final_key, o.action, o.pipedrive_id, replace(e.key, '@field:', ''), NULL, e.value, o.reason
FROM plan AS p JOIN plan_op AS o ON o.plan_id = p.plan_id JOIN final_item AS f ON f.entity = o.entity AND f.final_key = o.final_key,
    (SELECT '$' AS path UNION ALL SELECT '$.custom_fields') AS w, json_each(f.payload, w.path) AS e
WHERE p.is_current = 1 AND o.action = 'create' AND e.key <> 'custom_fields'
UNION ALL
SELECT p.target_id, o.seq, o.entity, o.final_key, o.action, o.pipedrive_id, NULL, NULL, NULL, o.reason
FROM plan AS p JOIN plan_op AS o ON o.plan_id = p.plan_id
WHERE p.is_current = 1 AND o.action IN ('delete', 'blocked', 'kept');

-- +goose Down
DROP VIEW v_plan_diff;
DROP TABLE plan_price;
DROP TABLE plan_change;
DROP VIEW v_rejects;
CREATE VIEW v_rejects AS
SELECT o.target_id, o.entity, o.final_key, o.state, o.status, o.error_code, o.message, o.hint, o.body AS payload, o.ended_at
FROM load_op AS o
WHERE o.state IN ('refused', 'quarantined', 'blocked')
  AND NOT EXISTS (
    SELECT 1 FROM load_op AS later
    WHERE later.target_id = o.target_id AND later.entity = o.entity
      AND later.final_key = o.final_key AND later.op_id > o.op_id);
DROP TABLE kept_value;
DROP TABLE conflict;
