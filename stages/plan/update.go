package plan

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"

	"nextpipe/stages/internal/journal"
	"nextpipe/stages/internal/target"
)

// spellOut works out what each planned update sends: of a linked record the
// keys that changed since, of a record that was there before us the keys that
// are blank in it. An update with nothing to send becomes unchanged only when
// the record is already linked; a first match is always sent, it carries the marker.
func spellOut(ctx context.Context, tx *sql.Tx, s *target.Session, planID int64) error {
	updates, err := readUpdates(ctx, tx, s, planID)
	if err != nil {
		return err
	}
	for _, u := range updates {
		body, base, err := u.work()
		if err != nil {
			return fmt.Errorf("%s %s: %w", u.entity, u.key, err)
		}
		if _, err := tx.ExecContext(ctx, "UPDATE plan_op SET body = ?, base = ? WHERE plan_id = ? AND seq = ?", body, base, planID, u.seq); err != nil {
			return err
		}
	}
	return nil
}

type update struct {
	seq         int64
	entity, key string
	payload     []byte // what the record should agree to
	linked      []byte // what it last agreed to; nil for a record that was there before us
	record      []byte // the record as the account last answered it
}

func readUpdates(ctx context.Context, tx *sql.Tx, s *target.Session, planID int64) ([]update, error) {
	rows, err := tx.QueryContext(ctx, `SELECT p.seq, p.entity, p.final_key, f.payload, l.symbolic, coalesce(l.echoed, d.data, '{}')
		FROM plan_op AS p
		JOIN final_item AS f ON f.entity = p.entity AND f.final_key = p.final_key
		LEFT JOIN link AS l ON l.target_id = ?2 AND l.entity = p.entity AND l.final_key = p.final_key AND l.part = '' AND l.state = 'live'
		LEFT JOIN dest_record AS d ON d.target_id = ?2 AND d.entity = p.entity AND d.pipedrive_id = p.pipedrive_id
		WHERE p.plan_id = ?1 AND p.action = 'update' ORDER BY p.seq`, planID, s.ID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []update
	for rows.Next() {
		var u update
		if err := rows.Scan(&u.seq, &u.entity, &u.key, &u.payload, &u.linked, &u.record); err != nil {
			return nil, err
		}
		out = append(out, u)
	}
	return out, rows.Err()
}

func (u update) work() (body, base string, err error) {
	payload, err := journal.Decode(u.payload)
	if err != nil {
		return "", "", err
	}
	record, err := journal.Decode(u.record)
	if err != nil {
		return "", "", err
	}
	var change map[string]any
	if u.linked == nil {
		change = blanks(payload, record)
	} else {
		linked, err := journal.Decode(u.linked)
		if err != nil {
			return "", "", err
		}
		change = changed(u.entity, payload, linked)
	}
	held := map[string]any{}
	for k := range change {
		held[k] = record[k]
	}
	b, err := json.Marshal(change)
	if err != nil {
		return "", "", err
	}
	h, err := json.Marshal(held)
	return string(b), string(h), err
}

// irreversible keys are not filled on records that were there before us: what
// they set cannot be taken back as it was.
var irreversible = map[string]bool{"add_time": true, "address": true, "marketing_status": true, "org_id": true, "status": true,
	"won_time": true, "lost_time": true, "lost_reason": true, "stage_id": true, "expected_close_date": true, "owner_id": true, "visible_to": true}

// blanks are the keys of payload that the record does not fill yet. Names stay.
func blanks(payload, record map[string]any) map[string]any {
	out := map[string]any{}
	for k, v := range payload {
		switch {
		case k == "custom_fields":
			// Codes are not known here: fields of ours are blank on a record that
			// was never ours, and reused fields are checked again before sending.
			out[k] = v
		case !irreversible[k] && isBlank(record[k]):
			out[k] = v
		}
	}
	return out
}

func isBlank(v any) bool {
	switch t := v.(type) {
	case nil:
		return true
	case string:
		return t == ""
	case []any:
		return len(t) == 0
	default:
		return false
	}
}

// clearable keys take null; the others keep their last value when the source
// has lost it, because the API cannot clear them.
var clearable = map[string][]string{"deal": {"person_id", "org_id"}, "organization": {"website", "linkedin"}}

// changed are the keys whose value differs from what was last agreed.
func changed(entity string, payload, linked map[string]any) map[string]any {
	out := map[string]any{}
	for k, v := range payload {
		if k != "custom_fields" && !equal(v, linked[k]) {
			out[k] = v
		}
	}
	for k := range linked {
		if _, still := payload[k]; !still && slices.Contains(clearable[entity], k) {
			out[k] = nil
		}
	}
	addCompanions(out, payload)
	if custom := changedCustom(payload["custom_fields"], linked["custom_fields"]); len(custom) > 0 {
		out["custom_fields"] = custom
	}
	return out
}

// companions are keys that Pipedrive reads together: a value without its
// currency, or a status without its time, would be completed by the account.
var companions = [][]string{{"value", "currency"}, {"status", "won_time", "lost_time", "lost_reason"}}

func addCompanions(out, payload map[string]any) {
	for _, group := range companions {
		touched := false
		for _, k := range group {
			_, in := out[k]
			touched = touched || in
		}
		for _, k := range group {
			if v, has := payload[k]; touched && has {
				out[k] = v
			}
		}
	}
}

func changedCustom(want, had any) map[string]any {
	w, _ := want.(map[string]any)
	h, _ := had.(map[string]any)
	out := map[string]any{}
	for k, v := range w {
		if !equal(v, h[k]) {
			out[k] = v
		}
	}
	for k := range h {
		if _, still := w[k]; !still {
			out[k] = nil
		}
	}
	return out
}

func equal(a, b any) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}
