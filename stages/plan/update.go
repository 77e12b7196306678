package plan

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"nextpipe/stages/internal/entity"
	"nextpipe/stages/internal/journal"
	"nextpipe/stages/internal/target"
	"nextpipe/stages/internal/words"
)

// spellOut works out what each planned update sends: of a linked record the
// keys that changed since, of a record that was there before us the keys that
// are blank in it or hold what we sent.
func spellOut(ctx context.Context, tx *sql.Tx, s *target.Session, planID int64) error {
	book, err := words.New(ctx, tx, s.ID)
	if err != nil {
		return err
	}
	for _, name := range entity.Names() {
		if err := spellOutKind(ctx, tx, s, planID, book, name); err != nil {
			return err
		}
	}
	return nil
}

func spellOutKind(ctx context.Context, tx *sql.Tx, s *target.Session, planID int64, book *words.Book, name string) error {
	for seq := int64(0); ; {
		updates, err := readUpdates(ctx, tx, s, planID, name, seq)
		if err != nil || len(updates) == 0 {
			return err
		}
		for _, u := range updates {
			if err := spellOutOne(ctx, tx, planID, book, u); err != nil {
				return fmt.Errorf("%s %s: %w", u.entity, u.key, err)
			}
		}
		seq = updates[len(updates)-1].seq
	}
}

func spellOutOne(ctx context.Context, tx *sql.Tx, planID int64, book *words.Book, u update) error {
	change, err := u.work()
	var stays *cannotClear
	if errors.As(err, &stays) {
		return hold(ctx, tx, planID, u.seq, stays.Error())
	}
	if err != nil {
		return err
	}
	held := map[string]any{}
	for k := range change {
		held[k] = journal.Answered(u.held, k)
	}
	body, err := json.Marshal(change)
	if err != nil {
		return err
	}
	base, err := json.Marshal(held)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "UPDATE plan_op SET body = ?, base = ? WHERE plan_id = ? AND seq = ?", string(body), string(base), planID, u.seq); err != nil {
		return err
	}
	return errors.Join(show(ctx, tx, planID, book, u, change), showStays(ctx, tx, planID, book, u))
}

// cannotClear says that a value would have to go and the API cannot take it away.
type cannotClear struct{ keys []string }

func (c *cannotClear) Error() string {
	return "NextCRM no longer says " + strings.Join(c.keys, " and ") + ", and the API cannot clear it: clear it in Pipedrive, then run scope and verify again"
}

// hold turns a planned update into something that waits for a person.
func hold(ctx context.Context, tx *sql.Tx, planID, seq int64, reason string) error {
	_, err := tx.ExecContext(ctx, "UPDATE plan_op SET action = 'blocked', body = NULL, base = NULL, reason = ?, tokens = 0 WHERE plan_id = ? AND seq = ?", reason, planID, seq)
	return err
}

type update struct {
	seq         int64
	entity, key string
	payload     []byte // what the record should agree to
	linked      []byte // what it last agreed to; nil for a record that is not linked yet
	record      []byte // the record as the account last answered it
	seen        []byte // as the last verify saw it; nil when it has not
	sent        []byte // what we sent for it, bound
	isOurs      bool   // we created it: nobody else's word stands in it

	held map[string]any // record, decoded: what the account answered to us last
	now  map[string]any // what it held when it was seen last

	stays map[string]any // what NextCRM says otherwise now and the account takes of new records only
}

// updatesAtOnce bounds how many records are held in memory.
const updatesAtOnce = 500

// readUpdates reads updates of one kind: joined for all kinds at once, the view
// would be built anew for every record.
func readUpdates(ctx context.Context, tx *sql.Tx, s *target.Session, planID int64, name string, after int64) ([]update, error) {
	rows, err := tx.QueryContext(ctx, entity.ForOne(`SELECT p.seq, p.entity, p.final_key, f.payload, l.symbolic, coalesce(l.echoed, d.data, '{}'),
			coalesce(l.sent, '{}'), coalesce(l.origin = 'created', 0), n.data
		FROM plan_op AS p
		JOIN final_item AS f ON f.entity = p.entity AND f.final_key = p.final_key
		LEFT JOIN link AS l ON l.target_id = ?2 AND l.entity = p.entity AND l.final_key = p.final_key AND l.part = '' AND l.state = 'live'
		LEFT JOIN dest_record AS d ON d.target_id = ?2 AND d.entity = p.entity AND d.pipedrive_id = p.pipedrive_id
		LEFT JOIN seen_record AS n ON n.target_id = ?2 AND n.entity = p.entity AND n.pipedrive_id = l.pipedrive_id
		WHERE p.plan_id = ?1 AND p.action = 'update' AND p.seq > ?3 AND p.entity = ?5 ORDER BY p.seq LIMIT ?4`, name), planID, s.ID, after, updatesAtOnce, name)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []update
	for rows.Next() {
		var u update
		if err := rows.Scan(&u.seq, &u.entity, &u.key, &u.payload, &u.linked, &u.record, &u.sent, &u.isOurs, &u.seen); err != nil {
			return nil, err
		}
		out = append(out, u)
	}
	return out, rows.Err()
}

// work gives the keys that an update sends, and reads what it is judged by.
func (u *update) work() (change map[string]any, err error) {
	payload, err := journal.Decode(u.payload)
	if err != nil {
		return nil, err
	}
	if u.held, err = journal.Decode(u.record); err != nil {
		return nil, err
	}
	u.now = u.held
	if u.linked == nil {
		return blanks(payload, u.held), nil
	}
	linked, err := journal.Decode(u.linked)
	if err != nil {
		return nil, err
	}
	if u.seen != nil {
		if u.now, err = journal.Decode(u.seen); err != nil {
			return nil, err
		}
	}
	if keys := lost(u.entity, payload, linked, u.now); len(keys) > 0 {
		return nil, &cannotClear{keys}
	}
	change = changed(u.entity, payload, linked)
	for k := range onlyNew[u.entity] {
		if v, says := payload[k]; says && !equal(v, linked[k]) {
			u.stays = map[string]any{k: v}
		}
	}
	if u.isOurs {
		return change, nil
	}
	sent, err := journal.Decode(u.sent)
	if err == nil {
		keepForeign(change, u.held, sent)
	}
	return change, err
}

// irreversible keys are not filled on records that were there before us: what
// they set cannot be taken back as it was.
var irreversible = map[string]bool{"add_time": true, "address": true, "marketing_status": true, "org_id": true, "status": true,
	"won_time": true, "lost_time": true, "lost_reason": true, "stage_id": true, "expected_close_date": true, "owner_id": true, "visible_to": true,
	"prices": true, "category": true, "tax": true, "is_linkable": true, "billing_frequency": true, "billing_frequency_cycles": true}

// blanks are the keys of payload that the record does not fill yet. Names stay.
func blanks(payload, record map[string]any) map[string]any {
	out := map[string]any{}
	for k, v := range payload {
		switch {
		case k == "custom_fields":
			// Codes are not known here: fields of ours are blank on a record that
			// was never ours, and reused fields are checked again before sending.
			out[k] = v
		case !irreversible[k] && journal.IsBlank(record[k]):
			out[k] = v
		}
	}
	keepCurrency(out, record)
	return out
}

// keepForeign drops from change what is not ours to change in a record that was
// there before us: irreversible keys, and keys that we never sent and that are
// not blank. Custom fields are told apart by load, which knows their codes.
func keepForeign(change, record, sent map[string]any) {
	for k := range change {
		_, ours := sent[k]
		if k != "custom_fields" && (irreversible[k] || !ours && !journal.IsBlank(record[k])) {
			delete(change, k)
		}
	}
	keepCurrency(change, record)
}

// keepCurrency drops an amount whose currency is not sent along and is not the
// record's: it would become another amount.
func keepCurrency(change, record map[string]any) {
	if _, both := change["currency"]; !both && !journal.IsBlank(record["currency"]) {
		delete(change, "value")
	}
}

// clearing is what takes away the value of a key that the source has lost. Keys
// that are not here cannot be cleared through the API.
var clearing = map[string]map[string]any{
	"organization": {"website": nil, "linkedin": nil, "label_ids": []any{}},
	"person":       {"emails": []any{}, "phones": []any{}, "label_ids": []any{}, "org_id": nil},
	"deal":         {"person_id": nil, "org_id": nil, "label_ids": []any{}},
	"lead":         {"person_id": nil, "organization_id": nil, "value": nil, "expected_close_date": nil, "label_ids": []any{}},
	"note":         {"deal_id": nil, "person_id": nil, "org_id": nil, "lead_id": nil},
	"activity":     {"participants": []any{}},
	"project_task": {"due_date": nil, "assignee_ids": []any{}},
}

// onlyNew are keys that a record takes when it is made and never again.
var onlyNew = map[string]map[string]bool{"organization": {"add_time": true}, "person": {"add_time": true}, "lead": {"origin_id": true}}

// lost names the keys that the source no longer fills and the API cannot clear,
// unless the record is blank there already.
func lost(entity string, payload, linked, record map[string]any) []string {
	var out []string
	for k := range linked {
		_, still := payload[k]
		_, clears := clearing[entity][k]
		if !still && !clears && !onlyNew[entity][k] && k != "custom_fields" && !strings.HasPrefix(k, "@") && !journal.IsBlank(record[k]) {
			out = append(out, k)
		}
	}
	slices.Sort(out)
	return out
}

// changed are the keys whose value differs from what was last agreed.
func changed(entity string, payload, linked map[string]any) map[string]any {
	out := map[string]any{}
	for k, v := range payload {
		if k != "custom_fields" && !onlyNew[entity][k] && !equal(v, linked[k]) {
			out[k] = v
		}
	}
	for k := range linked {
		_, still := payload[k]
		if blank, clears := clearing[entity][k]; !still && clears {
			out[k] = blank
		}
	}
	addCompanions(out, payload)
	if custom := changedCustom(payload["custom_fields"], linked["custom_fields"]); len(custom) > 0 {
		out["custom_fields"] = custom
	}
	return out
}

// addCompanions sends along what Pipedrive reads together with what changed.
func addCompanions(out, payload map[string]any) {
	for _, group := range journal.Companions {
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
