// Package build makes what Pipedrive should hold, free of any account: one row
// an organization, person or deal with a symbolic payload.
//
//	reads   golden_account, golden_contact, clean_*, xw_*, map_*, setup
//	does    writes one SELECT an entity from the map, stores it as runnable SQL, runs it, checks the result
//	writes  map_sql final_* xw_item
package build

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	files "nextpipe/sql"
	"nextpipe/stages/internal/model"
	"nextpipe/stages/internal/stage"
	"nextpipe/stages/internal/warehouse"
)

// ErrChecks means that the finals are built but must not be loaded: final_check
// says why.
var ErrChecks = errors.New("checks failed")

// finals are the tables that build fills, parents before children.
var finals = []string{"final_pipeline", "final_stage", "final_field", "final_option", "final_label",
	"final_activity_type", "final_organization", "final_person", "final_product", "final_deal", "final_relationship",
	"final_deal_product", "final_deal_discount", "final_participant", "final_follower", "final_lead",
	"final_project_task", "final_project", "final_board", "final_phase",
	"final_link", "final_fate", "final_text", "final_pack", "final_activity", "final_held_back", "final_note",
	"final_file", "final_filter", "xw_item", "final_use"}

// Run builds all finals and runs the checks of sql/check. The finals stay when a
// check of severity error fails, so that its rows can be looked at; the error is
// ErrChecks then.
func Run(ctx context.Context, db *warehouse.DB) (stage.Result, error) {
	var res stage.Result
	var failed []Check
	tables := append([]string{"map_sql", "final_check"}, finals...)
	err := db.Replace(ctx, tables, func(tx *sql.Tx) error {
		counts, err := buildAll(ctx, db, tx)
		if err != nil {
			return err
		}
		checks, err := runChecks(ctx, db, tx)
		if err != nil {
			return err
		}
		failed = checks
		return summarise(ctx, tx, counts, &res)
	})
	if err != nil {
		return stage.Result{}, fmt.Errorf("build: %w", err)
	}
	return res, verdict(&res, failed)
}

// summarise counts what was built, and what the source has that nothing could
// be made of.
func summarise(ctx context.Context, tx *sql.Tx, counts map[string]int64, res *stage.Result) error {
	for _, table := range finals {
		name, isFinal := strings.CutPrefix(table, "final_")
		if isFinal && !between[name] && counts[table] > 0 {
			res.Rows += counts[table]
			res.Add(plural(strings.ReplaceAll(name, "_", " ")), counts[table])
		}
	}
	if held := counts["final_held_back"]; held > 0 {
		res.Add("texts too long for a field, in notes", held)
	}
	var rejected int64
	if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM xw_item WHERE fate = 'rejected'").Scan(&rejected); err != nil {
		return err
	}
	if rejected > 0 {
		res.Add("rows rejected", rejected)
		res.Left += rejected
	}
	return nil
}

// between are the tables that lead to finals or tell of them, without their front.
var between = map[string]bool{"use": true, "held_back": true, "link": true, "fate": true, "text": true, "pack": true}

func plural(noun string) string {
	if stem, ok := strings.CutSuffix(noun, "y"); ok {
		return stem + "ies"
	}
	return noun + "s"
}

// buildAll runs the plain files and the generated SELECTs in one order, and
// gives the number of rows per table.
func buildAll(ctx context.Context, db *warehouse.DB, tx *sql.Tx) (map[string]int64, error) {
	plain, err := model.Load(files.Files, "final")
	if err != nil {
		return nil, err
	}
	m, err := readMap(ctx, tx)
	if err != nil {
		return nil, err
	}
	if err := m.findLong(ctx, tx); err != nil {
		return nil, err
	}
	made, err := m.generate(ctx, tx)
	if err != nil {
		return nil, err
	}
	byTable := map[string][]model.Model{}
	for _, m := range append(plain, made...) {
		byTable[m.Table] = append(byTable[m.Table], m)
	}
	counts := map[string]int64{}
	for _, table := range finals {
		if table == "final_held_back" { // notes are made of it
			if counts[table], err = m.writeHeldBack(ctx, tx); err != nil {
				return nil, err
			}
		}
		for _, m := range byTable[table] {
			n, err := model.Run(ctx, db, tx, m)
			if err != nil {
				return nil, err
			}
			counts[table] += n
		}
	}
	return counts, m.writeUse(ctx, tx)
}

// generate writes the SELECT of each entity and stores it in map_sql.
func (m *theMap) generate(ctx context.Context, tx *sql.Tx) ([]model.Model, error) {
	var made []model.Model
	for _, e := range entities {
		query, err := m.render(e)
		if err != nil {
			return nil, fmt.Errorf("write %s from the map: %w", e.table, err)
		}
		if _, err := tx.ExecContext(ctx, "INSERT INTO map_sql (table_name, sql) VALUES (?, ?)", e.table, query); err != nil {
			return nil, fmt.Errorf("store SQL of %s: %w", e.table, err)
		}
		made = append(made, model.Model{File: "map_sql " + e.table, Table: e.table, SQL: query})
	}
	return made, nil
}
