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
		j := &job{db: db, tx: tx, rows: map[string]int64{}, sizes: map[string]size{}}
		if err := j.fill(ctx, models); err != nil {
			return err
		}
		res, err = j.result(ctx)
		return err
	})
	return res, err
}

// filledByGo are the tables that no transform fills.
var filledByGo = []string{"issue_rule", "profile", "clean_custom_field"}

// job is one run: what has been written, and how large the source is.
type job struct {
	db    *warehouse.DB
	tx    *sql.Tx
	rows  map[string]int64 // written by the transforms, by table
	sizes map[string]size  // of the staged objects
}

// fill runs the transforms, and around them the steps in Go.
func (j *job) fill(ctx context.Context, models []model.Model) error {
	if err := writeRules(j.tx); err != nil {
		return err
	}
	missed, err := applyFixes(ctx, j.tx)
	if err != nil {
		return fmt.Errorf("apply corrected values: %w", err)
	}
	if err := coverStaging(ctx, j.tx); err != nil {
		return err
	}
	for _, m := range models {
		if err := j.transform(ctx, m); err != nil {
			return err
		}
	}
	if err := reportFixes(j.tx, missed); err != nil {
		return err
	}
	conflicts, err := reportConflicts(ctx, j.tx)
	if err != nil {
		return fmt.Errorf("compare versions of a record: %w", err)
	}
	j.rows["issue"] += conflicts + int64(len(missed))
	return uncoverStaging(ctx, j.tx)
}

// rejects are the transforms that look for rows which became nothing. To look
// through a million records when the numbers add up would be wasted.
var rejects = map[string]string{"clean/36_clean_drop.sql": "account", "clean/41_clean_drop.sql": "contact"}

// transform runs one file and the step that belongs behind it.
func (j *job) transform(ctx context.Context, m model.Model) error {
	if object := rejects[m.File]; object != "" {
		dropped, err := number(ctx, j.tx, "SELECT count(*) FROM clean_drop WHERE object = "+literal(object))
		if err != nil || j.rows["clean_"+object]+dropped == j.sizes[object].rows {
			return err
		}
	}
	n, err := model.Run(ctx, j.db, j.tx, m)
	if err != nil {
		return err
	}
	j.rows[m.Table] += n
	switch m.Table {
	case "clean_site":
		return j.profile(ctx)
	case "clean_contact":
		return j.numberRepeats(ctx)
	}
	return nil
}

// profile decides how the source and each of its columns is to be read.
func (j *job) profile(ctx context.Context) error {
	if err := settleSeparator(ctx, j.tx); err != nil {
		return err
	}
	s, err := readSite(ctx, j.tx)
	if err != nil {
		return err
	}
	if err := profileColumns(ctx, j.tx, s, j.sizes); err != nil {
		return err
	}
	if err := profileFields(ctx, j.tx, s); err != nil {
		return err
	}
	return requireTimezone(ctx, j.tx, s)
}

// numberRepeats makes the keys of contacts without an id unique. Such contacts
// are known by their e-mail or name; the second of the same is '#2', in the
// order of the source. Dedupe decides whether they are one person.
func (j *job) numberRepeats(ctx context.Context) error {
	if all := j.sizes["contact"]; all.rows == all.withID {
		return nil
	}
	_, err := j.tx.ExecContext(ctx, `
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
func (j *job) result(ctx context.Context) (stage.Result, error) {
	var res stage.Result
	for _, table := range filledByGo {
		n, err := number(ctx, j.tx, "SELECT count(*) FROM "+warehouse.Quote(table))
		if err != nil {
			return res, err
		}
		res.Rows += n
	}
	for _, n := range j.rows {
		res.Rows += n
	}
	for _, object := range []string{"user", "account", "contact", "deal"} {
		res.Add(object+"s", j.rows["clean_"+object])
	}
	for _, fate := range []string{"merged", "rejected", "excluded"} {
		n, err := number(ctx, j.tx, "SELECT count(*) FROM clean_drop WHERE fate = "+literal(fate))
		if err != nil {
			return res, err
		}
		res.Add(fate, n)
		if fate == "rejected" {
			res.Left = n
		}
	}
	res.Add("issues", j.rows["issue"])
	return res, nil
}

func number(ctx context.Context, tx *sql.Tx, query string) (n int64, err error) {
	err = tx.QueryRowContext(ctx, query).Scan(&n)
	return n, err
}
