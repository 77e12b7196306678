// Package delta lists what a delta would do, from a copy of the warehouse in
// which everything was read and planned anew.
//
//	reads   of the copy: plan plan_op final_* link bind difference kept_value conflict v_late_duplicate; run http_log budget blocked target
//	does    names what is new, changed, gone, held back, deleted or edited in Pipedrive, and one too late; takes the list home with the tokens it cost
//	writes  delta_report delta_item (and, on behalf of the journal, what the account was asked)
package delta

import (
	"context"
	"database/sql"
	"fmt"

	"nextpipe/stages/internal/warehouse"
)

// Report is one report in numbers. Each counts records, whatever the number of
// their fields.
type Report struct {
	Domain        string `json:"domain"`
	MadeAt        string `json:"made_at"`
	Unchanged     int64  `json:"unchanged"`
	Added         int64  `json:"added"`
	Changed       int64  `json:"changed"`
	Gone          int64  `json:"gone"`
	HeldBack      int64  `json:"held_back"`
	Deleted       int64  `json:"deleted"`
	Edited        int64  `json:"edited"`
	LateDuplicate int64  `json:"late_duplicate"`
}

func (r Report) String() string {
	return fmt.Sprintf("%s at %s: unchanged %d · new %d · changed %d · gone %d · held back %d · deleted in Pipedrive %d · edited in Pipedrive %d · late duplicates %d",
		r.Domain, r.MadeAt, r.Unchanged, r.Added, r.Changed, r.Gone, r.HeldBack, r.Deleted, r.Edited, r.LateDuplicate)
}

// Item is one thing that differs.
type Item struct {
	Kind        string `json:"kind"`
	Entity      string `json:"entity"`
	FinalKey    string `json:"final_key"`
	PipedriveID string `json:"pipedrive_id,omitempty"`
	Field       string `json:"field,omitempty"`
	Before      string `json:"before,omitempty"`
	After       string `json:"after,omitempty"`
	Note        string `json:"note,omitempty"`
}

// Draw makes the report of the account that the newest run of db was about.
// db is a copy in which the source was extracted and the account planned and
// verified.
func Draw(ctx context.Context, db *warehouse.DB) error {
	err := db.Write(ctx, func(tx *sql.Tx) error {
		var target, run int64
		if err := tx.QueryRowContext(ctx, "SELECT target_id, run_id FROM run WHERE target_id IS NOT NULL ORDER BY run_id DESC LIMIT 1").Scan(&target, &run); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM delta_item WHERE target_id = ?", target); err != nil {
			return err
		}
		for _, list := range lists {
			if _, err := tx.ExecContext(ctx, insertItems+list, target); err != nil {
				return err
			}
		}
		if _, err := tx.ExecContext(ctx, markConflicts, target); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, countItems, target, run, db.Now())
		return err
	})
	if err != nil {
		return fmt.Errorf("list what differs: %w", err)
	}
	return nil
}

// TakeHome brings the report out of the copy at path, and what looking at the
// account has cost: tokens that were spent are spent, and a block is a block.
// known is the newest run before the copy was made.
func TakeHome(ctx context.Context, db *warehouse.DB, path string, known int64) error {
	err := db.WriteWith(ctx, path, func(tx *sql.Tx) error {
		for _, q := range []string{
			"INSERT INTO target SELECT * FROM other.target WHERE target_id NOT IN (SELECT target_id FROM main.target)",
			"INSERT INTO run SELECT * FROM other.run WHERE run_id > ?1",
			"INSERT INTO http_log SELECT * FROM other.http_log WHERE call_id > (SELECT coalesce(max(call_id), 0) FROM main.http_log)",
			"INSERT OR REPLACE INTO budget SELECT * FROM other.budget",
			"INSERT OR REPLACE INTO blocked SELECT * FROM other.blocked",
			"DELETE FROM delta_item WHERE target_id IN (SELECT target_id FROM other.run WHERE run_id > ?1)",
			"INSERT INTO delta_item SELECT * FROM other.delta_item WHERE target_id IN (SELECT target_id FROM other.run WHERE run_id > ?1)",
			"INSERT INTO delta_report SELECT * FROM other.delta_report WHERE run_id > ?1",
		} {
			if _, err := tx.ExecContext(ctx, q, known); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("take the report home: %w", err)
	}
	return nil
}

// Last reads the newest report of every account, the newest first.
func Last(ctx context.Context, db *warehouse.DB) ([]Report, error) {
	rows, err := db.Read().QueryContext(ctx, `SELECT t.domain, r.made_at, r.unchanged, r.added, r.changed, r.gone, r.held_back, r.deleted, r.edited, r.late_duplicate
		FROM delta_report AS r JOIN target AS t USING (target_id)
		WHERE r.report_id IN (SELECT max(report_id) FROM delta_report GROUP BY target_id) ORDER BY r.report_id DESC`)
	if err != nil {
		return nil, fmt.Errorf("read delta reports: %w", err)
	}
	defer rows.Close()
	var out []Report
	for rows.Next() {
		var r Report
		if err := rows.Scan(&r.Domain, &r.MadeAt, &r.Unchanged, &r.Added, &r.Changed, &r.Gone, &r.HeldBack, &r.Deleted, &r.Edited, &r.LateDuplicate); err != nil {
			return nil, fmt.Errorf("read delta reports: %w", err)
		}
		out = append(out, r)
	}
	return out, rows.Err()
}

// Items reads what the newest report of an account lists.
func Items(ctx context.Context, db *warehouse.DB, domain string) ([]Item, error) {
	rows, err := db.Read().QueryContext(ctx, `SELECT kind, entity, final_key, coalesce(pipedrive_id, ''), coalesce(field, ''), coalesce(before, ''), coalesce(after, ''), coalesce(note, '')
		FROM delta_item WHERE target_id = (SELECT target_id FROM target WHERE domain = ?) ORDER BY seq`, domain)
	if err != nil {
		return nil, fmt.Errorf("read delta items: %w", err)
	}
	defer rows.Close()
	var out []Item
	for rows.Next() {
		var i Item
		if err := rows.Scan(&i.Kind, &i.Entity, &i.FinalKey, &i.PipedriveID, &i.Field, &i.Before, &i.After, &i.Note); err != nil {
			return nil, fmt.Errorf("read delta items: %w", err)
		}
		out = append(out, i)
	}
	return out, rows.Err()
}
