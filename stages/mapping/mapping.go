// Package mapping proposes where everything goes, with the evidence for it, and
// lets people's decisions have the last word. The map speaks in names, so it
// holds for any account: a rehearsal and production share it.
//
//	reads   clean_*, golden_account, golden_contact, setup, dest_user, dest_field, bind, provisioned, target, decide_map
//	does    profiles fields, infers types, matches names, applies decisions, seals what was confirmed
//	writes  map_setting, map_user, map_label, map_field, map_option, map_stage, map_status, map_deal_value, map_segment*;
//	        decide_map and gate on a person's behalf (ImportCSV, Confirm)
package mapping

import (
	"context"
	"database/sql"
	"fmt"

	"nextpipe/stages/internal/mapped"
	"nextpipe/stages/internal/stage"
	"nextpipe/stages/internal/warehouse"
)

// tables are the map's tables in the order in which they build on each other.
var tables = []string{"map_setting", "map_user", "map_label", "map_stage", "map_status", "map_deal_value", "map_field", "map_option", "map_segment", "map_activity_type"}

// Run rebuilds the map: proposals first, then every decision on top of them. A
// decision that names no row or column of the map is an error, because ignoring
// it would quietly undo somebody's word.
func Run(ctx context.Context, db *warehouse.DB) (stage.Result, error) {
	var res stage.Result
	err := db.Replace(ctx, append(tables, "map_segment_rule", "map_segment_member"), func(tx *sql.Tx) error {
		m, err := begin(ctx, tx)
		if err != nil {
			return err
		}
		steps := []func() error{m.settings, m.users, m.labels, m.stages, m.statuses, m.dealValues, m.fields, m.options, m.segments, m.activityTypes}
		for i, step := range steps {
			if err := step(); err != nil {
				return fmt.Errorf("propose %s: %w", tables[i], err)
			}
		}
		if err := m.refuseStrayDecisions(); err != nil {
			return err
		}
		res = m.result
		return nil
	})
	if err != nil {
		return stage.Result{}, fmt.Errorf("map: %w", err)
	}
	return res, nil
}

// builder carries one rebuild of the map.
type builder struct {
	ctx        context.Context
	tx         *sql.Tx
	result     stage.Result
	decisions  map[string][]decision // by map table
	edition    string
	setting    map[string]string
	site       site
	later      map[string][]decision // on the field of the segments, which comes last
	fieldRows  []Field
	optionRows []Option
	userRows   []User
	labelRows  []Label
	stageRows  []Stage
	rules      []mapped.Rule
	hasReasons bool // the source has a column of lost reasons
	hasLists   bool
}

// site is what the clean stage found out about the source as a whole.
type site struct {
	currency, country, timezone string
	excludeDeleted              string
}

func begin(ctx context.Context, tx *sql.Tx) (*builder, error) {
	m := &builder{ctx: ctx, tx: tx, setting: map[string]string{}}
	var err error
	if m.decisions, err = readDecisions(ctx, tx); err != nil {
		return nil, err
	}
	m.holdBack()
	err = tx.QueryRowContext(ctx, `SELECT
		coalesce((SELECT source_edition FROM setup), 'open-source'),
		coalesce((SELECT default_currency FROM clean_site), ''),
		coalesce((SELECT default_country FROM clean_site), ''),
		coalesce((SELECT timezone FROM clean_site), ''),
		coalesce((SELECT iif(exclude_deleted, 'yes', 'no') FROM clean_site), 'yes')`).
		Scan(&m.edition, &m.site.currency, &m.site.country, &m.site.timezone, &m.site.excludeDeleted)
	if err != nil {
		return nil, fmt.Errorf("read setup: %w", err)
	}
	return m, nil
}

// finish applies the decisions on one table's proposals and stores them. fix,
// when given, makes a decided row whole again before it is stored.
func finish[T any](m *builder, table string, rows []T, fix func(*T)) ([]T, error) {
	if err := decide(table, rows, m.decisions[table], fix); err != nil {
		return nil, err
	}
	delete(m.decisions, table)
	if err := store(m, table, rows); err != nil {
		return nil, err
	}
	return rows, nil
}

// store writes rows that are decided.
func store[T any](m *builder, table string, rows []T) error {
	if err := insert(m.tx, table, rows); err != nil {
		return err
	}
	n, name := int64(len(rows)), table[len("map_"):]+" rows"
	m.result.Rows += n
	for i := range m.result.Counts {
		if c := &m.result.Counts[i]; c.Name == name {
			c.N += n
			return nil
		}
	}
	m.result.Add(name, n)
	return nil
}
