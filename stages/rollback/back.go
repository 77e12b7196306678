package rollback

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"nextpipe/stages/internal/entity"
	"nextpipe/stages/internal/journal"
	"nextpipe/stages/internal/pipedrive"
)

// way is how far an update of a rollback goes back. It stands in the operation
// itself: a later process that settles it knows nothing of the part.
type way struct {
	To int64 `json:"back_to"` // the update of ours before which it ends; 0 when the link keeps its word
}

// stepBackTo completes an operation that takes back the updates from first on
// and leaves earlier ones.
func (u *undoer) stepBackTo(ctx context.Context, op *journal.Op, first int64) (*journal.Op, error) {
	var err error
	if op.Body, _, err = u.oldValues(ctx, op.Entity, op.PipedriveID, first); err != nil {
		return nil, err
	}
	op.Symbolic, err = json.Marshal(way{To: first})
	return op, err
}

// stepBack makes the link say what it said before: the next plan finds the
// update missing and makes it again. A link that the update has made goes.
func (u *undoer) stepBack(tx *sql.Tx, op *journal.Op) error {
	var w way
	if err := json.Unmarshal(op.Symbolic, &w); err != nil {
		return fmt.Errorf("read how far it goes back: %w", err)
	}
	if w.To == 0 {
		return nil
	}
	res, err := tx.Exec(`UPDATE link SET symbolic = i.link_symbolic, sent = i.link_sent, echoed = i.link_echoed, updated_at = ?5
		FROM before_image AS i WHERE i.target_id = ?1 AND i.entity = ?2 AND i.pipedrive_id = ?3 AND i.op_id = ?4 AND i.link_symbolic IS NOT NULL
			AND link.target_id = ?1 AND link.entity = ?2 AND link.pipedrive_id = ?3 AND link.state = 'live'`,
		u.ID, op.Entity, op.PipedriveID, w.To, u.DB.Now())
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil {
		return err
	} else if n == 0 {
		if err := u.j.DropLink(tx, op.Entity, op.FinalKey, "removed"); err != nil {
			return err
		}
	}
	_, err = tx.Exec("UPDATE before_image SET restored_at = ? WHERE target_id = ? AND entity = ? AND pipedrive_id = ? AND restored_at IS NULL AND op_id >= ?",
		u.DB.Now(), u.ID, op.Entity, op.PipedriveID, w.To)
	return err
}

// image is what a record held before an update of ours.
func (u *undoer) image(ctx context.Context, kind, id string, op int64) (data []byte, err error) {
	err = u.DB.Read().QueryRowContext(ctx, "SELECT image FROM before_image WHERE target_id = ? AND entity = ? AND pipedrive_id = ? AND op_id = ?",
		u.ID, kind, id, op).Scan(&data)
	return data, err
}

// reasonNotToStepBack tells why updates of the part must stay although earlier
// ones of the record could; "" when they need not.
func (u *undoer) reasonNotToStepBack(ctx context.Context, e entity.Entity, l linked, rec pipedrive.Record) (string, error) {
	if l.first == 0 { // made in the part, but adopted since
		return "relink adopted it since: the journal does not say that we made what is there", nil
	}
	var later int64
	var isKnown bool
	err := u.DB.Read().QueryRowContext(ctx, `SELECT coalesce((SELECT max(o.run_id) FROM before_image AS i JOIN load_op AS o ON o.op_id = i.op_id
			WHERE i.target_id = ?1 AND i.entity = ?2 AND i.pipedrive_id = ?5 AND i.restored_at IS NULL AND o.op_id > ?6
				AND o.purpose = 'load' AND o.verb = 'update' AND o.state = 'done' AND NOT (`+inPart+`)), 0),
		f.link_symbolic IS NOT NULL OR ?7 <> 'created' AND NOT EXISTS (SELECT 1 FROM before_image AS i JOIN load_op AS o ON o.op_id = i.op_id
			WHERE i.target_id = ?1 AND i.entity = ?2 AND i.pipedrive_id = ?5 AND i.restored_at IS NULL AND o.op_id < ?6
				AND o.purpose = 'load' AND o.verb = 'update' AND o.state = 'done')
		FROM before_image AS f WHERE f.target_id = ?1 AND f.entity = ?2 AND f.pipedrive_id = ?5 AND f.op_id = ?6`,
		u.ID, e.Name, u.part.Run, u.part.since(), l.id, l.first, l.origin).Scan(&later, &isKnown)
	switch {
	case err != nil:
		return "", fmt.Errorf("read later updates: %w", err)
	case later != 0:
		return fmt.Sprintf("run %d of ours changed it after that: take that back first, with --run %d", later, later), nil
	case !isKnown:
		return "an older version of nextpipe changed it and did not note what it was linked as: only a rollback without --run and --since can take it back", nil
	}
	return u.changedSince(ctx, e, l, rec)
}

// changedSince tells what somebody else changed of the values that are to go.
func (u *undoer) changedSince(ctx context.Context, e entity.Entity, l linked, rec pipedrive.Record) (string, error) {
	_, sent, err := u.oldValues(ctx, e.Name, l.id, l.first)
	if err != nil || sent == nil {
		return "", err
	}
	if field, err := heldSince(l.sent, sent); err != nil || field != "" {
		return "somebody changed " + field + " in Pipedrive, and NextCRM says the same since", err
	}
	answered, err := answers(l.echoed, sent)
	if err != nil {
		return "", err
	}
	diffs, err := journal.Compare(rec.Data, answered)
	if err != nil {
		return "", err
	}
	moved, err := u.movedByLines(ctx, e, l.id)
	for _, d := range diffs {
		if !slices.Contains(moved, d.Field) {
			return "somebody changed " + d.Field + " in Pipedrive", err
		}
	}
	return "", err
}

// heldSince names a field of which we know another value than these updates sent:
// people gave it, and NextCRM followed. Sets are known by our share of them.
func heldSince(known, sent []byte) (string, error) {
	diffs, err := journal.Compare(known, sent)
	for _, d := range diffs {
		if !strings.HasPrefix(d.Want, "[") {
			return d.Field, err
		}
	}
	return "", err
}

// answers are the values with which the account answered to those that were sent.
func answers(echoed, sent []byte) ([]byte, error) {
	was, err := journal.Decode(echoed)
	if err != nil {
		return nil, fmt.Errorf("read what was answered: %w", err)
	}
	keys, err := journal.Decode(sent)
	if err != nil {
		return nil, fmt.Errorf("read sent values: %w", err)
	}
	if ours, ok := keys["custom_fields"].(map[string]any); ok {
		theirs, _ := was["custom_fields"].(map[string]any)
		for code := range ours {
			ours[code] = theirs[code]
		}
	}
	for key := range keys {
		if key != "custom_fields" {
			keys[key] = journal.Answered(was, key)
		}
	}
	return json.Marshal(keys)
}
