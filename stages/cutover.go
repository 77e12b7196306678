package stages

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"nextpipe/stages/cutover"
	"nextpipe/stages/extract"
	"nextpipe/stages/internal/nextcrm"
	"nextpipe/stages/internal/warehouse"
	"nextpipe/stages/plan"
)

// writing are the stages that send to the account.
var writing = []string{"provision", "load", "rollback"}

// refuseAfterCutover stops a run that would write to an account that is the
// system of record, before it does anything. It connects only when some account
// of this warehouse is.
func (e *Env) refuseAfterCutover(ctx context.Context, names []string) error {
	if e.opt.DryRun || !slices.ContainsFunc(names, func(n string) bool { return slices.Contains(writing, n) }) {
		return nil
	}
	var signed bool
	err := e.DB.Read().QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM gate WHERE name IN ('cutover_signed', 'cutover_rehearsed'))").Scan(&signed)
	if err != nil || !signed {
		return err
	}
	s, err := e.session(ctx)
	if err != nil {
		return err
	}
	return errors.Join(cutover.Refuse(ctx, e.DB, s.ID), s.Meter.Flush(ctx))
}

// facts gathers what the cutover needs to know of the account that was worked on last.
func (e *Env) facts(ctx context.Context) (f cutover.Facts, err error) {
	if f.TargetID, err = e.lastTarget(ctx); err != nil {
		return f, err
	}
	if f.TargetID == 0 {
		return f, fmt.Errorf("%w: no account was loaded yet: `nextpipe run` comes first", cutover.ErrClosed)
	}
	if f.Seal, err = plan.Seal(ctx, e.DB); err != nil {
		return f, err
	}
	left, err := e.Rejects(ctx)
	if err != nil {
		return f, err
	}
	err = e.DB.Read().QueryRowContext(ctx, "SELECT count(*) FROM v_rejects WHERE target_id = ? AND state = 'quarantined'", f.TargetID).Scan(&f.Quarantined)
	f.Rejects = int64(len(left)) - f.Quarantined
	return f, err
}

// Cutover says where the cutover of the account that was worked on last stands.
func (e *Env) Cutover(ctx context.Context) (cutover.State, error) {
	f, err := e.facts(ctx)
	if err != nil {
		return cutover.State{}, err
	}
	return cutover.Look(ctx, e.DB, f)
}

// Handovers are the cutovers that have begun, in the order of the accounts.
func (e *Env) Handovers(ctx context.Context) ([]cutover.State, error) {
	ids, err := e.strings(ctx, "SELECT DISTINCT target_id FROM gate WHERE name = 'cutover_freeze' ORDER BY target_id")
	if err != nil {
		return nil, err
	}
	var out []cutover.State
	for _, text := range ids {
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, err
		}
		s, err := cutover.Begun(ctx, e.DB, id)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

// Freeze declares that nobody writes to NextCRM any more.
func (e *Env) Freeze(ctx context.Context, by string) error {
	f, err := e.facts(ctx)
	if err != nil {
		return err
	}
	return cutover.Freeze(ctx, e.DB, f, by)
}

// SignCutover reads NextCRM once more and records that Pipedrive is the system
// of record. accept is why this person lets pass what may be let pass.
func (e *Env) SignCutover(ctx context.Context, by, accept string) (cutover.State, error) {
	before, err := e.facts(ctx)
	if err != nil {
		return cutover.State{}, err
	}
	if err := e.refuseTrial(ctx, before.TargetID); err != nil {
		return cutover.State{}, err
	}
	// Rows that are found wanting are a closed gate: which ones, the gates say.
	if err := e.Execute(ctx, "cutover --sign", "cutover"); err != nil && !errors.Is(err, cutover.ErrNotStill) {
		return cutover.State{}, err
	}
	f, err := e.facts(ctx)
	if err != nil {
		return cutover.State{}, err
	}
	return cutover.Sign(ctx, e.DB, f, by, accept)
}

// ReopenCutover takes the cutover back.
func (e *Env) ReopenCutover(ctx context.Context, by, reason string) error {
	f, err := e.facts(ctx)
	if err != nil {
		return err
	}
	return cutover.Reopen(ctx, e.DB, f, by, reason)
}

// runCutover reads NextCRM into a scratch warehouse and compares.
func runCutover(ctx context.Context, e *Env) (res Result, err error) {
	targetID, err := e.lastTarget(ctx)
	if err != nil {
		return res, err
	}
	if targetID == 0 {
		return res, fmt.Errorf("%w: no account was loaded yet: `nextpipe run` comes first", cutover.ErrClosed)
	}
	src, err := e.source(ctx)
	if err != nil {
		return res, err
	}
	defer src.Close()
	r := cutover.Reading{TargetID: targetID, RunID: e.run.ID, Scratch: e.DB.Path() + ".proof", At: time.Now()}
	if src.Identity().Edition == nextcrm.Plugin {
		if r.Written, err = lastWritten(e.opt.Source); err != nil {
			return res, fmt.Errorf("tell the age of the export: %w", err)
		}
	}
	defer func() { err = errors.Join(err, warehouse.RemoveCopy(r.Scratch)) }()
	if err := e.readAnew(ctx, src, r.Scratch); err != nil {
		return res, err
	}
	return cutover.Prove(ctx, e.DB, r)
}

// readAnew extracts the source into a warehouse of its own.
func (e *Env) readAnew(ctx context.Context, src nextcrm.Source, path string) (err error) {
	if err := warehouse.RemoveCopy(path); err != nil {
		return err
	}
	scratch, err := warehouse.Open(ctx, path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, scratch.Close()) }()
	_, err = extract.Run(ctx, scratch, src, Version, func(object string, rows int64) {
		e.opt.Report(Progress{Stage: "cutover", Entity: object, Done: rows})
	})
	return err
}

// lastWritten is when the newest file of a folder was written.
func lastWritten(dir string) (newest time.Time, err error) {
	err = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if errors.Is(err, os.ErrNotExist) {
			return nil
		}
		if err == nil && info.ModTime().After(newest) {
			newest = info.ModTime()
		}
		return err
	})
	return newest, err
}
