// Package stages is the table of contents of nextpipe: every stage in the
// order they run, and how a run goes through them.
//
// Stages never import each other. They meet only in the tables of the
// warehouse; each table has one owner (see data_dictionary).
package stages

import (
	"context"
	"errors"

	"nextpipe/stages/build"
	"nextpipe/stages/clean"
	"nextpipe/stages/dedupe"
	"nextpipe/stages/extract"
	"nextpipe/stages/internal/stage"
	"nextpipe/stages/internal/target"
	"nextpipe/stages/load"
	"nextpipe/stages/mapping"
	"nextpipe/stages/plan"
	"nextpipe/stages/provision"
	"nextpipe/stages/relink"
	"nextpipe/stages/rollback"
	"nextpipe/stages/scope"
	"nextpipe/stages/verify"
)

// Result is what a stage did.
type Result = stage.Result

// Stage is one step of a migration.
type Stage struct {
	Name   string
	About  string // one line
	Reads  string
	Writes string
	// Online stages speak to Pipedrive and need --target.
	Online bool
	// Apart stages are not part of a run: they have to be asked for.
	Apart bool
	run   func(context.Context, *Env) (Result, error)
}

// All is every stage, in the order they run.
var All = []Stage{
	{Name: "scope", About: "look at the account before anything is written", Online: true,
		Reads: "Pipedrive", Writes: "dest_*", run: runScope},
	{Name: "doctor", About: "tell whether the account can take the migration, before anything is planned", Online: true, Apart: true,
		Reads: "Pipedrive, final_* map_* link dest_record", Writes: "doctor_finding doctor_probe gate", run: runDoctor},
	{Name: "extract", About: "copy NextCRM as it is",
		Reads: "NextCRM", Writes: "stg_* source_item source_note document_blob", run: runExtract},
	{Name: "clean", About: "type and normalise; list every finding",
		Reads: "stg_* fix_value", Writes: "clean_* profile issue issue_rule", run: func(ctx context.Context, e *Env) (Result, error) {
			return clean.Run(ctx, e.DB)
		}},
	{Name: "dedupe", About: "find what is the same, on evidence",
		Reads: "clean_* decide_cluster link", Writes: "dup_* golden_* xw_* v_late_duplicate", run: func(ctx context.Context, e *Env) (Result, error) {
			return dedupe.Run(ctx, e.DB)
		}},
	{Name: "map", About: "propose where everything goes",
		Reads: "clean_* golden_* decide_map dest_*", Writes: "map_*", run: func(ctx context.Context, e *Env) (Result, error) {
			return mapping.Run(ctx, e.DB)
		}},
	{Name: "build", About: "make what Pipedrive should hold",
		Reads: "golden_* xw_* map_*", Writes: "final_* xw_item map_sql", run: func(ctx context.Context, e *Env) (Result, error) {
			return build.Run(ctx, e.DB)
		}},
	{Name: "plan", About: "decide and price every operation", Online: true,
		Reads: "final_* link dest_*", Writes: "dest_match plan plan_* v_plan_diff", run: runPlan},
	{Name: "provision", About: "make pipelines, stages, fields, options and labels", Online: true,
		Reads: "final_* map_* dest_*", Writes: "bind provisioned", run: runProvision},
	{Name: "load", About: "send what is planned, once", Online: true,
		Reads: "plan_op final_* bind", Writes: "load_op link conflict before_image load_floor", run: runLoad},
	{Name: "verify", About: "read everything back and compare", Online: true,
		Reads: "Pipedrive, link, final_*", Writes: "seen_record difference kept_value reconcile_* verification v_verified", run: func(ctx context.Context, e *Env) (Result, error) {
			return online(ctx, e, verify.Run)
		}},
	{Name: "cutover", About: "prove that NextCRM stands still, and hand over to Pipedrive", Apart: true,
		Reads: "NextCRM, stg_* gate plan verification", Writes: "cutover_proof cutover_row", run: runCutover},
	{Name: "relink", About: "adopt what another copy of the warehouse made", Online: true, Apart: true,
		Reads: "Pipedrive, final_* bind link load_op", Writes: "link", run: func(ctx context.Context, e *Env) (Result, error) {
			return online(ctx, e, relink.Run)
		}},
	{Name: "rollback", About: "take back what we did to the account", Online: true, Apart: true,
		Reads: "link load_op before_image provisioned", Writes: "load_op link kept_record", run: runRollback},
}

// Lookup finds a stage by name.
func Lookup(name string) (Stage, bool) {
	for _, s := range All {
		if s.Name == name {
			return s, true
		}
	}
	return Stage{}, false
}

// runScope looks anew only when what a provisioning that died has left in doubt
// is settled: afterwards nothing tells its fields from those of others.
func runScope(ctx context.Context, e *Env) (Result, error) {
	return online(ctx, e, func(ctx context.Context, s *target.Session) (Result, error) {
		if err := provision.Settle(ctx, s); err != nil {
			return Result{}, err
		}
		return scope.Run(ctx, s)
	})
}

func runExtract(ctx context.Context, e *Env) (Result, error) {
	src, err := e.source(ctx)
	if err != nil {
		return Result{}, err
	}
	defer src.Close()
	res, err := extract.Run(ctx, e.DB, src, Version, func(object string, rows int64) {
		e.opt.Report(Progress{Stage: "extract", Entity: object, Done: rows})
	})
	if err != nil {
		return res, err
	}
	where := e.opt.Files
	where.Sleep = e.opt.Wait
	files, err := extract.Fetch(ctx, e.DB, src, where, func(done, of int64) {
		e.opt.Report(Progress{Stage: "extract", Entity: "files", Done: done, Total: of})
	})
	res.Counts = append(res.Counts, files.Counts...)
	return res, err
}

func runPlan(ctx context.Context, e *Env) (Result, error) {
	s, err := e.session(ctx)
	if err != nil {
		return Result{}, err
	}
	if err := e.requireTrial(s); err != nil {
		return Result{}, err
	}
	return plan.RunLimited(ctx, s, e.opt.Limit)
}

func runProvision(ctx context.Context, e *Env) (Result, error) {
	if err := e.requireMap(ctx); err != nil {
		return Result{}, err
	}
	// Fields and pipelines are writes too: what is not signed makes none of them.
	if _, err := e.requireSigned(ctx); err != nil {
		return Result{}, err
	}
	if err := e.requireQuiet(ctx); err != nil {
		return Result{}, err
	}
	return online(ctx, e, provision.Run)
}

func runLoad(ctx context.Context, e *Env) (Result, error) {
	if err := e.requireMap(ctx); err != nil {
		return Result{}, err
	}
	if err := e.requirePlan(ctx); err != nil {
		return Result{}, err
	}
	if err := e.requireStructure(ctx); err != nil {
		return Result{}, err
	}
	if err := e.requireQuiet(ctx); err != nil {
		return Result{}, err
	}
	differ, err := e.requireSigned(ctx)
	if err != nil {
		return Result{}, err
	}
	s, err := e.session(ctx)
	if err != nil {
		return Result{}, err
	}
	res, err := load.Run(ctx, s, e.opt.Override)
	if differ > 0 {
		res.Add("not as in the signed rehearsal", differ)
	}
	return res, err
}

func runRollback(ctx context.Context, e *Env) (Result, error) {
	s, err := e.session(ctx)
	if err != nil {
		return Result{}, err
	}
	if err := e.requireConfirmation(s); err != nil {
		return Result{}, err
	}
	if !e.opt.DryRun {
		// What a load in doubt has made has to be known before it can be taken back.
		if err := errors.Join(load.Settle(ctx, s), provision.Settle(ctx, s)); err != nil {
			return Result{}, err
		}
	}
	return rollback.Run(ctx, s, e.opt.Part, e.opt.DryRun)
}
