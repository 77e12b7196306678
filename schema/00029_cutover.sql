-- +goose Up
-- The last mile: what differs since the last load, records that turned out to be one too late, and the cutover.

-- One row per report of what a delta would do. The reports stay: they are the record of the weeks after the cutover.
CREATE TABLE delta_report (
    report_id  INTEGER PRIMARY KEY,
    target_id  INTEGER NOT NULL REFERENCES target,
    run_id     INTEGER NOT NULL REFERENCES run,
    made_at    TEXT NOT NULL,
    unchanged  INTEGER NOT NULL,                  -- final records that are in the account as they should be
    added      INTEGER NOT NULL,                  -- records, not fields; and so on
    changed    INTEGER NOT NULL,
    gone       INTEGER NOT NULL,
    held_back  INTEGER NOT NULL,
    deleted    INTEGER NOT NULL,
    edited     INTEGER NOT NULL,
    late_duplicate INTEGER NOT NULL
) STRICT;

-- What the newest report of each account lists.
CREATE TABLE delta_item (
    target_id    INTEGER NOT NULL REFERENCES target,
    seq          INTEGER NOT NULL,
    kind         TEXT NOT NULL CHECK (kind IN ('added', 'changed', 'gone', 'held_back', 'deleted', 'edited', 'late_duplicate')),
    entity       TEXT NOT NULL,                   -- kind of record; or of structure: field, option, label, pipeline, stage …
    final_key    TEXT NOT NULL,
    pipedrive_id TEXT,
    field        TEXT,                            -- changed, edited: which
    before       TEXT,                            -- as last sent
    after        TEXT,                            -- as NextCRM says now; edited: as Pipedrive holds it
    note         TEXT,
    PRIMARY KEY (target_id, seq)
) STRICT, WITHOUT ROWID;

-- Records of an account that are one by what NextCRM says today. They are never merged by nextpipe:
-- Pipedrive's merge cannot be undone. One that somebody has merged away is no duplicate any more.
CREATE VIEW v_late_duplicate AS
WITH member (object, entity, cluster_id, reason, final_key) AS (
    SELECT DISTINCT 'account', 'organization', c.cluster_id, c.reason, m.final_key
    FROM dup_account_cluster AS c JOIN dup_account_member AS m ON m.cluster_id = c.cluster_id WHERE c.state = 'review'
    UNION ALL
    SELECT DISTINCT 'contact', 'person', c.cluster_id, c.reason, m.final_key
    FROM dup_contact_cluster AS c JOIN dup_contact_member AS m ON m.cluster_id = c.cluster_id WHERE c.state = 'review'),
linked AS (
    SELECT l.target_id, m.object, m.entity, m.cluster_id, m.final_key, l.pipedrive_id,
        rtrim(t.base_url, '/') || '/' || m.entity || '/' || l.pipedrive_id AS url,
        count(*) OVER (PARTITION BY l.target_id, m.object, m.cluster_id) AS records
    FROM member AS m
    JOIN link AS l ON l.entity = m.entity AND l.final_key = m.final_key AND l.part = '' AND l.state = 'live'
    JOIN target AS t ON t.target_id = l.target_id
    WHERE m.reason LIKE 'late duplicate:%')
SELECT target_id, object, cluster_id, final_key, entity, pipedrive_id, url FROM linked WHERE records > 1;

-- What verify found out about each account, in one row. Signatures stand on it.
CREATE VIEW v_verified AS
SELECT t.target_id, (SELECT count(*) FROM reconcile_final AS f WHERE f.target_id = t.target_id) AS ledgers,
    (SELECT coalesce(sum(abs(off_by)), 0) FROM reconcile_final AS f WHERE f.target_id = t.target_id)
        + (SELECT coalesce(sum(abs(off_by)), 0) FROM reconcile_source AS s WHERE s.target_id = t.target_id) AS off_by,
    (SELECT count(*) FROM difference AS d WHERE d.target_id = t.target_id) AS differences,
    (SELECT coalesce(sum(pending), 0) FROM reconcile_final AS f WHERE f.target_id = t.target_id) AS pending,
    (SELECT coalesce(sum(quarantined), 0) FROM reconcile_final AS f WHERE f.target_id = t.target_id) AS quarantined
FROM target AS t;

-- One row per time that the source was read again to prove that it stands still.
CREATE TABLE cutover_proof (
    proof_id     INTEGER PRIMARY KEY,
    target_id    INTEGER NOT NULL REFERENCES target,
    run_id       INTEGER NOT NULL REFERENCES run,
    frozen_at    TEXT,                            -- NULL: no freeze was declared yet
    read_at      TEXT NOT NULL,
    made_at      TEXT,                            -- when the source says it was written out: an export's own time; NULL for a database, which is read as it is now
    rows_read    INTEGER NOT NULL,
    stamps_read  INTEGER NOT NULL,                -- times of creation, change and deletion
    newest_stamp TEXT,
    differing    INTEGER NOT NULL,                -- rows that are not as they were extracted
    stamped_late INTEGER NOT NULL,                -- rows with a time after the freeze
    seal         TEXT NOT NULL                    -- of the rows that were read
) STRICT;

-- The rows that the newest proof of an account found wanting.
CREATE TABLE cutover_row (
    target_id  INTEGER NOT NULL REFERENCES target,
    seq        INTEGER NOT NULL,
    object     TEXT NOT NULL,
    source_table TEXT NOT NULL,
    source_id  TEXT,
    kind       TEXT NOT NULL CHECK (kind IN ('new', 'changed', 'gone', 'stamped after the freeze', 'signed in')),
    fields     TEXT,                              -- changed: the columns
    stamp      TEXT,                              -- UTC
    PRIMARY KEY (target_id, seq)
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE cutover_row;
DROP TABLE cutover_proof;
DROP VIEW v_verified;
DROP VIEW v_late_duplicate;
DROP TABLE delta_item;
DROP TABLE delta_report;
