package journal

import (
	"database/sql"
	"errors"
	"fmt"

	"nextpipe/stages/internal/pipedrive"
)

// Link ties a final record to its record in one account.
type Link struct {
	Entity      string
	FinalKey    string
	PipedriveID string
	Marker      string
	Origin      string // created, matched or adopted
	Symbolic    []byte // the final payload the record now agrees to
	Sent        []byte // bound values, as sent
	Echoed      []byte // the record as the account answered
}

// ErrTaken means that a record of the account already belongs to another final
// record: two must never share one.
var ErrTaken = errors.New("the record in Pipedrive is already linked")

// SaveLink writes or renews a link inside the transaction that records the
// outcome it comes from. It writes nothing and gives ErrTaken when another
// live link holds the id.
func (j *Journal) SaveLink(tx *sql.Tx, opID int64, l Link) error {
	var holder string
	err := tx.QueryRow("SELECT final_key FROM link WHERE target_id = ? AND entity = ? AND pipedrive_id = ? AND state = 'live' AND final_key <> ?",
		j.TargetID, l.Entity, l.PipedriveID, l.FinalKey).Scan(&holder)
	if err == nil {
		return fmt.Errorf("%w: %s %s is the record of %s", ErrTaken, l.Entity, l.PipedriveID, holder)
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("look for the holder of %s %s: %w", l.Entity, l.PipedriveID, err)
	}
	now := j.DB.Now()
	_, err = tx.Exec(`INSERT INTO link (target_id, entity, final_key, pipedrive_id, marker, state, origin, symbolic, sent, echoed,
			op_id, linked_at, updated_at)
		VALUES (?, ?, ?, ?, nullif(?, ''), 'live', ?, ?, ?, ?, nullif(?, 0), ?, ?)
		ON CONFLICT (target_id, entity, final_key, part) DO UPDATE SET pipedrive_id = excluded.pipedrive_id,
			marker = coalesce(excluded.marker, marker), state = 'live',
			origin = CASE WHEN state = 'live' THEN origin ELSE excluded.origin END,
			symbolic = excluded.symbolic, sent = excluded.sent, echoed = excluded.echoed, op_id = excluded.op_id,
			updated_at = excluded.updated_at`,
		j.TargetID, l.Entity, l.FinalKey, l.PipedriveID, l.Marker, l.Origin, string(l.Symbolic), string(l.Sent), string(l.Echoed),
		opID, now, now)
	if err != nil {
		return fmt.Errorf("link %s %s to %s: %w", l.Entity, l.FinalKey, l.PipedriveID, err)
	}
	return nil
}

// DropLink marks a link as no longer live: "removed" by us, "gone" by others.
func (j *Journal) DropLink(tx *sql.Tx, entity, finalKey, state string) error {
	_, err := tx.Exec("UPDATE link SET state = ?, updated_at = ? WHERE target_id = ? AND entity = ? AND final_key = ?",
		state, j.DB.Now(), j.TargetID, entity, finalKey)
	return err
}

// SaveImage keeps what a record held before we changed it, and what its link said.
func (j *Journal) SaveImage(tx *sql.Tx, opID int64, entity string, before pipedrive.Record) error {
	_, err := tx.Exec(`INSERT INTO before_image (target_id, entity, pipedrive_id, op_id, image, taken_at, link_symbolic, link_sent, link_echoed)
		SELECT ?1, ?2, ?3, ?4, ?5, ?6, k.symbolic, k.sent, k.echoed FROM (SELECT 1)
		LEFT JOIN link AS k ON k.target_id = ?1 AND k.entity = ?2 AND k.pipedrive_id = ?3 AND k.state = 'live'`,
		j.TargetID, entity, before.ID, opID, string(before.Data), j.DB.Now())
	return err
}
