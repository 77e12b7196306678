package stages

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"nextpipe/stages/cutover"
	"nextpipe/stages/doctor"
	"nextpipe/stages/internal/target"
	"nextpipe/stages/internal/warehouse"
	"nextpipe/stages/load"
)

// runDoctor examines the account. When a person says at the same time that all
// that would act on imported records is paused, that is recorded together with
// what was found: a webhook that comes later was not meant.
func runDoctor(ctx context.Context, e *Env) (Result, error) {
	s, err := e.session(ctx)
	if err != nil {
		return Result{}, err
	}
	if err := e.recordContract(ctx, s); err != nil {
		return Result{}, err
	}
	if err := e.probe(ctx, s); err != nil {
		return Result{}, err
	}
	res, err := doctor.Run(ctx, s)
	if !e.opt.Paused || err != nil && !errors.Is(err, doctor.ErrNotReady) {
		return res, err
	}
	return res, errors.Join(err, e.recordPaused(ctx, s))
}

// recordContract keeps what a person says of plan and seats.
func (e *Env) recordContract(ctx context.Context, s *target.Session) error {
	plan := strings.ToLower(e.opt.AccountPlan)
	switch {
	case plan == "" && e.opt.Seats == 0:
		return nil
	case !doctor.IsPlan(plan) || e.opt.Seats < 1:
		return fmt.Errorf("%w: --account-plan takes one of Pipedrive's plans, such as growth, and --seats the number bought; both together", ErrUsage)
	}
	return e.DB.Write(ctx, func(tx *sql.Tx) error {
		return e.DB.Decide(tx, warehouse.Decision{Gate: "plan_confirmed", TargetID: s.ID, Seal: fmt.Sprintf("%s/%d", plan, e.opt.Seats),
			By: e.opt.By, Reason: "--account-plan and --seats"})
	})
}

// probe makes and removes a few records, when that was asked for: in a company
// that people work in only with its name.
func (e *Env) probe(ctx context.Context, s *target.Session) error {
	switch {
	case !e.opt.Probe:
		return nil
	case e.opt.DryRun:
		return fmt.Errorf("%w: a probe writes to Pipedrive: say --probe or --dry-run", ErrUsage)
	case s.Role == target.Production && e.opt.Confirm != s.Me.CompanyDomain:
		return fmt.Errorf("%w: a probe makes records in the production account %[2]s and removes them again, and webhooks and automations would see them: say --confirm %[2]s",
			load.ErrGate, s.Me.CompanyDomain)
	}
	if err := cutover.Refuse(ctx, e.DB, s.ID); err != nil {
		return err
	}
	return doctor.Probe(ctx, s)
}

func (e *Env) recordPaused(ctx context.Context, s *target.Session) error {
	calls, seal, err := e.webhooks(ctx, s.ID)
	if err != nil {
		return err
	}
	reason := "automations, the API shows no webhook"
	if len(calls) > 0 {
		reason = "automations and webhooks: " + strings.Join(calls, ", ")
	}
	return e.DB.Write(ctx, func(tx *sql.Tx) error {
		return e.DB.Decide(tx, warehouse.Decision{Gate: "paused", TargetID: s.ID, Seal: seal, By: e.opt.By, Reason: reason})
	})
}

// webhooks are those that imported records would set off, as the doctor found
// them last, and a seal over them.
func (e *Env) webhooks(ctx context.Context, targetID int64) (calls []string, seal string, err error) {
	found, err := doctor.Findings(ctx, e.DB, targetID)
	if err != nil {
		return nil, "", err
	}
	for _, f := range found {
		if f.Code == doctor.WebhookFires {
			calls = append(calls, f.What)
		}
	}
	return calls, fmt.Sprintf("%x", sha256.Sum256([]byte(strings.Join(calls, "\n")))), nil
}

// requireQuiet keeps the account closed while something on either side would
// act on its own: campaigns of NextCRM, webhooks of the account.
func (e *Env) requireQuiet(ctx context.Context) error {
	if err := e.requireQuietCampaigns(ctx); err != nil {
		return err
	}
	return e.requirePaused(ctx)
}

// requirePaused keeps a production load from calling other systems a thousand
// times: mails sent, invoices made, records written back while we load.
func (e *Env) requirePaused(ctx context.Context) error {
	s, err := e.session(ctx)
	if err != nil || s.Role != target.Production {
		return err
	}
	calls, seal, err := e.webhooks(ctx, s.ID)
	if err != nil {
		return err
	}
	if len(calls) == 0 {
		return e.requireDoctor(ctx, s)
	}
	var said int
	err = e.DB.Read().QueryRowContext(ctx, "SELECT count(*) FROM gate WHERE name = 'paused' AND target_id = ? AND seal = ? AND is_open = 1", s.ID, seal).Scan(&said)
	if err != nil || said > 0 {
		return err
	}
	return fmt.Errorf("%w: imported records would call %s: delete or silence these webhooks, then `nextpipe doctor` if they are gone, or `nextpipe doctor --paused --by NAME` if they may be called",
		load.ErrGate, strings.Join(calls, ", "))
}

// requireDoctor keeps production shut while nobody has looked for webhooks: none
// found is something else than none looked for.
func (e *Env) requireDoctor(ctx context.Context, s *target.Session) error {
	var looked bool
	err := e.DB.Read().QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM stage_run WHERE stage = 'doctor' AND target_id = ? AND state <> 'running')", s.ID).Scan(&looked)
	if err != nil || looked {
		return err
	}
	return fmt.Errorf("%w: nobody has looked yet whether webhooks of %s would fire: run `nextpipe doctor`", load.ErrGate, s.Me.CompanyDomain)
}
