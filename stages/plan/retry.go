package plan

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"nextpipe/stages/internal/bind"
	"nextpipe/stages/internal/entity"
	"nextpipe/stages/internal/journal"
	"nextpipe/stages/internal/pipedrive"
	"nextpipe/stages/internal/target"
)

// refusal is what waits for a correction because the account refused it.
type refusal struct {
	seq                 int64
	entity, pipedriveID string
	payload, body       []byte
}

// reconsider plans again what was refused, although NextCRM says the same, when
// something it names is another one in the account now: a stage or an option that
// was deleted and made anew, a parent that was loaded again or is gone.
func reconsider(ctx context.Context, tx *sql.Tx, s *target.Session, planID int64) error {
	var all []refusal
	for _, name := range entity.Names() {
		some, err := refusals(ctx, tx, s.ID, planID, name)
		if err != nil {
			return err
		}
		all = append(all, some...)
	}
	if len(all) == 0 {
		return nil
	}
	binder, err := bind.New(ctx, s)
	if err != nil {
		return err
	}
	for _, r := range all {
		again, err := r.namesOthers(ctx, binder)
		if err != nil {
			return err
		}
		if !again {
			continue
		}
		action, body, tokens := "create", any(nil), pipedrive.Cost(r.entity, pipedrive.Create)
		if r.pipedriveID != "" {
			action, body, tokens = "update", "{}", updatePrice(r.entity)
		}
		if _, err := tx.ExecContext(ctx, `UPDATE plan_op SET action = ?, body = ?, tokens = ?, reason = 'refused before; what it refers to has changed in Pipedrive since'
			WHERE plan_id = ? AND seq = ?`, action, body, tokens, planID, r.seq); err != nil {
			return err
		}
	}
	return nil
}

func refusals(ctx context.Context, tx *sql.Tx, targetID, planID int64, name string) ([]refusal, error) {
	rows, err := tx.QueryContext(ctx, entity.ForOne(`SELECT p.seq, p.entity, coalesce(p.pipedrive_id, ''), f.payload, o.body FROM load_op AS o
		JOIN plan_op AS p ON p.plan_id = ?2 AND p.entity = o.entity AND p.final_key = o.final_key AND p.action = 'blocked'
		JOIN final_item AS f ON f.entity = p.entity AND f.final_key = p.final_key AND f.payload = o.symbolic
		WHERE o.target_id = ?1 AND o.entity = ?3 AND o.state = 'refused' AND o.state IN ('refused', 'quarantined', 'blocked') -- the terms of the index load_op_bad
			AND o.purpose = 'load' AND o.verb <> 'delete' AND o.body IS NOT NULL
			AND o.op_id = (SELECT max(n.op_id) FROM load_op AS n
				WHERE n.target_id = ?1 AND n.entity = o.entity AND n.final_key = o.final_key AND n.purpose = 'load')
		ORDER BY p.seq`, name), targetID, planID, name)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []refusal
	for rows.Next() {
		var r refusal
		if err := rows.Scan(&r.seq, &r.entity, &r.pipedriveID, &r.payload, &r.body); err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, rows.Err()
}

// namesOthers tells that a reference of the payload has another id now than in
// the body that was refused, or none.
func (r refusal) namesOthers(ctx context.Context, binder *bind.Binder) (bool, error) {
	payload, errP := journal.Decode(r.payload)
	body, errB := journal.Decode(r.body)
	if err := errors.Join(errP, errB); err != nil {
		return false, err
	}
	inner, _ := payload["custom_fields"].(map[string]any)
	sent, _ := body["custom_fields"].(map[string]any)
	for _, part := range []struct{ symbolic, bound map[string]any }{{payload, body}, {inner, sent}} {
		for key, v := range part.symbolic {
			ref, isObject := v.(map[string]any)
			if !isObject || ref["@ref"] == nil {
				continue
			}
			one, err := json.Marshal(map[string]any{key: v})
			if err != nil {
				return false, err
			}
			now, missing, err := binder.Bind(ctx, one)
			if err != nil || missing != "" {
				return missing != "", err
			}
			same, err := holdsIn(part.bound, now)
			if err != nil || !same {
				return !same, err
			}
		}
	}
	return false, nil
}

// holdsIn tells that a body says what now says, or nothing about it.
func holdsIn(body map[string]any, now []byte) (bool, error) {
	said, err := journal.Decode(now)
	if err != nil {
		return false, err
	}
	for key, v := range said {
		if was, has := body[key]; has && !equal(was, v) {
			return false, nil
		}
	}
	return true, nil
}
