package report

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"nextpipe/stages/internal/entity"
	"nextpipe/stages/internal/journal"
	"nextpipe/stages/internal/warehouse"
	"nextpipe/stages/internal/words"
)

// PlanSample is one planned operation as a person reads it.
type PlanSample struct {
	Entity      string      `json:"entity"`
	Action      string      `json:"action"`
	Key         string      `json:"key"`
	Name        string      `json:"name"`
	PipedriveID string      `json:"pipedrive_id,omitempty"`
	Reason      string      `json:"reason,omitempty"`
	Fields      []PlanField `json:"fields,omitempty"`

	seq int64
}

// PlanField is one field that an operation sets.
type PlanField struct {
	Field  string `json:"field"`
	Before string `json:"before"` // "" when blank
	After  string `json:"after"`
	Note   string `json:"note,omitempty"`
}

// sampled takes as many operations of each kind and action as are asked for,
// evenly over all there are.
const sampled = `SELECT seq, entity, action, final_key, coalesce(pipedrive_id, ''), coalesce(reason, '') FROM (
	SELECT *, row_number() OVER w - 1 AS i, count(*) OVER (PARTITION BY entity, action) AS n
	FROM plan_op WHERE plan_id = ?1 AND action <> 'unchanged' AND (?3 = '' OR entity = ?3)
	WINDOW w AS (PARTITION BY entity, action ORDER BY seq))
WHERE n <= ?2 OR i * ?2 / n > (i - 1) * ?2 / n OR i = 0 AND ?2 > 0
ORDER BY seq`

func planSamples(ctx context.Context, db *warehouse.DB, targetID, planID int64, opt PlanOptions) ([]PlanSample, error) {
	rows, err := db.Read().QueryContext(ctx, sampled, planID, opt.Samples, opt.Only)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []PlanSample
	for rows.Next() {
		var s PlanSample
		if err := rows.Scan(&s.seq, &s.Entity, &s.Action, &s.Key, &s.PipedriveID, &s.Reason); err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	book, err := words.New(ctx, db.Read(), targetID)
	if err != nil {
		return nil, err
	}
	for i := range out {
		if err := out[i].complete(ctx, db, book, planID); err != nil {
			return nil, fmt.Errorf("%s %s: %w", out[i].Entity, out[i].Key, err)
		}
	}
	return out, nil
}

// complete names the record and says field by field what is done to it.
func (s *PlanSample) complete(ctx context.Context, db *warehouse.DB, book *words.Book, planID int64) (err error) {
	if s.Name = book.Title(ctx, s.Entity, s.Key); s.Name == "" {
		s.Name = book.Record(ctx, s.Entity, s.PipedriveID)
	}
	switch s.Action {
	case "create":
		s.Fields, err = createdFields(ctx, db, book, s.Entity, s.Key)
	case "update":
		s.Fields, err = changedFields(ctx, db, planID, s.seq)
	}
	return err
}

func changedFields(ctx context.Context, db *warehouse.DB, planID, seq int64) ([]PlanField, error) {
	rows, err := db.Read().QueryContext(ctx, `SELECT field, coalesce(before, ''), coalesce(after, ''), coalesce(note, '') FROM plan_change
		WHERE plan_id = ? AND seq = ? ORDER BY field`, planID, seq)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []PlanField
	for rows.Next() {
		var f PlanField
		if err := rows.Scan(&f.Field, &f.Before, &f.After, &f.Note); err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	return out, rows.Err()
}

// createdFields are what a new record says: its name, Pipedrive's own fields, custom fields.
func createdFields(ctx context.Context, db *warehouse.DB, book *words.Book, kind, key string) ([]PlanField, error) {
	var payload []byte
	if err := db.Read().QueryRowContext(ctx, entity.ForOne("SELECT payload FROM final_item WHERE entity = ? AND final_key = ?", kind), kind, key).Scan(&payload); err != nil {
		return nil, err
	}
	props, err := journal.Decode(payload)
	if err != nil {
		return nil, err
	}
	custom, _ := props["custom_fields"].(map[string]any)
	delete(props, "custom_fields")
	return append(fieldsOf(ctx, book, kind, props), fieldsOf(ctx, book, kind, custom)...), nil
}

// fieldsOf says in words what is filled; our marker is nobody's business.
func fieldsOf(ctx context.Context, book *words.Book, kind string, props map[string]any) []PlanField {
	var out []PlanField
	for name, v := range props {
		text := book.Value(ctx, kind, name, v)
		if text != "" && name != "@blob" && !strings.HasSuffix(name, ".nextcrm_id") {
			out = append(out, PlanField{Field: book.Field(kind, name), After: text})
		}
	}
	slices.SortFunc(out, func(a, b PlanField) int {
		if x, y := rank(a.Field), rank(b.Field); x != y {
			return x - y
		}
		return strings.Compare(a.Field+a.After, b.Field+b.After)
	})
	return out
}

// rank puts what a record is called by first.
func rank(field string) int {
	first := []string{"name", "title", "subject"}
	if i := slices.Index(first, field); i >= 0 {
		return i
	}
	return len(first)
}
