package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"nextpipe/stages"
	"nextpipe/stages/report"
)

// look opens a warehouse that has to be there: a typing error in --db must not
// make an empty one.
func look(c *cli.Context, p *printer, fn func(*stages.Env, stages.Options) error) error {
	opt, err := options(c, p)
	if err != nil {
		return err
	}
	opt.Existing = true
	return withEnv(c.Context, opt, func(e *stages.Env) error { return fn(e, opt) })
}

// required is the value of a flag that its command cannot do without.
func required(c *cli.Context, flag string) (string, error) {
	if v := strings.TrimSpace(c.String(flag)); v != "" {
		return v, nil
	}
	return "", fmt.Errorf("%w: %s needs --%s", stages.ErrUsage, c.Command.Name, flag)
}

func statusCommand(p *printer) *cli.Command {
	return &cli.Command{Name: "status", Usage: "where the migration stands and what comes next", Flags: shared(),
		Action: func(c *cli.Context) error {
			return look(c, p, func(e *stages.Env, opt stages.Options) error { return showStatus(c, p, e, opt.DB) })
		}}
}

func showStatus(c *cli.Context, p *printer, e *stages.Env, db string) error {
	all, next, err := e.Status(c.Context)
	if err != nil {
		return err
	}
	accounts, err := e.Accounts(c.Context)
	if err != nil {
		return err
	}
	p.line("warehouse %s", db)
	for _, a := range accounts {
		p.row("account   %s", a)
		p.object("account", a)
	}
	if err := errors.Join(showEach(c, p, "blocked", e.Blocks), showEach(c, p, "delta", e.Deltas), showEach(c, p, "cutover", e.Handovers)); err != nil {
		return err
	}
	p.line("\n%-10s %-8s %-6s %-20s %8s  %-16s %s", "stage", "state", "", "last run", "rows", "account", "outcome")
	for _, s := range all {
		p.row("%s", statusLine(s))
		p.object("status", s)
	}
	p.object("next", next)
	if next == "" {
		p.line("\neverything is fresh; `nextpipe trace --record ID` tells one record's life")
	} else {
		p.line("\nnext: nextpipe %s", next)
	}
	return nil
}

// showEach prints what status knows besides the stages, a line each.
func showEach[T fmt.Stringer](c *cli.Context, p *printer, name string, list func(context.Context) ([]T, error)) error {
	all, err := list(c.Context)
	for _, one := range all {
		p.line("%-9s %s", name, one)
		p.object(name, one)
	}
	return err
}

func statusLine(s report.StageStatus) string {
	ended, _, _ := strings.Cut(s.Ended, ".")
	return strings.TrimRight(fmt.Sprintf("%-10s %-8s %-6s %-20s %8d  %-16s %s", s.Stage, s.State, freshness(s.State, s.Fresh),
		strings.Replace(ended, "T", " ", 1), s.Rows, s.Target, strings.Join(strings.Fields(s.Note), " ")), " ")
}

func freshness(state string, fresh bool) string {
	switch {
	case state == "never":
		return "–"
	case fresh:
		return "fresh"
	default:
		return "stale"
	}
}

func traceCommand(p *printer) *cli.Command {
	return &cli.Command{Name: "trace", Usage: "one record's life, from source row to Pipedrive",
		Flags: append([]cli.Flag{&cli.StringFlag{Name: "record", Usage: "source `ID`, e-mail, final key, Pipedrive id or URL (required)"}}, shared()...),
		Action: func(c *cli.Context) error {
			record, err := required(c, "record")
			if err != nil {
				return err
			}
			return look(c, p, func(e *stages.Env, _ stages.Options) error { return trace(c, p, e, record) })
		}}
}

func trace(c *cli.Context, p *printer, e *stages.Env, record string) error {
	steps, err := e.Trace(c.Context, record)
	if err != nil {
		return err
	}
	if len(steps) == 0 {
		return fmt.Errorf("%w: no record answers to %q", stages.ErrUsage, record)
	}
	for _, s := range steps {
		p.row("%-11s %-40s %s", s.Layer, s.Where, s.What)
		p.object("step", s)
	}
	return nil
}

func signoffCommand(p *printer) *cli.Command {
	return &cli.Command{Name: "signoff", Usage: "accept the rehearsal that was verified last (needs --by)",
		Flags: append([]cli.Flag{&cli.StringFlag{Name: "note", Usage: "what was looked at"}}, shared()...),
		Action: func(c *cli.Context) error {
			by, err := required(c, "by")
			if err != nil {
				return err
			}
			return look(c, p, func(e *stages.Env, _ stages.Options) error {
				if err := e.Signoff(c.Context, by, c.String("note")); err != nil {
					return err
				}
				p.line("signed by %s", by)
				return nil
			})
		}}
}

func explainCommand(p *printer) *cli.Command {
	return &cli.Command{Name: "explain", Usage: "what a table, a code of a finding or an exit code means",
		Flags: append([]cli.Flag{&cli.StringFlag{Name: "what", Usage: "`NAME` of a table, a rule, a finding of the doctor or an exit code (required)"}}, shared()...),
		Action: func(c *cli.Context) error {
			what, err := required(c, "what")
			if err != nil {
				return err
			}
			return explain(c, p, what)
		}}
}

// explain does without a warehouse of the user's if need be; only the rules of
// findings are told by the warehouse that has some.
func explain(c *cli.Context, p *printer, what string) error {
	opt, err := options(c, p)
	if err != nil {
		return err
	}
	if _, err := os.Stat(opt.DB); errors.Is(err, os.ErrNotExist) {
		dir, err := os.MkdirTemp("", "nextpipe-explain")
		if err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(dir) }()
		opt.DB = filepath.Join(dir, "empty.db")
	}
	return withEnv(c.Context, opt, func(e *stages.Env) error {
		lines, err := e.Explain(c.Context, what)
		for _, l := range lines {
			p.row("%s", l)
			p.object("explain", l)
		}
		return err
	})
}

// reportRows is how many rows of a report the terminal shows.
const reportRows = 12

func reportCommand(p *printer) *cli.Command {
	return &cli.Command{Name: "report", Usage: "scope, cleaning, merges, review and what was left out",
		Flags: append([]cli.Flag{&cli.StringFlag{Name: "out", Usage: "write every report as CSV into `FOLDER`"}}, shared()...),
		Action: func(c *cli.Context) error {
			return look(c, p, func(e *stages.Env, _ stages.Options) error { return showReports(c, p, e) })
		}}
}

func showReports(c *cli.Context, p *printer, e *stages.Env) error {
	tables, files, err := e.Reports(c.Context, c.String("out"))
	if err != nil {
		return err
	}
	for _, t := range tables {
		if c.String("out") == "" {
			p.table(t.Name+": "+t.About, t.Columns, t.Rows, reportRows)
		}
		p.object("report", t)
	}
	for _, f := range files {
		p.line("written %s", f)
	}
	return nil
}
