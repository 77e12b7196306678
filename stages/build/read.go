package build

import (
	"context"
	"database/sql"
	"fmt"

	"nextpipe/stages/internal/mapped"
)

// theMap is what the map says, as far as building needs it.
type theMap struct {
	fields   map[string][]mapField // by entity, in order of position
	renamed  map[string][]mapOption
	rules    []mapped.Rule
	setting  map[string]string
	timezone string
	long     map[string]bool // text fields with a text that does not fit, as entity.target
}

// mapField is one row of map_field that reaches Pipedrive.
type mapField struct {
	key, object, source, entity, action string
	target, name, kind                  string
	valueType                           string
}

// mapOption is a source value whose label is not the value itself; nil leaves it out.
type mapOption struct {
	value string
	label *string
}

func readMap(ctx context.Context, tx *sql.Tx) (*theMap, error) {
	m := &theMap{fields: map[string][]mapField{}, renamed: map[string][]mapOption{}, setting: map[string]string{}}
	for _, read := range []func(context.Context, *sql.Tx) error{m.readSettings, m.readFields, m.readOptions, m.readRules} {
		if err := read(ctx, tx); err != nil {
			return nil, fmt.Errorf("read map: %w", err)
		}
	}
	return m, nil
}

func (m *theMap) readSettings(ctx context.Context, tx *sql.Tx) error {
	err := tx.QueryRowContext(ctx, "SELECT coalesce((SELECT timezone FROM clean_site), 'Etc/UTC')").Scan(&m.timezone)
	if err != nil {
		return err
	}
	return each(ctx, tx, "SELECT map_key, coalesce(value, '') FROM map_setting", func(scan func(...any) error) error {
		var key, value string
		err := scan(&key, &value)
		m.setting[key] = value
		return err
	})
}

func (m *theMap) readFields(ctx context.Context, tx *sql.Tx) error {
	return each(ctx, tx, `SELECT f.map_key, f.object, f.source_field, f.entity, f.action, coalesce(f.target_field, ''),
			coalesce(f.target_name, f.source_field), coalesce(f.target_type, ''), coalesce(d.value_type, 'text')
		FROM map_field AS f
		LEFT JOIN clean_custom_field AS d ON d.object = f.object
			AND f.source_field IN ('custom:' || d.slug, 'time:custom:' || d.slug)
		WHERE f.action <> 'skip' AND f.source_field NOT LIKE 'lead:%' -- sql/final reads those itself
		ORDER BY f.position, f.map_key`, func(scan func(...any) error) error {
		var f mapField
		err := scan(&f.key, &f.object, &f.source, &f.entity, &f.action, &f.target, &f.name, &f.kind, &f.valueType)
		m.fields[f.entity] = append(m.fields[f.entity], f)
		return err
	})
}

func (m *theMap) readOptions(ctx context.Context, tx *sql.Tx) error {
	return each(ctx, tx, `SELECT object || '.' || source_field, source_value, label FROM map_option
		WHERE label IS NOT source_value ORDER BY position, map_key`, func(scan func(...any) error) error {
		var key string
		var o mapOption
		err := scan(&key, &o.value, &o.label)
		m.renamed[key] = append(m.renamed[key], o)
		return err
	})
}

func (m *theMap) readRules(ctx context.Context, tx *sql.Tx) error {
	return each(ctx, tx, "SELECT source_status, outcome_hint, stage_outcome, status FROM map_status ORDER BY position",
		func(scan func(...any) error) error {
			var r mapped.Rule
			err := scan(&r.SourceStatus, &r.OutcomeHint, &r.StageOutcome, &r.Status)
			m.rules = append(m.rules, r)
			return err
		})
}

// each calls row for every row of a query.
func each(ctx context.Context, tx *sql.Tx, query string, row func(scan func(...any) error) error) error {
	rows, err := tx.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}
