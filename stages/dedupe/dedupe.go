// Package dedupe finds records that are one person or one company, merges them
// into one, and says for every staging row which final record it went into.
//
//	reads   clean_account clean_contact clean_same_person clean_deal clean_drop decide_cluster setup link stg_*, and the crosswalk of the run before
//	does    compares what shares a blocking key, clusters with vetoes, ranks survivors, merges field by field
//	writes  dup_* xw_*
//
// What the rules are is in package match. This package keeps four promises:
//
//   - Memory does not grow with the number of records, only with the number of
//     duplicates (some ten bytes each).
//   - A person's decision (decide_cluster) wins over every rule.
//   - A final key that an account knows (link) is never given up: whatever the
//     cluster, the linked key stays the key of the merged record. Two linked keys
//     in one cluster are a late duplicate: reported, and kept apart.
//   - Nothing is lost in a merge: a value that did not win is listed in
//     dup_<object>_value, with its origin.
package dedupe

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	transforms "nextpipe/sql"
	"nextpipe/stages/internal/model"
	"nextpipe/stages/internal/stage"
	"nextpipe/stages/internal/warehouse"
)

// tables are what this stage owns, each after those it refers to.
var tables = []string{"dup_block_skipped",
	"dup_account_pair", "dup_account_cluster", "dup_account_member", "dup_account_value", "dup_account_golden",
	"dup_contact_pair", "dup_contact_cluster", "dup_contact_member", "dup_contact_value", "dup_contact_golden",
	"xw_account", "xw_contact", "xw_deal"}

// Run replaces all dup_ and xw_ tables in one transaction. Left counts the
// clusters that wait for a person.
func Run(ctx context.Context, db *warehouse.DB) (stage.Result, error) {
	var res stage.Result
	edition, err := editionOf(ctx, db)
	if err != nil {
		return res, fmt.Errorf("dedupe: %w", err)
	}
	err = db.Replace(ctx, tables, func(tx *sql.Tx) error {
		companies, err := findAccounts(ctx, db, tx, edition)
		if err != nil {
			return fmt.Errorf("accounts: %w", err)
		}
		people, err := findContacts(ctx, db, tx, edition, companies.finalKeys)
		if err != nil {
			return fmt.Errorf("contacts: %w", err)
		}
		companies.report(&res, "account")
		people.report(&res, "contact")
		return crosswalk(ctx, db, tx, &res)
	})
	if err != nil {
		return stage.Result{}, fmt.Errorf("dedupe: %w", err)
	}
	return res, nil
}

func editionOf(ctx context.Context, db *warehouse.DB) (string, error) {
	var edition string
	err := db.Read().QueryRowContext(ctx, "SELECT source_edition FROM setup").Scan(&edition)
	if errors.Is(err, sql.ErrNoRows) {
		return "", errors.New("the warehouse knows no source yet: run extract first")
	}
	return edition, err
}

// outcome is what became of one object.
type outcome struct {
	finalKeys map[string]string // of merged parents only: key → final key
	merged    int64             // records that went into another one
	toReview  int64             // pairs
	held      int64             // clusters
	late      int64             // clusters held because several keys are linked
	skipped   int64             // blocks too large to compare
	moot      int64             // decisions about records that are gone
	rows      int64
}

func (o *outcome) report(res *stage.Result, object string) {
	res.Rows += o.rows
	res.Add(object+"s merged", o.merged)
	res.Add(object+" pairs to review", o.toReview)
	for _, c := range []stage.Count{{Name: object + " clusters to review", N: o.held}, {Name: object + " late duplicates", N: o.late},
		{Name: object + " blocks too large", N: o.skipped}, {Name: object + " decisions without effect", N: o.moot}} {
		if c.N > 0 {
			res.Add(c.Name, c.N)
		}
	}
}

// crosswalk runs the transforms of sql/crosswalk: each gives a fate to every
// staging row of its object.
func crosswalk(ctx context.Context, db *warehouse.DB, tx *sql.Tx, res *stage.Result) error {
	models, err := model.Load(transforms.Files, "crosswalk")
	if err != nil {
		return err
	}
	for _, m := range models {
		n, err := model.Run(ctx, db, tx, m)
		if err != nil {
			return err
		}
		if err := complete(ctx, tx, strings.TrimPrefix(m.Table, "xw_")); err != nil {
			return err
		}
		res.Rows += n
	}
	return nil
}

// complete proves that no staging row is without a fate. Persons that come from
// leads and targets have rows beyond those of their staging table: xw_item tells
// their fate.
func complete(ctx context.Context, tx *sql.Tx, object string) error {
	var staged, fates int64
	err := tx.QueryRowContext(ctx, fmt.Sprintf(`SELECT (SELECT count(*) FROM stg_%[1]s),
		(SELECT count(*) FROM xw_%[1]s WHERE row_id <= (SELECT ifnull(max(row_id), 0) FROM stg_%[1]s))`, object)).Scan(&staged, &fates)
	if err != nil {
		return err
	}
	if staged != fates {
		return fmt.Errorf("%d staging rows of %s have %d fates: every row needs a clean row or a reason in clean_drop; run clean again", staged, object, fates)
	}
	return nil
}
