package warehouse

import (
	"context"
	"database/sql"
	"fmt"
)

// Run is one invocation of nextpipe.
type Run struct {
	ID int64
	db *DB
}

// BeginRun records that a command has started.
func (db *DB) BeginRun(ctx context.Context, command string) (*Run, error) {
	r := &Run{db: db}
	err := db.Write(ctx, func(tx *sql.Tx) error {
		res, err := tx.Exec("INSERT INTO run (command, started_at) VALUES (?, ?)", command, db.Now())
		if err != nil {
			return err
		}
		r.ID, err = res.LastInsertId()
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("begin run: %w", err)
	}
	return r, nil
}

// UseTarget ties the run to the account it works on.
func (r *Run) UseTarget(ctx context.Context, targetID int64) error {
	return r.db.exec(ctx, "UPDATE run SET target_id = ? WHERE run_id = ?", targetID, r.ID)
}

// Finish records how the run ended. A run without an end was killed.
func (r *Run) Finish(ctx context.Context, exitCode int) error {
	return r.db.exec(context.WithoutCancel(ctx), "UPDATE run SET finished_at = ?, exit_code = ? WHERE run_id = ?",
		r.db.Now(), exitCode, r.ID)
}

// BeginStage records that a stage has started; the returned function records
// its end: rows written, a summary line, and the error if there was one.
func (r *Run) BeginStage(ctx context.Context, stage string, targetID int64) (end func(rows int64, summary string, err error) error, err error) {
	var id int64
	err = r.db.Write(ctx, func(tx *sql.Tx) error {
		res, err := tx.Exec("INSERT INTO stage_run (run_id, stage, target_id, started_at, state) VALUES (?, ?, nullif(?, 0), ?, 'running')",
			r.ID, stage, targetID, r.db.Now())
		if err != nil {
			return err
		}
		id, err = res.LastInsertId()
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("begin stage %s: %w", stage, err)
	}
	return func(rows int64, summary string, stageErr error) error {
		state, text := "done", sql.NullString{}
		if stageErr != nil {
			state, text = "failed", sql.NullString{String: stageErr.Error(), Valid: true}
		}
		return r.db.exec(context.WithoutCancel(ctx), `UPDATE stage_run
			SET state = ?, finished_at = ?, row_count = ?, summary = ?, error = ? WHERE stage_run_id = ?`,
			state, r.db.Now(), rows, summary, text, id)
	}, nil
}

func (db *DB) exec(ctx context.Context, query string, args ...any) error {
	return db.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, query, args...)
		return err
	})
}
