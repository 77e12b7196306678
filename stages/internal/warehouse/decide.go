package warehouse

import (
	"database/sql"
	"fmt"
)

// Decision is a person's word that opens a gate, or closes it again: a row of
// table gate.
type Decision struct {
	Gate     string // its name
	TargetID int64  // account it holds for; 0 for all
	Seal     string // hash of what was decided about: another hash closes the gate
	Closes   bool
	By       string
	Reason   string // "" when none was asked for
}

// Decide records a decision.
func (db *DB) Decide(tx *sql.Tx, d Decision) error {
	_, err := tx.Exec("INSERT INTO gate (name, target_id, seal, is_open, by_name, reason, at) VALUES (?, nullif(?, 0), ?, ?, ?, nullif(?, ''), ?)",
		d.Gate, d.TargetID, d.Seal, !d.Closes, d.By, d.Reason, db.Now())
	if err != nil {
		return fmt.Errorf("record %s: %w", d.Gate, err)
	}
	return nil
}

// DecideOnce records a decision about an account unless the same is recorded
// about this seal: several stages of a run ask for it.
func (db *DB) DecideOnce(tx *sql.Tx, d Decision) error {
	var said bool
	err := tx.QueryRow("SELECT EXISTS (SELECT 1 FROM gate WHERE name = ? AND target_id = ? AND seal = ? AND is_open = 1)", d.Gate, d.TargetID, d.Seal).Scan(&said)
	if err != nil || said {
		return err
	}
	return db.Decide(tx, d)
}
