package stages

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"nextpipe/stages/delta"
	"nextpipe/stages/internal/warehouse"
)

// planAnew are the stages that find out what a delta would do. Verify comes
// last: differences are what is looked for.
var planAnew = []string{"scope", "extract", "clean", "dedupe", "map", "build", "plan", "verify"}

// findings are exits that a report answers with a list, not with a failure.
var findings = []int{0, 3, 9, 10}

// DeltaReport lists what differs between NextCRM and the account since the last
// load. It works on a copy of the warehouse, which is thrown away: nothing here
// changes but the report itself and the account of tokens, so that a load that
// waits to be continued, and what was signed, stay as they are.
func (e *Env) DeltaReport(ctx context.Context) (r delta.Report, items []delta.Item, err error) {
	const command = "delta --report-only"
	known, err := e.newestRun(ctx)
	if err != nil {
		return r, nil, err
	}
	unlock, err := e.DB.Lock(ctx, command)
	if err != nil {
		return r, nil, err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	path := e.DB.Path() + ".delta"
	defer func() { err = errors.Join(err, warehouse.RemoveCopy(path)) }()
	if err := e.DB.CopyTo(ctx, path); err != nil {
		return r, nil, err
	}
	worked := e.planInCopy(ctx, path, command)
	// What the account was asked is taken home even when the rest failed.
	if err := errors.Join(worked, delta.TakeHome(context.WithoutCancel(ctx), e.DB, path, known)); err != nil {
		return r, nil, err
	}
	all, err := delta.Last(ctx, e.DB)
	if err != nil || len(all) == 0 {
		return r, nil, err
	}
	items, err = delta.Items(ctx, e.DB, all[0].Domain)
	return all[0], items, err
}

// newestRun is the last run before this one; there has to be one that loaded.
func (e *Env) newestRun(ctx context.Context) (id int64, err error) {
	var loaded bool
	err = e.DB.Read().QueryRowContext(ctx, "SELECT (SELECT coalesce(max(run_id), 0) FROM run), EXISTS (SELECT 1 FROM link)").Scan(&id, &loaded)
	if err == nil && !loaded {
		err = fmt.Errorf("%w: nothing has been loaded from this warehouse yet: `nextpipe run` comes first", ErrUsage)
	}
	return id, err
}

func (e *Env) planInCopy(ctx context.Context, path, command string) (err error) {
	opt := e.opt
	opt.DB = path
	c, err := Open(ctx, opt)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	if err := c.Execute(ctx, command, planAnew...); !slices.Contains(findings, ExitCode(err)) {
		return err
	}
	return delta.Draw(ctx, c.DB)
}

// Deltas are the newest reports, one an account.
func (e *Env) Deltas(ctx context.Context) ([]delta.Report, error) { return delta.Last(ctx, e.DB) }
