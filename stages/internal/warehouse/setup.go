package warehouse

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Setup says which source a warehouse belongs to, as in table setup.
type Setup struct {
	Edition     string
	Fingerprint string // hex
	Name        string
	Timezone    string // "" when unknown
	ToolVersion string
}

// tagLength is how many hex digits of the fingerprint lead every marker: two
// sources that are moved into one account must not share markers.
const tagLength = 6

// UseSource ties the warehouse to a source on first use and refuses another
// one with ErrDrift afterwards. A newly known time zone is kept.
func (db *DB) UseSource(ctx context.Context, s Setup) error {
	if len(s.Fingerprint) < tagLength {
		return fmt.Errorf("use source %s: its fingerprint %q is too short", s.Name, s.Fingerprint)
	}
	return db.Write(ctx, func(tx *sql.Tx) error {
		var id, name string
		err := tx.QueryRow("SELECT source_id, source_name FROM setup").Scan(&id, &name)
		if errors.Is(err, sql.ErrNoRows) {
			_, err = tx.Exec(`INSERT INTO setup (only_row, source_edition, source_id, source_tag, source_name, source_timezone, tool_version, created_at)
				VALUES (1, ?, ?, ?, ?, nullif(?, ''), ?, ?)`, s.Edition, s.Fingerprint, s.Fingerprint[:tagLength], s.Name, s.Timezone, s.ToolVersion, db.Now())
			return err
		}
		if err != nil {
			return fmt.Errorf("read setup: %w", err)
		}
		if id != s.Fingerprint {
			return fmt.Errorf("%w: this warehouse was filled from %s, --source is %s; use another --db for another source", ErrDrift, name, s.Name)
		}
		_, err = tx.Exec("UPDATE setup SET source_timezone = coalesce(nullif(?, ''), source_timezone), source_name = ?, tool_version = ?",
			s.Timezone, s.Name, s.ToolVersion)
		return err
	})
}
