-- +goose Up
-- Project boards of the source as projects with tasks, when the map says so. Pipedrive's tasks stand in no phase,
-- so all projects share one board whose phases are the sections of the source.

CREATE TABLE final_board (
    board_key TEXT PRIMARY KEY,                   -- folded name
    name      TEXT NOT NULL,
    position  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE final_phase (
    phase_key TEXT PRIMARY KEY,                   -- <board key>/<folded name>
    board_key TEXT NOT NULL REFERENCES final_board,
    name      TEXT NOT NULL,
    position  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE final_project_task (
    final_key   TEXT NOT NULL,                    -- board_task:…
    seq         INTEGER NOT NULL,
    marker      TEXT NOT NULL,                    -- end of the description
    project_key TEXT NOT NULL,
    is_whole    INTEGER NOT NULL CHECK (is_whole IN (0, 1)), -- 0: its texts are too long for Pipedrive and stand in board_tasks.csv
    title       TEXT NOT NULL,
    payload     TEXT NOT NULL CHECK (json_valid(payload))
) STRICT;
CREATE UNIQUE INDEX final_project_task_key ON final_project_task (final_key);

DROP VIEW final_item;
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
UNION ALL SELECT 'project_task', final_key, seq, marker, title, payload FROM final_project_task
UNION ALL SELECT 'activity', final_key, seq, marker, subject, payload FROM final_activity
UNION ALL SELECT 'note', final_key, seq, marker, final_key, payload FROM final_note
UNION ALL SELECT 'file', final_key, seq, marker, name, payload FROM final_file
UNION ALL SELECT 'filter', final_key, seq, marker, name, payload FROM final_filter;

-- +goose Down
DROP VIEW final_item;
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
DROP TABLE final_project_task;
DROP TABLE final_phase;
DROP TABLE final_board;
