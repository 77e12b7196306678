// Package bind turns symbolic payloads into what one account understands.
//
//	reads   bind link
//	does    replaces references by ids and symbols of fields by their codes; never drops one it cannot replace
//	writes  nothing
package bind

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strings"

	"nextpipe/stages/internal/entity"
	"nextpipe/stages/internal/journal"
	"nextpipe/stages/internal/target"
)

// Binder knows the ids of one account.
type Binder struct {
	s       *target.Session
	symbols map[string]string // kind + ":" + symbol → id
}

// New reads all bindings but those of records, which are read one by one.
func New(ctx context.Context, s *target.Session) (*Binder, error) {
	rows, err := s.DB.Read().QueryContext(ctx, `SELECT kind, symbol, pipedrive_id FROM bind WHERE target_id = ?1
		UNION ALL SELECT 'member', symbol, pipedrive_id FROM bind WHERE target_id = ?1 AND kind = 'user' AND how <> 'fallback'`, s.ID)
	if err != nil {
		return nil, fmt.Errorf("read bindings: %w", err)
	}
	defer rows.Close()
	b := &Binder{s: s, symbols: map[string]string{}}
	for rows.Next() {
		var kind, symbol, id string
		if err := rows.Scan(&kind, &symbol, &id); err != nil {
			return nil, fmt.Errorf("read bindings: %w", err)
		}
		b.symbols[kind+":"+symbol] = id
	}
	return b, rows.Err()
}

// Bind replaces every reference of a payload. missing names the first one that
// has no id here; it is never dropped. Number texts are kept as they are.
func (b *Binder) Bind(ctx context.Context, payload []byte) (body []byte, missing string, err error) {
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

func (b *Binder) value(ctx context.Context, v any) (any, error) {
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

func (b *Binder) object(ctx context.Context, m map[string]any) (any, error) {
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
func (b *Binder) reference(ctx context.Context, ref string) (any, error) {
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

func (b *Binder) record(ctx context.Context, ref, kind, finalKey string) (any, error) {
	var id string
	err := b.s.DB.Read().QueryRowContext(ctx, "SELECT pipedrive_id FROM link WHERE target_id = ? AND entity = ? AND final_key = ? AND part = '' AND state = 'live'",
		b.s.ID, kind, finalKey).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, unboundError{ref, "it was not loaded; see v_rejects for it"}
	}
	return asID(kind, id), err
}

// Field is the code of a custom field, "person.nextcrm_id"; "" when it is not bound.
func (b *Binder) Field(symbol string) string { return b.symbols["field:"+symbol] }
