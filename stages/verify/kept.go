package verify

import (
	"context"
	"database/sql"
	"errors"
	"slices"

	"nextpipe/stages/internal/journal"
	"nextpipe/stages/internal/target"
)

// keeper tells values that people gave our records from values that went wrong.
type keeper struct {
	targetID int64
	after    int64 // operations up to here are older than the current plan
	passed   bool  // the account was verified before that plan: what came since is people's work
	known    map[field]value
	kept     map[field]value
	now      string
	disputed int64
}

type field struct{ kind, key, name string }

type value struct{ id, sent, got, since string }

// whatPeopleKeep reads what is known of people's values before this verify
// begins: it forgets the one before.
func whatPeopleKeep(ctx context.Context, s *target.Session) (*keeper, error) {
	k := &keeper{targetID: s.ID, known: map[field]value{}, kept: map[field]value{}, now: s.DB.Now()}
	err := s.DB.Read().QueryRowContext(ctx, `SELECT coalesce(max(p.after_op), 0), coalesce(max(v.verified_at < p.made_at), 0)
		FROM plan AS p LEFT JOIN verification AS v ON v.target_id = p.target_id WHERE p.target_id = ? AND p.is_current = 1`, s.ID).Scan(&k.after, &k.passed)
	if err != nil {
		return nil, err
	}
	rows, err := s.DB.Read().QueryContext(ctx, "SELECT entity, final_key, field, pipedrive_id, sent, kept, since FROM kept_value WHERE target_id = ?", s.ID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var f field
		var v value
		if err := rows.Scan(&f.kind, &f.key, &f.name, &v.id, &v.sent, &v.got, &v.since); err != nil {
			return nil, err
		}
		k.known[f] = v
	}
	return k, rows.Err()
}

// keep tells that a value stays because people gave it: it is in conflict and
// listed there, it was known before, or it came between the verify before and a
// plan that had nothing to say about it. What was written since that plan must
// be as it was written.
func (k *keeper) keep(ctx context.Context, tx *sql.Tx, r linked, d journal.Difference) (bool, error) {
	var disputed bool
	err := tx.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM conflict WHERE target_id = ? AND entity = ? AND final_key = ? AND field = ? AND resolved_at IS NULL)",
		k.targetID, r.kind, r.key, d.Field).Scan(&disputed)
	if err != nil {
		return false, err
	}
	if disputed {
		k.disputed++
		return true, nil
	}
	f := field{r.kind, r.key, d.Field}
	v := value{id: r.id, sent: d.Want, got: d.Got, since: k.now}
	if old, ok := k.known[f]; ok && old.id == v.id && old.sent == v.sent && old.got == v.got {
		k.kept[f] = old
		return true, nil
	}
	theirs, err := k.isTheirs(ctx, tx, r, d)
	if theirs {
		k.kept[f] = v
	}
	return theirs, err
}

// isTheirs tells that somebody changed a value since we wrote it: the account
// answered ours then, and the record was changed later than that. What lines
// make of a deal's value is nobody's word, and our marker is not people's to change.
func (k *keeper) isTheirs(ctx context.Context, tx *sql.Tx, r linked, d journal.Difference) (bool, error) {
	answered, err := journal.Compare([]byte(r.echoed), []byte(r.sent))
	if err != nil || differs(answered, d.Field) {
		return false, err
	}
	if ours, err := isOurAlone(ctx, tx, k.targetID, r, d.Field); err != nil || ours {
		return false, err
	}
	body, err := k.written(ctx, tx, r, d.Field)
	if err != nil {
		return false, err
	}
	if body != nil {
		// Sets are written with people's entries; theirs are those that were not NextCRM's.
		missing, err := journal.Compare([]byte(r.seen), body)
		return err == nil && !differs(missing, d.Field), err
	}
	at := journal.TextAt([]byte(r.seen), "update_time")
	return k.passed && (at == "" || at != journal.TextAt([]byte(r.echoed), "update_time")), nil
}

func differs(all []journal.Difference, name string) bool {
	return slices.ContainsFunc(all, func(d journal.Difference) bool { return d.Field == name })
}

// written is the last body with a field that was sent since the plan was made;
// nil when none was.
func (k *keeper) written(ctx context.Context, tx *sql.Tx, r linked, name string) (body []byte, err error) {
	err = tx.QueryRowContext(ctx, `SELECT body FROM load_op WHERE target_id = ? AND entity = ? AND final_key = ? AND op_id > ? AND state = 'done'
		AND json_type(body, '$.' || ?) IS NOT NULL ORDER BY op_id DESC LIMIT 1`, k.targetID, r.kind, r.key, k.after, name).Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return body, err
}

// isOurAlone tells that a value is never people's.
func isOurAlone(ctx context.Context, tx *sql.Tx, targetID int64, r linked, name string) (ours bool, err error) {
	err = tx.QueryRowContext(ctx, `SELECT ?2 = 'deal' AND ?4 = 'value' AND EXISTS (SELECT 1 FROM final_deal_product WHERE deal_key = ?3
			UNION SELECT 1 FROM final_deal_discount WHERE deal_key = ?3)
		OR ?4 = 'custom_fields.' || coalesce((SELECT pipedrive_id FROM bind WHERE target_id = ?1 AND kind = 'field' AND symbol = ?2 || '.nextcrm_id'), '')`,
		targetID, r.kind, r.key, name).Scan(&ours)
	return ours, err
}

// count is how many values people keep, those in conflict included.
func (k *keeper) count() int64 { return int64(len(k.kept)) + k.disputed }

func (k *keeper) store(ctx context.Context, tx *sql.Tx) error {
	if _, err := tx.ExecContext(ctx, "DELETE FROM kept_value WHERE target_id = ?", k.targetID); err != nil {
		return err
	}
	for f, v := range k.kept {
		if _, err := tx.ExecContext(ctx, "INSERT INTO kept_value VALUES (?, ?, ?, ?, ?, ?, ?, ?)", k.targetID, f.kind, f.key, v.id, f.name, v.sent, v.got, v.since); err != nil {
			return err
		}
	}
	return nil
}
