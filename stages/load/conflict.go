package load

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"sort"
	"strings"

	"nextpipe/stages/internal/entity"
	"nextpipe/stages/internal/journal"
	"nextpipe/stages/internal/target"
)

// binder turns symbolic payloads into what one account understands.
type binder struct {
	*target.Session
	symbols map[string]string // kind + ":" + symbol → id
}

// newBinder reads all bindings but those of records, which are read one by one.
func newBinder(ctx context.Context, s *target.Session) (*binder, error) {
	rows, err := s.DB.Read().QueryContext(ctx, `SELECT kind, symbol, pipedrive_id FROM bind WHERE target_id = ?1
		UNION ALL SELECT 'member', symbol, pipedrive_id FROM bind WHERE target_id = ?1 AND kind = 'user' AND how <> 'fallback'`, s.ID)
	if err != nil {
		return nil, fmt.Errorf("read bindings: %w", err)
	}
	defer rows.Close()
	b := &binder{Session: s, symbols: map[string]string{}}
	for rows.Next() {
		var kind, symbol, id string
		if err := rows.Scan(&kind, &symbol, &id); err != nil {
			return nil, fmt.Errorf("read bindings: %w", err)
		}
		b.symbols[kind+":"+symbol] = id
	}
	return b, rows.Err()
}

// bind replaces every reference of a payload. missing names the first one that
// has no id here; it is never dropped. Number texts are kept as they are.
func (b *binder) bind(ctx context.Context, payload []byte) (body []byte, missing string, err error) {
	m, err := journal.Decode(payload)
	if err != nil {
		return nil, "", err
	}
	bound, err := b.value(ctx, m)
	var unbound unboundError
	if errors.As(err, &unbound) {
		return nil, unbound.Error(), nil
	}
	if err != nil {
		return nil, "", err
	}
	body, err = json.Marshal(bound)
	return body, "", err
}

type unboundError struct{ ref, why string }

func (e unboundError) Error() string { return fmt.Sprintf("reference %s: %s", e.ref, e.why) }

// omitted stands for a value that this account has no counterpart for, where
// leaving it out is what was agreed: priorities, which are in the text as well.
type omitted struct{}

func (b *binder) value(ctx context.Context, v any) (any, error) {
	switch t := v.(type) {
	case map[string]any:
		if ref, ok := t["@ref"].(string); ok && len(t) == 1 {
			return b.reference(ctx, ref)
		}
		return b.object(ctx, t)
	case []any:
		out := make([]any, 0, len(t))
		for _, item := range t {
			bound, err := b.value(ctx, item)
			if err != nil {
				return nil, err
			}
			if _, isOmitted := bound.(omitted); !isOmitted {
				out = append(out, bound)
			}
		}
		return out, nil
	default:
		return v, nil
	}
}

func (b *binder) object(ctx context.Context, m map[string]any) (any, error) {
	out := make(map[string]any, len(m))
	for key, v := range m {
		name := key
		if symbol, ok := strings.CutPrefix(key, "@field:"); ok {
			code, bound := b.symbols["field:"+symbol]
			if !bound {
				return nil, unboundError{key, "this field does not exist in the account yet; run `nextpipe provision`"}
			}
			name = code
		}
		bound, err := b.value(ctx, v)
		if err != nil {
			return nil, err
		}
		if _, isOmitted := bound.(omitted); !isOmitted {
			out[name] = bound
		}
	}
	return out, nil
}

// reference finds an id: "kind:symbol", records by their link.
func (b *binder) reference(ctx context.Context, ref string) (any, error) {
	kind, symbol, _ := strings.Cut(ref, ":")
	if id, ok := b.symbols[ref]; ok {
		return asID(kind, id), nil
	}
	switch kind {
	case "option_text", "label_text", "user_text": // conditions of filters hold ids as text
		if id, ok := b.symbols[strings.TrimSuffix(kind, "_text")+":"+symbol]; ok {
			return id, nil
		}
	case "user":
		if id, ok := b.symbols["user:@fallback"]; ok {
			return json.Number(id), nil
		}
	case "member":
		return nil, unboundError{ref, "the account has no active user with this address"}
	default:
		if _, ok := entity.Of(kind); ok {
			return b.record(ctx, ref, kind, symbol)
		}
	}
	return nil, unboundError{ref, "it is not in the account yet; run `nextpipe provision`"}
}

// asID is an id as the API takes it: most are numbers; keys of activity types
// and numbers in filters are texts even where they look like numbers.
func asID(kind, id string) any {
	_, isNumber := new(big.Int).SetString(id, 10)
	switch {
	case id == "":
		return omitted{}
	case isNumber && kind != "activity_type" && kind != "filter_field":
		return json.Number(id)
	}
	return id
}

func (b *binder) record(ctx context.Context, ref, kind, finalKey string) (any, error) {
	var id string
	err := b.DB.Read().QueryRowContext(ctx, "SELECT pipedrive_id FROM link WHERE target_id = ? AND entity = ? AND final_key = ? AND part = '' AND state = 'live'",
		b.ID, kind, finalKey).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, unboundError{ref, "it was not loaded; see v_rejects for it"}
	}
	return asID(kind, id), err
}

// conflicts names the keys that somebody changed in the account since base, to
// something other than what we want there.
func conflicts(record, base, change []byte) (string, error) {
	moved, err := journal.Compare(record, base)
	if err != nil {
		return "", err
	}
	wrong, err := journal.Compare(record, change)
	if err != nil {
		return "", err
	}
	still := map[string]journal.Difference{}
	for _, d := range wrong {
		still[d.Field] = d
	}
	var out []string
	for _, d := range moved {
		if w, ok := still[d.Field]; ok {
			out = append(out, fmt.Sprintf("%s was %s, is now %s, NextCRM says %s", d.Field, d.Want, d.Got, w.Want))
		}
	}
	sort.Strings(out)
	return strings.Join(out, "; "), nil
}

// onlyBlanks keeps the keys of change that the record leaves blank now or that
// we have sent before, custom fields by their codes. What people entered there
// stays, also what they entered since the plan was made.
func onlyBlanks(record, change, sent []byte) ([]byte, error) {
	have, err := journal.Decode(record)
	if err != nil {
		return nil, err
	}
	want, err := journal.Decode(change)
	if err != nil {
		return nil, err
	}
	ours := map[string]any{}
	if sent != nil {
		if ours, err = journal.Decode(sent); err != nil {
			return nil, err
		}
	}
	dropForeign(want, have, ours)
	if custom, ok := want["custom_fields"].(map[string]any); ok {
		existing, _ := have["custom_fields"].(map[string]any)
		sentCustom, _ := ours["custom_fields"].(map[string]any)
		if dropForeign(custom, existing, sentCustom); len(custom) == 0 {
			delete(want, "custom_fields")
		}
	}
	if _, both := want["currency"]; !both && !journal.IsBlank(have["currency"]) {
		delete(want, "value") // an amount must not end up in another currency than its own
	}
	return json.Marshal(want)
}

func dropForeign(want, have, ours map[string]any) {
	for key := range want {
		if _, sent := ours[key]; key != "custom_fields" && !sent && !journal.IsBlank(have[key]) {
			delete(want, key)
		}
	}
}

// higher is the greater of two ids that are numbers.
func higher(a, b string) string {
	x, okX := new(big.Int).SetString(a, 10)
	y, okY := new(big.Int).SetString(b, 10)
	if !okX || okY && y.Cmp(x) > 0 {
		return b
	}
	return a
}
