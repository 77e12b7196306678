package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"nextpipe/stages"
	"nextpipe/stages/report"
)

// planFlags lets plan show what a person can approve.
func planFlags(cmd *cli.Command, p *printer) {
	cmd.Flags = append([]cli.Flag{
		&cli.BoolFlag{Name: "diff", DisableDefaultText: true, Usage: "show what would happen: counts, samples field by field, price and days, what is not kept"},
		&cli.IntFlag{Name: "samples", Value: 5, Usage: "with --diff: how many `N` of each kind and action"},
		&cli.StringFlag{Name: "only", Usage: "with --diff: one kind of records, `ENTITY`"}}, cmd.Flags...)
	plan := cmd.Action
	cmd.Action = func(c *cli.Context) error {
		opt := report.PlanOptions{Samples: c.Int("samples"), Only: c.String("only")}
		if !c.Bool("diff") && (c.IsSet("samples") || c.IsSet("only")) {
			return fmt.Errorf("%w: --samples and --only go with --diff", stages.ErrUsage)
		}
		if opt.Samples < 0 {
			return fmt.Errorf("%w: --samples takes a number from 0, not %d", stages.ErrUsage, opt.Samples)
		}
		err := plan(c)
		if !c.Bool("diff") || err != nil && !errors.Is(err, stages.ErrRejects) {
			return err
		}
		return errors.Join(err, look(c, p, func(e *stages.Env, _ stages.Options) error { return showPlan(c, p, e, opt) }))
	}
}

func showPlan(c *cli.Context, p *printer, e *stages.Env, opt report.PlanOptions) error {
	plan, err := e.Plan(c.Context, opt)
	if err != nil {
		return err
	}
	p.planEntities(plan.Entities)
	for i, s := range plan.Samples {
		if i == 0 || s.Entity != plan.Samples[i-1].Entity || s.Action != plan.Samples[i-1].Action {
			p.line("\n%s, %s:", s.Entity, s.Action)
		}
		p.planSample(s)
		p.object("plan_sample", s)
	}
	p.planTotal(plan)
	if len(plan.Losses) > 0 {
		p.line("\nwhat does not arrive as it was:")
	}
	for _, l := range plan.Losses {
		p.line("  %-42s %7d  %s", short(l.What), l.N, l.Where)
		p.object("plan_not_kept", l)
	}
	return nil
}

// planEntities prints a line for each kind of records.
func (p *printer) planEntities(all []report.PlanEntity) {
	p.line("\n%-22s %9s %9s  %s", "kind", "tokens", "requests", "what happens")
	for _, e := range all {
		words := make([]string, len(e.Actions))
		for i, a := range e.Actions {
			words[i] = fmt.Sprintf("%s %d", a.Name, a.N)
		}
		p.line("%-22s %9d %9d  %s", e.Entity, e.Tokens, e.Requests, strings.Join(words, " · "))
		p.object("plan_entity", e)
	}
}

// fieldsShown bounds what is shown of a new record on the terminal.
const fieldsShown = 8

func (p *printer) planSample(s report.PlanSample) {
	head := fmt.Sprintf("  %s (%s", short(s.Name), s.Key)
	if s.PipedriveID != "" {
		head += ", Pipedrive " + s.PipedriveID
	}
	head += ")"
	if s.Reason != "" {
		head += ": " + strings.Join(strings.Fields(s.Reason), " ")
	}
	p.line("%s", head)
	for i, f := range s.Fields {
		if s.Action == "create" && i == fieldsShown {
			p.line("      … %d more", len(s.Fields)-i)
			return
		}
		p.planField(s.Action, f)
	}
}

func (p *printer) planField(action string, f report.PlanField) {
	what := short(f.After)
	if action == "update" {
		what = orBlank(short(f.Before)) + " → " + orBlank(what)
	}
	if f.Note != "" {
		what += "   (" + f.Note + ")"
	}
	p.line("      %-24s %s", short(f.Field), what)
}

func (p *printer) planTotal(plan report.Plan) {
	t := plan.Total
	p.line("\n%s: %d tokens (no run can do with less than %d), about %d requests", t.Account, t.Tokens, t.Floor, t.Requests)
	if t.Days > 0 {
		p.line("  %d minutes of sending at the burst limit, %s, done on %s", t.Minutes, days(t.Days), t.Finish)
		if t.Days > 1 {
			p.line("  a top-up of %d tokens saves %s; one seat more: %s", t.TopUp, days(t.Days-1), days(t.SeatMore))
		}
	} else if t.Tokens > 0 {
		p.line("  how long it takes is not known: the account's answers do not say what a day may take")
	}
	p.object("plan_total", t)
	for _, f := range plan.Forecasts {
		text := fmt.Sprintf("  on %-9s with %d seats: %s, %d minutes of sending", f.Plan, f.Seats, days(f.Days), f.Minutes)
		if f.TopUp > 0 {
			text += fmt.Sprintf("; a top-up of %d tokens saves %s", f.TopUp, days(f.Days-1))
		}
		p.line("%s", text)
		p.object("plan_forecast", f)
	}
}

func days(n int64) string {
	if n == 1 {
		return "1 day"
	}
	return fmt.Sprintf("%d days", n)
}
