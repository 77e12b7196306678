// Package cutover proves that NextCRM stands still and records that Pipedrive
// is the system of record from then on.
//
//	reads   NextCRM, read anew into a scratch warehouse; stg_* clean_site gate stage_run plan verification difference reconcile_source reconcile_final
//	does    compares every row with the extracted one, looks for times after the freeze, and says which gates are open
//	writes  cutover_proof cutover_row (and gate, for the person who declares, signs or reopens)
//
// What is proved is that at the moment of reading NextCRM held exactly the rows
// that were loaded. Nobody can prove that it is not written to a minute later:
// that is what the freeze promises and its name stands for.
package cutover

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"nextpipe/stages/internal/nextcrm"
	"nextpipe/stages/internal/stage"
	"nextpipe/stages/internal/warehouse"
)

// ErrNotStill means that NextCRM is not what was extracted, or was written to
// after the freeze.
var ErrNotStill = errors.New("NextCRM does not stand still")

// Reading is one reading of the source for a proof.
type Reading struct {
	TargetID int64
	RunID    int64
	Scratch  string    // warehouse that it was extracted into
	At       time.Time // when the reading began
	// Written is when the files of an export were last written, for exports that
	// do not say so themselves; zero for a database.
	Written time.Time
}

// proof gathers what a reading shows.
type proof struct {
	ctx       context.Context
	tx        *sql.Tx
	reading   Reading
	frozenAt  string
	madeAt    string
	zone      *time.Location
	dateOrder string

	rows, stamps, differing, late, signedIn, listed int64

	newest string
}

// Prove compares the reading with staging, and its stamps with the freeze.
func Prove(ctx context.Context, db *warehouse.DB, r Reading) (stage.Result, error) {
	var res stage.Result
	p := &proof{ctx: ctx, reading: r}
	err := db.WriteWith(ctx, r.Scratch, func(tx *sql.Tx) error {
		p.tx = tx
		return p.make()
	})
	if err != nil {
		return res, fmt.Errorf("prove that NextCRM stands still: %w", err)
	}
	res.Rows = p.rows
	res.Counts = []stage.Count{{Name: "rows read", N: p.rows}, {Name: "rows that differ", N: p.differing},
		{Name: "stamped after the freeze", N: p.late}, {Name: "users who only signed in", N: p.signedIn}}
	if p.differing+p.late > 0 {
		return res, fmt.Errorf("%w: %d rows are not as they were extracted, %d have a time after the freeze, see table cutover_row: `nextpipe delta` loads them; "+
			"find out who still writes", ErrNotStill, p.differing, p.late)
	}
	return res, nil
}

func (p *proof) make() error {
	if err := p.prepare(); err != nil {
		return err
	}
	sum := sha256.New()
	for _, o := range nextcrm.Objects {
		if err := p.seal(o, sum); err != nil {
			return fmt.Errorf("%s: %w", o.Name, err)
		}
		if err := p.compare(o); err != nil {
			return fmt.Errorf("%s: %w", o.Name, err)
		}
		if err := p.lookAtStamps(o); err != nil {
			return fmt.Errorf("%s: %w", o.Name, err)
		}
	}
	_, err := p.tx.ExecContext(p.ctx, `INSERT INTO cutover_proof (target_id, run_id, frozen_at, read_at, made_at, rows_read, stamps_read, newest_stamp, differing, stamped_late, seal)
		VALUES (?, ?, nullif(?, ''), ?, nullif(?, ''), ?, ?, nullif(?, ''), ?, ?, ?)`, p.reading.TargetID, p.reading.RunID, p.frozenAt, warehouse.Stamp(p.reading.At), p.madeAt,
		p.rows, p.stamps, p.newest, p.differing, p.late, hex.EncodeToString(sum.Sum(nil)))
	return err
}

// prepare refuses another source and reads how its times are written.
func (p *proof) prepare() error {
	var same bool
	if err := p.tx.QueryRowContext(p.ctx, "SELECT (SELECT source_id FROM main.setup) = (SELECT source_id FROM other.setup)").Scan(&same); err != nil {
		return err
	}
	if !same {
		return fmt.Errorf("%w: --source is another NextCRM than the one that was loaded", warehouse.ErrDrift)
	}
	if _, err := p.tx.ExecContext(p.ctx, "DELETE FROM main.cutover_row WHERE target_id = ?", p.reading.TargetID); err != nil {
		return err
	}
	var zone string
	err := p.tx.QueryRowContext(p.ctx, `SELECT coalesce((SELECT timezone FROM main.clean_site), (SELECT source_timezone FROM main.setup), 'UTC'),
		coalesce((SELECT date_order FROM main.clean_site), ''),
		coalesce((SELECT at FROM main.gate WHERE name = ?1 AND target_id = ?2 AND is_open = 1 AND gate_id = (SELECT max(gate_id) FROM main.gate WHERE name = ?1 AND target_id = ?2)), '')`,
		freezeGate, p.reading.TargetID).Scan(&zone, &p.dateOrder, &p.frozenAt)
	if err != nil {
		return err
	}
	if p.zone, err = time.LoadLocation(zone); err != nil {
		return fmt.Errorf("time zone of the source: %w", err)
	}
	return p.readAge()
}
