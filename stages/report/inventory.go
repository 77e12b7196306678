package report

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"nextpipe/stages/internal/automation"
	"nextpipe/stages/internal/segment"
	"nextpipe/stages/internal/warehouse"
)

// writeInventory writes automations.md and automations.html: every automation
// and sequence of the source, and of the open-source edition the rules in its
// code with the company's settings and its saved reports. Nothing is written
// when the source has none of these.
func writeInventory(ctx context.Context, db *warehouse.DB, dir string) ([]string, error) {
	inv, err := inventory(ctx, db)
	if err != nil {
		return nil, err
	}
	if len(inv.Automations)+len(inv.Sequences)+len(inv.Unread) == 0 && (inv.Funnel == nil || inv.Funnel.WithoutRules && len(inv.Funnel.Reports) == 0) {
		return nil, nil
	}
	page, err := inv.HTML()
	if err != nil {
		return nil, err
	}
	var names []string
	for name, text := range map[string]string{"automations.html": string(page), "automations.md": inv.Markdown()} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			return names, err
		}
		names = append(names, path)
	}
	return names, nil
}

// inventory reads everything that the document speaks of.
func inventory(ctx context.Context, db *warehouse.DB) (automation.Inventory, error) {
	var inv automation.Inventory
	var edition string
	err := db.Read().QueryRowContext(ctx, `SELECT source_name, source_edition,
			coalesce((SELECT substr(max(finished_at), 1, 10) FROM stage_run WHERE stage = 'extract' AND state = 'done'), ''),
			coalesce((SELECT value FROM map_setting WHERE map_key = 'plan'), '')
		FROM setup`).Scan(&inv.Company, &edition, &inv.Date, &inv.Plan)
	if errors.Is(err, sql.ErrNoRows) {
		return inv, nil
	}
	if err != nil {
		return inv, fmt.Errorf("read setup: %w", err)
	}
	steps := []func(context.Context, *warehouse.DB, *automation.Inventory) error{readAutomations, readSequences, readNames}
	if edition == "open-source" {
		inv.Funnel = &automation.Funnel{}
		steps = append(steps, readStages, readRules, readTiming, readReports)
	}
	for _, step := range steps {
		if err := step(ctx, db, &inv); err != nil {
			return inv, err
		}
	}
	return inv, nil
}

func readAutomations(ctx context.Context, db *warehouse.DB, inv *automation.Inventory) error {
	inv.Names.Automations = map[string]string{}
	return eachRow(ctx, db, `SELECT s.json, coalesce(c.title, c.automation_key) FROM clean_automation AS c
		JOIN stg_automation AS s ON s.row_id = c.row_id ORDER BY c.row_id`, func(row []string) error {
		a, err := automation.Read([]byte(row[0]))
		if err != nil {
			inv.Unread = append(inv.Unread, row[1])
			return nil // it is listed as what nobody can read
		}
		inv.Automations = append(inv.Automations, a)
		inv.Names.Automations[a.ID] = a.Title
		return nil
	})
}

func readSequences(ctx context.Context, db *warehouse.DB, inv *automation.Inventory) error {
	inv.Names.Sequences = map[string]string{}
	return eachRow(ctx, db, `SELECT s.json, coalesce(c.title, c.sequence_key) FROM clean_sequence AS c
		JOIN stg_sequence AS s ON s.row_id = c.row_id ORDER BY c.row_id`, func(row []string) error {
		s, err := automation.ReadSequence([]byte(row[0]))
		if err != nil {
			inv.Unread = append(inv.Unread, row[1])
			return nil
		}
		inv.Sequences = append(inv.Sequences, s)
		inv.Names.Sequences[s.ID] = s.Title
		return nil
	})
}

// readNames finds what the ids in automations are called.
func readNames(ctx context.Context, db *warehouse.DB, inv *automation.Inventory) error {
	c := segment.Catalog{Tags: map[string]segment.Choice{}, Lists: map[string]segment.Choice{}, Fields: map[string]segment.Field{}}
	inv.Names.Catalog = c
	return eachRow(ctx, db, `SELECT 'tag', source_id, title FROM clean_tag WHERE source_id IS NOT NULL
		UNION ALL SELECT 'list', source_id, title FROM clean_list WHERE source_id IS NOT NULL
		UNION ALL SELECT 'field', slug, label FROM clean_custom_field WHERE object = 'contact'`, func(row []string) error {
		switch row[0] {
		case "tag":
			c.Tags[row[1]] = segment.Choice{Title: row[2]}
		case "list":
			c.Lists[row[1]] = segment.Choice{Title: row[2]}
		default:
			c.Fields["custom:"+row[1]] = segment.Field{Label: row[2]}
		}
		return nil
	})
}

func readStages(ctx context.Context, db *warehouse.DB, inv *automation.Inventory) error {
	return eachRow(ctx, db, `SELECT name, stage_kind FROM clean_stage WHERE origin = 'record'
		ORDER BY coalesce(probability, 1000), coalesce(position, 1000), name`, func(row []string) error {
		inv.Funnel.Stages = append(inv.Funnel.Stages, automation.Stage{Name: row[0], Kind: row[1]})
		return nil
	})
}

// readRules tells by the table of their settings whether the installed version
// has the rules at all. A database of unknown tables is given the benefit.
func readRules(ctx context.Context, db *warehouse.DB, inv *automation.Inventory) error {
	return db.Read().QueryRowContext(ctx, `SELECT NOT EXISTS (SELECT 1 FROM source_item WHERE object = 'funnel_setting')
		AND EXISTS (SELECT 1 FROM source_item)`).Scan(&inv.Funnel.WithoutRules)
}

// readTiming reads the company's intervals. What its row leaves open, or holds
// no number in, has the default of NextCRM's code.
func readTiming(ctx context.Context, db *warehouse.DB, inv *automation.Inventory) error {
	t := automation.DefaultTiming
	into := []*int{&t.KillAfter, &t.RecycleAfter, &t.Touch1BusinessDays, &t.Touch2, &t.Touch3, &t.Touch4, &t.Touch5,
		&t.CareCheckIn, &t.CareReferral, &t.CareInterval, &t.CareCount, &t.RenewalWindow}
	return eachRow(ctx, db, `SELECT kill_after_days, recycle_after_days, cadence_touch1_business_days, cadence_touch2_offset_days,
			cadence_touch3_offset_days, cadence_touch4_offset_days, cadence_touch5_offset_days, care_checkin_days, care_referral_days,
			care_quarter_interval_days, care_quarter_count, renewal_window_days
		FROM stg_funnel_setting ORDER BY row_id LIMIT 1`, func(row []string) error {
		for i, cell := range row {
			var n int
			if _, err := fmt.Sscan(cell, &n); err == nil {
				*into[i] = n
			}
		}
		inv.Funnel.Timing = &t
		return nil
	})
}

// readReports reads saved reports with their schedules. A schedule whose
// report is gone is listed under the report's id.
func readReports(ctx context.Context, db *warehouse.DB, inv *automation.Inventory) error {
	users := []string{}
	if err := eachRow(ctx, db, "SELECT source_id, coalesce(email, name) FROM clean_user WHERE source_id IS NOT NULL", func(row []string) error {
		users = append(users, row...)
		return nil
	}); err != nil {
		return err
	}
	called := strings.NewReplacer(users...) // filters name people by id, which nobody can look up later
	at := map[string]int{}
	return eachRow(ctx, db, `SELECT coalesce(c.source_id, s.report_config_id, ''), coalesce(c.title, 'report ' || s.report_config_id || ', which is not in the source'),
			c.category, c.filters, c.is_shared, s.row_id, s.cron, s.recipients, s.format, s.is_active
		FROM stg_report_config AS c FULL JOIN stg_report_schedule AS s ON s.report_config_id = c.source_id
		ORDER BY c.row_id NULLS LAST, s.row_id`, func(row []string) error {
		i, known := at[row[0]]
		if !known {
			i = len(inv.Funnel.Reports)
			at[row[0]] = i
			inv.Funnel.Reports = append(inv.Funnel.Reports, automation.Report{Title: row[1], Category: row[2], Filters: called.Replace(row[3]), Shared: row[4] == "true"})
		}
		if row[5] != "" {
			r := &inv.Funnel.Reports[i]
			r.Schedules = append(r.Schedules, automation.Schedule{Cron: row[6], Recipients: addresses(row[7]), Format: row[8], Active: row[9] != "false"})
		}
		return nil
	})
}

// addresses reads a JSON array of addresses; any other text is one entry.
func addresses(cell string) []string {
	var all []string
	if json.Unmarshal([]byte(cell), &all) != nil && cell != "" {
		all = []string{cell}
	}
	return all
}

// eachRow calls row for every row of a query, NULL as "".
func eachRow(ctx context.Context, db *warehouse.DB, query string, row func([]string) error, args ...any) error {
	rows, err := db.Read().QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	for rows.Next() {
		texts, into := cells(len(columns))
		if err := rows.Scan(into...); err != nil {
			return err
		}
		if err := row(texts); err != nil {
			return err
		}
	}
	return rows.Err()
}
