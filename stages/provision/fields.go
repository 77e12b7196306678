package provision

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"nextpipe/stages/internal/journal"
	"nextpipe/stages/internal/pipedrive"
)

// field is one custom field that final records use.
type field struct {
	entity, key, name, kind, id string
	description                 sql.NullString
}

func (f field) symbol() string { return f.entity + "." + f.key }

// fields binds custom fields: by an earlier binding, else by name and type
// among what the account has, else by creating them. A field of the same name
// but another type is not ours to change: ours is created beside it.
func (m *maker) fields(ctx context.Context) error {
	all, err := m.wantedFields(ctx)
	if err != nil {
		return err
	}
	for _, f := range all {
		if f.id != "" {
			err = m.bind(ctx, kindField, f.symbol(), f.id, "existing")
		} else {
			err = m.createField(ctx, f)
		}
		if err != nil {
			return err
		}
	}
	m.res.Add("fields", int64(len(all)))
	return nil
}

func (m *maker) wantedFields(ctx context.Context) ([]field, error) {
	rows, err := m.DB.Read().QueryContext(ctx, `SELECT f.entity, f.field_key, f.name, f.field_type, f.description,
			coalesce(b.pipedrive_id, min(d.field_code), '') FROM final_field AS f
		LEFT JOIN bind AS b ON b.target_id = ?1 AND b.kind = 'field' AND b.symbol = f.entity || '.' || f.field_key
			AND EXISTS (SELECT 1 FROM dest_field AS x WHERE x.target_id = ?1 AND x.entity = f.entity AND x.field_code = b.pipedrive_id
				UNION SELECT 1 FROM provisioned AS p WHERE p.target_id = ?1 AND p.kind = 'field' AND p.pipedrive_id = b.pipedrive_id AND p.removed_at IS NULL
					AND p.made_at >= (SELECT structure_at FROM target WHERE target_id = ?1))
		LEFT JOIN dest_field AS d ON d.target_id = ?1 AND d.entity = f.entity AND d.is_custom = 1
			AND lower(trim(d.name)) = lower(trim(f.name)) AND d.field_type = f.field_type
		GROUP BY f.entity, f.field_key ORDER BY f.field_key <> 'nextcrm_id', f.entity, f.position`, m.ID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []field
	for rows.Next() {
		var f field
		if err := rows.Scan(&f.entity, &f.key, &f.name, &f.kind, &f.description, &f.id); err != nil {
			return nil, err
		}
		all = append(all, f)
	}
	return all, rows.Err()
}

func (m *maker) createField(ctx context.Context, f field) error {
	body := map[string]any{"field_name": f.name, "field_type": f.kind}
	if f.kind == "enum" || f.kind == "set" {
		labels, err := m.pairs(ctx, "SELECT label, '' FROM final_option WHERE entity = ? AND field_key = ? ORDER BY position", f.entity, f.key)
		if err != nil {
			return err
		}
		options := make([]map[string]string, len(labels))
		for i, l := range labels {
			options[i] = map[string]string{"label": l[0]}
		}
		body["options"] = options
	}
	if f.description.Valid && f.entity == "deal" {
		body["description"] = f.description.String
	}
	return m.createFrom(ctx, f.entity+"_field", f.symbol(), body)
}

// saveField binds a created field and the options that came with it, by the
// labels we asked for: the account may have trimmed them.
func (m *maker) saveField(tx *sql.Tx, entity string, op *journal.Op, rec pipedrive.Record) error {
	if err := m.saveMade(tx, kindField, op.FinalKey, rec.ID, ""); err != nil {
		return err
	}
	options, err := optionsIn(rec.Data)
	if err != nil {
		return err
	}
	asked, err := optionsIn(op.Body)
	if err != nil {
		return err
	}
	for _, o := range asked {
		// One that is not in the answer is added by the next step.
		if id := optionID(options, o.Label); id != "" {
			if err := m.saveBind(tx, kindOption, op.FinalKey+":"+o.Label, id, "created"); err != nil {
				return err
			}
		}
	}
	return nil
}

// optionID finds an option by its label: as it is, else but for blanks and case.
func optionID(options []pipedrive.Option, label string) string {
	folded := ""
	for _, o := range options {
		if o.Label == label {
			return o.ID
		}
		if strings.EqualFold(strings.TrimSpace(o.Label), strings.TrimSpace(label)) {
			folded = o.ID
		}
	}
	return folded
}

// stands tells that a bound choice b is still in the account: seen there, or
// bound since it was looked at. ?1 target; %s is the choice's entity.
const stands = `(b.bound_at >= (SELECT structure_at FROM target WHERE target_id = ?1)
	OR EXISTS (SELECT 1 FROM dest_option AS d WHERE d.target_id = ?1 AND d.entity = %s AND d.option_id = b.pipedrive_id))`

// options binds the options of fields that exist, and adds the missing ones.
// Fields that the account had no room for have none.
func (m *maker) options(ctx context.Context) error {
	missing, err := m.triples(ctx, `SELECT o.entity, o.entity || '.' || o.field_key, o.label FROM final_option AS o
		LEFT JOIN bind AS b ON b.target_id = ?1 AND b.kind = 'option' AND b.symbol = o.entity || '.' || o.field_key || ':' || o.label
			AND `+fmt.Sprintf(stands, "o.entity")+`
		WHERE b.symbol IS NULL AND EXISTS (SELECT 1 FROM bind AS f
			WHERE f.target_id = ?1 AND f.kind = 'field' AND f.symbol = o.entity || '.' || o.field_key)
		ORDER BY o.entity, o.field_key, o.position`, m.ID)
	if err != nil {
		return err
	}
	return m.choices(ctx, missing, kindOption, m.boundField)
}

// labels binds labels, which are options of a built-in field.
func (m *maker) labels(ctx context.Context) error {
	missing, err := m.triples(ctx, `SELECT l.entity, l.entity, l.label FROM final_label AS l
		LEFT JOIN bind AS b ON b.target_id = ?1 AND b.kind = 'label' AND b.symbol = l.entity || ':' || l.label
			AND `+fmt.Sprintf(stands, "l.entity")+`
		WHERE b.symbol IS NULL AND l.entity <> 'lead' ORDER BY l.entity, l.position`, m.ID)
	if err != nil {
		return err
	}
	m.res.Add("labels added", int64(len(missing)))
	return m.choices(ctx, missing, kindLabel, m.labelField)
}

// choices binds what the field has under the same name and adds the rest in
// one request a field. missing holds entity, symbol of the field, label.
func (m *maker) choices(ctx context.Context, missing [][3]string, kind string, fieldCode func(ctx context.Context, entity, symbol string) (string, error)) error {
	for len(missing) > 0 {
		entity, symbol, n := missing[0][0], missing[0][1], 0
		for n < len(missing) && missing[n][1] == symbol {
			n++
		}
		code, err := fieldCode(ctx, entity, symbol)
		if err != nil {
			return err
		}
		if err := m.choicesOf(ctx, entity, symbol, kind, code, missing[:n]); err != nil {
			return err
		}
		missing = missing[n:]
	}
	return nil
}

func (m *maker) choicesOf(ctx context.Context, entity, symbol, kind, code string, wanted [][3]string) error {
	existing, err := m.pairs(ctx, "SELECT label, option_id FROM dest_option WHERE target_id = ? AND entity = ? AND field_code = ?", m.ID, entity, code)
	if err != nil {
		return err
	}
	var add []string
	for _, w := range wanted {
		if id := idOf(existing, w[2]); id != "" {
			if err := m.bind(ctx, kind, symbol+":"+w[2], id, "existing"); err != nil {
				return err
			}
		} else {
			add = append(add, w[2])
		}
	}
	if len(add) == 0 {
		return nil
	}
	body, err := json.Marshal(add)
	if err != nil {
		return err
	}
	m.res.Rows += int64(len(add))
	return m.create(ctx, &journal.Op{Entity: entity + "_option", FinalKey: kind + " " + symbol, PipedriveID: code, Symbolic: body, Body: body})
}

func idOf(existing [][2]string, label string) string {
	for _, e := range existing {
		if strings.EqualFold(strings.TrimSpace(e[0]), strings.TrimSpace(label)) {
			return e[1]
		}
	}
	return ""
}

// saveOptions binds the options that were added; the answer may list all
// options of the field, so they are picked by label.
func (m *maker) saveOptions(tx *sql.Tx, entity string, op *journal.Op, rec pipedrive.Record) error {
	kind, symbol, _ := strings.Cut(op.FinalKey, " ")
	var options []pipedrive.Option
	var labels []string
	if err := errors.Join(json.Unmarshal(rec.Data, &options), json.Unmarshal(op.Body, &labels)); err != nil {
		return err
	}
	for _, label := range labels {
		id := optionID(options, label)
		if id == "" {
			return fmt.Errorf("option %q of %s is not in the answer", label, symbol)
		}
		if err := m.saveMade(tx, kind, symbol+":"+label, id, rec.ID); err != nil {
			return err
		}
	}
	return nil
}

func (m *maker) boundField(ctx context.Context, entity, symbol string) (string, error) {
	var code string
	err := m.DB.Read().QueryRowContext(ctx, "SELECT pipedrive_id FROM bind WHERE target_id = ? AND kind = 'field' AND symbol = ?", m.ID, symbol).Scan(&code)
	if err != nil {
		return "", fmt.Errorf("field %s is not bound: %w", symbol, err)
	}
	return code, nil
}

// labelField finds the built-in field that holds labels: its code differs
// between accounts and entities (label_ids or label). Those of products are
// their categories.
func (m *maker) labelField(ctx context.Context, entity, _ string) (string, error) {
	if entity == "product" {
		return "category", nil
	}
	var code string
	err := m.DB.Read().QueryRowContext(ctx, `SELECT field_code FROM dest_field WHERE target_id = ? AND entity = ? AND is_custom = 0
		AND field_code IN ('label_ids', 'label') ORDER BY field_code = 'label_ids' DESC LIMIT 1`, m.ID, entity).Scan(&code)
	if errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("the account has no label field for %ss: map the tags to a field instead (map_label.action = 'field')", entity)
	}
	return code, err
}

func optionsIn(data []byte) ([]pipedrive.Option, error) {
	var f struct {
		Options []struct {
			ID    json.RawMessage `json:"id"`
			Label string          `json:"label"`
		} `json:"options"`
	}
	if err := json.Unmarshal(data, &f); err != nil {
		return nil, fmt.Errorf("read options: %w", err)
	}
	out := make([]pipedrive.Option, len(f.Options))
	for i, o := range f.Options {
		out[i] = pipedrive.Option{ID: strings.Trim(string(o.ID), `"`), Label: o.Label}
	}
	return out, nil
}
