package provision

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"nextpipe/stages/internal/journal"
	"nextpipe/stages/internal/stage"
)

// retryCapped forgets what earlier runs were told about the account's limits:
// somebody may have made room, or the thing itself, and the map may do without.
func (m *maker) retryCapped(ctx context.Context) error {
	return m.DB.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE load_op SET state = 'not_sent' WHERE target_id = ? AND purpose = 'provision'
			AND state = 'blocked' AND error_code = ?`, m.ID, journal.Capped)
		return err
	})
}

// noRoom leaves one thing out. Its symbol stands for nothing then, so that no
// record is sent that needs it. Without the field "NextCRM ID" no record at all
// could be told from others.
func (m *maker) noRoom(ctx context.Context, op *journal.Op) error {
	if strings.HasSuffix(op.FinalKey, ".nextcrm_id") {
		// Not wrapped: trying again does not help before a person has decided.
		return stage.Input(fmt.Errorf(`create %s %s: the account has no room for the field "NextCRM ID" (%s): delete a custom field there that nobody uses, or raise the plan`,
			op.Entity, op.FinalKey, op.Message))
	}
	m.capped++
	return m.DB.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM bind WHERE target_id = ? AND kind = ? AND symbol = ?", m.ID, bindKind(op.Entity), op.FinalKey)
		return err
	})
}

// bindKind is under which kind a thing of the journal is bound.
func bindKind(entity string) string {
	switch {
	case strings.HasSuffix(entity, "_field"):
		return kindField
	case entity == "lead_label":
		return kindLabel
	}
	return entity
}
