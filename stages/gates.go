package stages

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"nextpipe/stages/build"
	"nextpipe/stages/internal/target"
	"nextpipe/stages/internal/warehouse"
	"nextpipe/stages/load"
	"nextpipe/stages/mapping"
	"nextpipe/stages/plan"
	"nextpipe/stages/scope"
)

// requireSource keeps stages from working on nothing and calling it done.
func (e *Env) requireSource(ctx context.Context, name string) error {
	if name == "scope" || name == "doctor" || name == "extract" || name == "rollback" {
		return nil
	}
	var n int
	err := e.DB.Read().QueryRowContext(ctx, "SELECT count(*) FROM setup").Scan(&n)
	if err == nil && n == 0 {
		return fmt.Errorf("%w: the warehouse holds nothing of NextCRM yet: `nextpipe extract --source …` comes before %s", ErrUsage, name)
	}
	return err
}

// requireConfirmation keeps a slip of the hand from emptying a company.
func (e *Env) requireConfirmation(s *target.Session) error {
	if s.Role != target.Production || e.opt.DryRun || e.opt.Confirm == s.Me.CompanyDomain {
		return nil
	}
	return fmt.Errorf("%w: rollback deletes from the production account %[2]s: look at --dry-run first, then say --confirm %[2]s", load.ErrGate, s.Me.CompanyDomain)
}

// requireTrial keeps half a company out of production: a limit is for trying
// things out on a rehearsal account.
func (e *Env) requireTrial(s *target.Session) error {
	if e.opt.Limit == 0 || s.Role == target.Rehearsal {
		return nil
	}
	return fmt.Errorf("%w: --limit is for trials, and %s is production: use a rehearsal account, or leave it out", load.ErrGate, s.Me.CompanyDomain)
}

// refuseTrial keeps a load that a limit has cut short from being signed.
func (e *Env) refuseTrial(ctx context.Context, targetID int64) error {
	var n int64
	err := e.DB.Read().QueryRowContext(ctx, `SELECT count(*) FROM plan AS c JOIN plan_op AS p ON p.plan_id = c.plan_id
		WHERE c.target_id = ? AND c.is_current = 1 AND p.action = 'blocked' AND p.reason LIKE ? || '%'`, targetID, plan.LeftOut).Scan(&n)
	if err == nil && n > 0 {
		err = fmt.Errorf("%w: %d records were %s: a trial cannot be signed, run without --limit first", load.ErrGate, n, plan.LeftOut)
	}
	return err
}

// requireChecks keeps final records with failed checks from being loaded.
func (e *Env) requireChecks(ctx context.Context) error {
	var n int
	err := e.DB.Read().QueryRowContext(ctx, "SELECT count(*) FROM final_check WHERE severity = 'error' AND failures > 0").Scan(&n)
	if err == nil && n > 0 {
		return fmt.Errorf("%w: %d, see final_check; correct the map or the values, then `nextpipe run --from map`", build.ErrChecks, n)
	}
	return err
}

// requirePlan keeps a plan from being carried out that was made of other
// final records than there are now.
func (e *Env) requirePlan(ctx context.Context) error {
	s, err := e.session(ctx)
	if err != nil {
		return err
	}
	var sealed string
	err = e.DB.Read().QueryRowContext(ctx, "SELECT seal FROM plan WHERE target_id = ? AND is_current = 1", s.ID).Scan(&sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("%w: there is no plan for this account yet: run `nextpipe plan`", load.ErrGate)
	}
	if err != nil {
		return err
	}
	now, err := plan.Seal(ctx, e.DB)
	if err == nil && now != sealed {
		return fmt.Errorf("%w: the final records have changed since the plan was made: run `nextpipe plan` again", warehouse.ErrDrift)
	}
	return err
}

// requireStructure keeps a plan from being carried out in an account that is
// not as it was when the plan was made. A run that has just looked need not look
// again.
func (e *Env) requireStructure(ctx context.Context) error {
	s, err := e.session(ctx)
	if err != nil {
		return err
	}
	var looked bool
	err = e.DB.Read().QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM stage_run WHERE run_id = ? AND stage = 'scope' AND state = 'done')", e.run.ID).Scan(&looked)
	if err != nil || looked {
		return err
	}
	return scope.Drift(ctx, s)
}

// requireMap keeps an unconfirmed map from being carried out. For a rehearsal
// --yes accepts the proposal; for production a named person has to.
func (e *Env) requireMap(ctx context.Context) error {
	s, err := e.session(ctx)
	if err != nil {
		return err
	}
	if err := e.requireChecks(ctx); err != nil {
		return err
	}
	seal, err := mapping.Seal(ctx, e.DB)
	if err != nil {
		return err
	}
	var confirmed int
	err = e.DB.Read().QueryRowContext(ctx, "SELECT count(*) FROM gate WHERE seal = ? AND is_open = 1 AND (name = 'map_confirmed' OR name = 'map_confirmed_for_rehearsal' AND target_id = ?)", seal, s.ID).Scan(&confirmed)
	if err != nil || confirmed > 0 {
		return err
	}
	if s.Role == target.Rehearsal && e.opt.Yes {
		return e.DB.Write(ctx, func(tx *sql.Tx) error {
			return e.DB.Decide(tx, warehouse.Decision{Gate: "map_confirmed_for_rehearsal", TargetID: s.ID, Seal: seal, By: e.opt.By, Reason: "--yes"})
		})
	}
	return fmt.Errorf("%w: nobody has confirmed this map: look at the map_* tables, then `nextpipe map --confirm --by NAME`%s",
		load.ErrGate, map[bool]string{true: ", or --yes for this rehearsal account"}[s.Role == target.Rehearsal])
}
