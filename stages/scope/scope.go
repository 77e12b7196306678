// Package scope looks at the account before anything is written to it.
//
//	reads   Pipedrive: users, fields, pipelines, stages, currencies; activity types, lead labels; its organizations, persons, products and deals; link seen_record verification
//	does    takes the snapshot that plan, provision and rollback stand on
//	writes  dest_user dest_field dest_option dest_pipeline dest_stage dest_currency dest_activity_type dest_record; target.snapshot_at target.structure_at
package scope

import (
	"context"
	"database/sql"
	"fmt"

	"nextpipe/stages/internal/entity"
	"nextpipe/stages/internal/pipedrive"
	"nextpipe/stages/internal/stage"
	"nextpipe/stages/internal/target"
)

// Run takes the snapshot: structure every time, all records until the first of
// ours is sent, and from then on what other people make and change.
func Run(ctx context.Context, s *target.Session) (stage.Result, error) {
	var res stage.Result
	if err := structure(ctx, s, &res); err != nil {
		return res, fmt.Errorf("look at the account: %w", err)
	}
	if err := snapshot(ctx, s, &res); err != nil {
		return res, fmt.Errorf("take the snapshot of the account: %w", err)
	}
	return res, s.Meter.Flush(ctx)
}

// snapshot reads all records by list pages. Once that was completed and we have
// written, it is only refreshed: our own must not count as the account's.
func snapshot(ctx context.Context, s *target.Session, res *stage.Result) error {
	var final bool
	if err := s.DB.Read().QueryRowContext(ctx, `SELECT snapshot_at IS NOT NULL
		AND EXISTS (SELECT 1 FROM load_op AS o WHERE o.target_id = t.target_id AND o.purpose = 'load')
		FROM target AS t WHERE target_id = ?`, s.ID).Scan(&final); err != nil {
		return err
	}
	if final {
		return refresh(ctx, s, res)
	}
	if err := clear(ctx, s); err != nil {
		return err
	}
	for _, e := range entity.All {
		if !e.Snapshot {
			continue
		}
		n, err := records(ctx, s, e)
		if err != nil {
			return fmt.Errorf("%s: %w", e.Name, err)
		}
		res.Add(e.Plural()+" found", n)
		res.Rows += n
	}
	return s.DB.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec("UPDATE target SET snapshot_at = ? WHERE target_id = ?", s.DB.Now(), s.ID)
		return err
	})
}

// clear forgets an earlier snapshot, whole or interrupted.
func clear(ctx context.Context, s *target.Session) error {
	return s.DB.Write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.Exec("UPDATE target SET snapshot_at = NULL WHERE target_id = ?", s.ID); err != nil {
			return err
		}
		_, err := tx.Exec("DELETE FROM dest_record WHERE target_id = ?", s.ID)
		return err
	})
}

// records stores one entity page by page: no transaction waits for the network.
func records(ctx context.Context, s *target.Session, e entity.Entity) (int64, error) {
	markerCode, err := existingMarkerField(ctx, s, e.Name)
	if err != nil {
		return 0, err
	}
	var n int64
	err = s.Walk(ctx, e, func(page []pipedrive.Record) error {
		n += int64(len(page))
		s.Report("scope", e.Name, n, 0)
		return storeRecords(ctx, s, e, markerCode, page)
	})
	return n, err
}
