package journal

import (
	"database/sql"
	"fmt"
)

// Dispute is a conflict in people's words, as table conflict keeps it.
type Dispute struct {
	Field, Name        string // key in the API, and as people know it
	Base, Theirs, Ours string // "" when blank
}

// SaveConflicts keeps what is in conflict about a record, and closes what no
// longer is. A decision stays as long as both values are those it was made about.
func (j *Journal) SaveConflicts(tx *sql.Tx, op *Op, all []Dispute) error {
	for _, d := range all {
		if _, err := tx.Exec(`INSERT INTO conflict (target_id, entity, final_key, pipedrive_id, field, field_name, base, in_pipedrive, in_nextcrm, run_id, found_at)
			VALUES (?, ?, ?, ?, ?, ?, nullif(?, ''), nullif(?, ''), nullif(?, ''), ?, ?)
			ON CONFLICT (target_id, entity, final_key, field) WHERE resolved_at IS NULL DO UPDATE SET
				keep = CASE WHEN in_pipedrive IS excluded.in_pipedrive AND in_nextcrm IS excluded.in_nextcrm THEN keep END,
				decided_by = CASE WHEN in_pipedrive IS excluded.in_pipedrive AND in_nextcrm IS excluded.in_nextcrm THEN decided_by END,
				pipedrive_id = excluded.pipedrive_id, field_name = excluded.field_name, base = excluded.base,
				in_pipedrive = excluded.in_pipedrive, in_nextcrm = excluded.in_nextcrm, run_id = excluded.run_id`,
			j.TargetID, op.Entity, op.FinalKey, op.PipedriveID, d.Field, d.Name, d.Base, d.Theirs, d.Ours, j.RunID, j.DB.Now()); err != nil {
			return fmt.Errorf("keep conflict about %s: %w", d.Name, err)
		}
	}
	_, err := tx.Exec(`UPDATE conflict SET resolved_at = ? WHERE target_id = ? AND entity = ? AND final_key = ? AND resolved_at IS NULL AND run_id <> ?`,
		j.DB.Now(), j.TargetID, op.Entity, op.FinalKey, j.RunID)
	return err
}

// CloseConflicts closes the conflicts about records that agree with NextCRM
// again, whoever gave way, and about records that are gone on either side.
func (j *Journal) CloseConflicts(tx *sql.Tx) error {
	_, err := tx.Exec(`UPDATE conflict AS c SET resolved_at = ?2 WHERE target_id = ?1 AND resolved_at IS NULL AND NOT EXISTS (
		SELECT 1 FROM link AS l JOIN final_item AS f ON f.entity = l.entity AND f.final_key = l.final_key
		WHERE l.target_id = ?1 AND l.entity = c.entity AND l.final_key = c.final_key AND l.part = '' AND l.state = 'live' AND l.symbolic <> f.payload)`,
		j.TargetID, j.DB.Now())
	if err != nil {
		return fmt.Errorf("close conflicts: %w", err)
	}
	return nil
}
