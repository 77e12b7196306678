// Package clean turns staging into typed, normalised records: one row per live
// record, in which every cell was read once, by one rule, and every doubt is
// an issue.
//
//	reads   stg_* setup decide_map fix_value
//	does    applies corrected values; decides per column how days, points in time and amounts are
//	        read; normalises cells; resolves owners, companies, contacts and stages; sets aside what
//	        is deleted, repeated or has no name
//	writes  clean_* profile issue issue_rule
//
// The transforms are the files of sql/clean. Their np_… functions are package
// normal's, see [RegisterFunctions]. What a single SELECT cannot say is Go
// here: profiles, corrections, differences between versions of a record.
package clean

import (
	"context"
	"database/sql"
	"fmt"

	transforms "nextpipe/sql"
	"nextpipe/stages/internal/model"
	"nextpipe/stages/internal/stage"
	"nextpipe/stages/internal/warehouse"
)

// Run rebuilds the clean layer in one transaction. The warehouse must have been
// opened after [RegisterFunctions]. It fails with a [*TimezoneError] when the
// source holds local times and nobody has said where. The result counts
//
//	users 6 · accounts 39 · contacts 200 · deals 58 · merged 2 · rejected 1 · excluded 0 · issues 93
func Run(ctx context.Context, db *warehouse.DB) (stage.Result, error) {
	res, err := run(ctx, db)
	if err != nil {
		return res, fmt.Errorf("clean: %w", err)
	}
	return res, nil
}

func run(ctx context.Context, db *warehouse.DB) (stage.Result, error) {
	models, err := model.Load(transforms.Files, "clean")
	if err != nil {
		return stage.Result{}, err
	}
	var res stage.Result
	err = db.Replace(ctx, append(filledByGo, model.Tables(models)...), func(tx *sql.Tx) error {
		rows, err := fill(ctx, tx, models)
		if err != nil {
			return err
		}
		res, err = result(ctx, tx, rows)
		return err
	})
	return res, err
}

// filledByGo are the tables that no transform fills.
var filledByGo = []string{"issue_rule", "profile", "clean_custom_field"}

// fill runs the transforms, and between them the steps in Go. It returns the
// rows of each table that the transforms wrote.
func fill(ctx context.Context, tx *sql.Tx, models []model.Model) (map[string]int64, error) {
	if err := writeRules(tx); err != nil {
		return nil, err
	}
	missed, err := applyFixes(ctx, tx)
	if err != nil {
		return nil, fmt.Errorf("apply corrected values: %w", err)
	}
	if err := coverStaging(ctx, tx); err != nil {
		return nil, err
	}
	rows, err := transform(ctx, tx, models)
	if err != nil {
		return nil, err
	}
	if err := reportFixes(tx, missed); err != nil {
		return nil, err
	}
	conflicts, err := reportConflicts(ctx, tx)
	if err != nil {
		return nil, fmt.Errorf("compare versions of a record: %w", err)
	}
	rows["issue"] += conflicts + int64(len(missed))
	return rows, uncoverStaging(ctx, tx)
}

func transform(ctx context.Context, tx *sql.Tx, models []model.Model) (map[string]int64, error) {
	rows := map[string]int64{}
	for _, m := range models {
		n, err := model.Run(ctx, tx, m)
		if err != nil {
			return nil, err
		}
		rows[m.Table] += n
		if step := afterwards[m.Table]; step != nil {
			if err := step(ctx, tx); err != nil {
				return nil, err
			}
		}
	}
	return rows, nil
}

// afterwards are the steps that need the named table and come before the next.
var afterwards = map[string]func(context.Context, *sql.Tx) error{
	"clean_site":    profile,
	"clean_contact": numberRepeats,
}

// profile decides how the source and each of its columns is to be read.
func profile(ctx context.Context, tx *sql.Tx) error {
	if err := settleSeparator(ctx, tx); err != nil {
		return err
	}
	s, err := readSite(ctx, tx)
	if err != nil {
		return err
	}
	if err := profileColumns(ctx, tx, s); err != nil {
		return err
	}
	if err := profileFields(ctx, tx, s); err != nil {
		return err
	}
	return requireTimezone(ctx, tx, s)
}

// numberRepeats makes the keys of contacts without an id unique. Such contacts
// are known by their e-mail or name; the second of the same is '#2', in the
// order of the source. Dedupe decides whether they are one person.
func numberRepeats(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, `
		WITH repeated AS (
			SELECT contact_key FROM clean_contact WHERE source_id IS NULL GROUP BY contact_key HAVING count(*) > 1),
		numbered AS (
			SELECT row_id, row_number() OVER (PARTITION BY contact_key ORDER BY row_id) AS nth
			FROM clean_contact WHERE source_id IS NULL AND contact_key IN (SELECT contact_key FROM repeated))
		UPDATE clean_contact SET contact_key = contact_key || '#' || n.nth
		FROM numbered AS n WHERE n.row_id = clean_contact.row_id AND n.nth > 1`)
	if err != nil {
		return fmt.Errorf("number repeated contacts: %w", err)
	}
	return nil
}

// result counts what was written. Rows are counted while they are written: to
// count a million of them afterwards takes as long as reading them.
func result(ctx context.Context, tx *sql.Tx, rows map[string]int64) (stage.Result, error) {
	var res stage.Result
	for _, table := range filledByGo {
		n, err := number(ctx, tx, "SELECT count(*) FROM "+warehouse.Quote(table))
		if err != nil {
			return res, err
		}
		res.Rows += n
	}
	for _, n := range rows {
		res.Rows += n
	}
	for _, object := range []string{"user", "account", "contact", "deal"} {
		res.Add(object+"s", rows["clean_"+object])
	}
	for _, fate := range []string{"merged", "rejected", "excluded"} {
		n, err := number(ctx, tx, "SELECT count(*) FROM clean_drop WHERE fate = '"+fate+"'")
		if err != nil {
			return res, err
		}
		res.Add(fate, n)
		if fate == "rejected" {
			res.Left = n
		}
	}
	res.Add("issues", rows["issue"])
	return res, nil
}

func number(ctx context.Context, tx *sql.Tx, query string) (n int64, err error) {
	err = tx.QueryRowContext(ctx, query).Scan(&n)
	return n, err
}
