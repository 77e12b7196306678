package provision

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"

	"nextpipe/stages/internal/journal"
	"nextpipe/stages/internal/pipedrive"
)

// activityTypes binds the types of activities to the keys that activities are
// sent with. A key is the account's: it is read, never guessed.
func (m *maker) activityTypes(ctx context.Context) error {
	wanted, err := m.triples(ctx, `SELECT f.type_key, f.name || char(10) || f.icon_key,
			coalesce((SELECT b.pipedrive_id FROM bind AS b WHERE b.target_id = ?1 AND b.kind = 'activity_type' AND b.symbol = f.type_key
					AND (EXISTS (SELECT 1 FROM dest_activity_type AS x WHERE x.target_id = ?1 AND x.key_string = b.pipedrive_id AND x.is_active = 1)
						OR b.bound_at >= (SELECT structure_at FROM target WHERE target_id = ?1))),
				(SELECT min(d.key_string) FROM dest_activity_type AS d
					WHERE d.target_id = ?1 AND d.is_active = 1 AND lower(trim(d.name)) = lower(trim(f.name))), '')
		FROM final_activity_type AS f ORDER BY f.position`, m.ID)
	if err != nil {
		return err
	}
	for _, w := range wanted {
		if w[2] != "" {
			err = m.bind(ctx, kindActivityType, w[0], w[2], "existing")
		} else {
			name, icon, _ := strings.Cut(w[1], "\n")
			err = m.createFrom(ctx, "activity_type", w[0], map[string]any{"name": name, "icon_key": icon})
		}
		if err != nil {
			return err
		}
	}
	m.res.Add("activity types", int64(len(wanted)))
	return nil
}

// saveType binds the key and keeps the id, by which the type is taken back.
func (m *maker) saveType(tx *sql.Tx, op *journal.Op, rec pipedrive.Record) error {
	if err := m.saveMade(tx, kindActivityType, op.FinalKey, rec.ID, ""); err != nil {
		return err
	}
	key := stringAt(rec.Data, "key_string")
	if key == "" {
		return fmt.Errorf("activity type %s has no key_string in the answer", rec.ID)
	}
	return m.saveBind(tx, kindActivityType, op.FinalKey, key, "created")
}

// leadLabels binds the labels of leads, which have a list of their own.
func (m *maker) leadLabels(ctx context.Context) error {
	wanted, err := m.pairs(ctx, `SELECT l.label, coalesce(
				(SELECT b.pipedrive_id FROM bind AS b WHERE b.target_id = ?1 AND b.kind = 'label' AND b.symbol = 'lead:' || l.label AND `+
		fmt.Sprintf(stands, "'lead'")+`),
				(SELECT min(d.option_id) FROM dest_option AS d WHERE d.target_id = ?1 AND d.entity = 'lead' AND lower(trim(d.label)) = lower(trim(l.label))), '')
		FROM final_label AS l WHERE l.entity = 'lead' ORDER BY l.position`, m.ID)
	if err != nil {
		return err
	}
	for _, w := range wanted {
		if w[1] != "" {
			err = m.bind(ctx, kindLabel, "lead:"+w[0], w[1], "existing")
		} else {
			err = m.createFrom(ctx, "lead_label", "lead:"+w[0], map[string]any{"name": w[0], "color": "gray"})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// priorities binds high, medium and low to what the account calls so. They
// cannot be made by the API: where one is missing, activities go without it
// and say it in their text.
func (m *maker) priorities(ctx context.Context) error {
	wanted, err := m.pairs(ctx, `SELECT w.word, coalesce((SELECT min(d.option_id) FROM dest_option AS d
			WHERE d.target_id = ?1 AND d.entity = 'activity' AND d.field_code = 'priority' AND lower(trim(d.label)) = w.word), '')
		FROM (SELECT DISTINCT substr(payload ->> '$.priority.@ref', 10) AS word FROM final_activity WHERE payload ->> '$.priority.@ref' IS NOT NULL) AS w`, m.ID)
	if err != nil {
		return err
	}
	var missing int64
	for _, w := range wanted {
		if w[1] == "" {
			missing++
		}
		if err := m.bind(ctx, kindPriority, w[0], w[1], "existing"); err != nil {
			return err
		}
	}
	if missing > 0 {
		m.res.Add("priorities the account lacks", missing)
	}
	return nil
}

// filterFields binds the numbers by which filters know fields. Only v1 tells
// them.
func (m *maker) filterFields(ctx context.Context) error {
	wanted, err := m.pairs(ctx, `SELECT DISTINCT substr(j.value, 14), '' FROM final_filter AS f, json_tree(f.payload) AS j
		WHERE j.key = '@ref' AND j.value LIKE 'filter\_field:%' ESCAPE '\'`)
	if err != nil {
		return err
	}
	numbers := map[string]map[string]string{}
	for _, w := range wanted {
		of, field, _ := strings.Cut(w[0], ".")
		if numbers[of] == nil {
			if numbers[of], err = m.fieldNumbers(ctx, of); err != nil {
				return err
			}
		}
		code, isBuiltIn := strings.CutPrefix(field, "@")
		if !isBuiltIn {
			if code, err = m.bound(ctx, kindField, w[0]); err != nil {
				return err
			}
		}
		number := numbers[of][code]
		if number == "" && code == "label_ids" {
			number = numbers[of]["label"] // what some accounts still call it
		}
		if number == "" {
			continue // the filter waits for it, alone
		}
		if err := m.bind(ctx, kindFilterField, w[0], number, "existing"); err != nil {
			return err
		}
	}
	return nil
}

// fieldNumbers maps the codes of an entity's fields to their numbers.
func (m *maker) fieldNumbers(ctx context.Context, entity string) (map[string]string, error) {
	out := map[string]string{}
	for rec, err := range m.Client.All(ctx, entity+"_field_number", nil) {
		if err != nil {
			return nil, fmt.Errorf("list numbers of %s fields: %w", entity, err)
		}
		var f struct {
			Key string `json:"key"`
		}
		if err := json.Unmarshal(rec.Data, &f); err != nil {
			return nil, fmt.Errorf("field %s: %w", rec.ID, err)
		}
		out[f.Key] = rec.ID
	}
	return out, nil
}
