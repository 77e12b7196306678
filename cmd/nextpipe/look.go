package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"nextpipe/stages"
)

func statusCommand(p *printer) *cli.Command {
	return &cli.Command{Name: "status", Usage: "where the migration stands and what comes next", Flags: shared(),
		Action: func(c *cli.Context) error { return showStatus(c, p) }}
}

// showStatus is also what bare nextpipe prints.
func showStatus(c *cli.Context, p *printer) error {
	opt, err := options(c, p)
	if err != nil {
		return err
	}
	return withEnv(c.Context, opt, func(e *stages.Env) error {
		all, next, err := e.Status(c.Context)
		if err != nil {
			return err
		}
		for _, s := range all {
			p.line("%-10s %-8s %-6s %-24s %8d  %s", s.Stage, s.State, freshness(s.State, s.Fresh), s.Ended, s.Rows, s.Note)
			p.object("status", s)
		}
		if next == "" {
			p.line("everything is fresh; nextpipe trace shows one record's life")
		} else {
			p.line("next: nextpipe %s", next)
		}
		return nil
	})
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
		Flags: append(shared(), &cli.StringFlag{Name: "record", Required: true, Usage: "source `ID`, e-mail, final key, Pipedrive id or URL"}),
		Action: func(c *cli.Context) error {
			opt, err := options(c, p)
			if err != nil {
				return err
			}
			return withEnv(c.Context, opt, func(e *stages.Env) error {
				steps, err := e.Trace(c.Context, c.String("record"))
				if err != nil {
					return err
				}
				if len(steps) == 0 {
					return fmt.Errorf("%w: no record answers to %q", stages.ErrUsage, c.String("record"))
				}
				for _, s := range steps {
					p.line("%-11s %-40s %s", s.Layer, s.Where, s.What)
					p.object("step", s)
				}
				return nil
			})
		}}
}

func signoffCommand(p *printer) *cli.Command {
	return &cli.Command{Name: "signoff", Usage: "accept the rehearsal that was verified last",
		Flags: append(shared(), &cli.StringFlag{Name: "note", Usage: "what was looked at"}),
		Action: func(c *cli.Context) error {
			opt, err := options(c, p)
			if err != nil {
				return err
			}
			if !c.IsSet("by") {
				return fmt.Errorf("%w: a sign-off needs a name: --by NAME", stages.ErrUsage)
			}
			return withEnv(c.Context, opt, func(e *stages.Env) error {
				if err := e.Signoff(c.Context, opt.By, c.String("note")); err != nil {
					return err
				}
				p.line("signed by %s", opt.By)
				return nil
			})
		}}
}

func explainCommand(p *printer) *cli.Command {
	return &cli.Command{Name: "explain", Usage: "what a table, a rule code or an exit code means",
		Flags: append(shared(), &cli.StringFlag{Name: "what", Required: true, Usage: "`NAME` of a table, a rule or an exit code"}),
		Action: func(c *cli.Context) error {
			opt, err := options(c, p)
			if err != nil {
				return err
			}
			return withEnv(c.Context, opt, func(e *stages.Env) error {
				lines, err := e.Explain(c.Context, c.String("what"))
				if err != nil {
					return err
				}
				for _, l := range lines {
					p.line("%s", l)
					p.object("explain", l)
				}
				return nil
			})
		}}
}

// reportRows is how many rows of a report the terminal shows.
const reportRows = 12

func reportCommand(p *printer) *cli.Command {
	return &cli.Command{Name: "report", Usage: "scope, cleaning, merges, review and what was left out",
		Flags: append(shared(), &cli.StringFlag{Name: "out", Usage: "write every report as CSV into `FOLDER`"}),
		Action: func(c *cli.Context) error {
			opt, err := options(c, p)
			if err != nil {
				return err
			}
			return withEnv(c.Context, opt, func(e *stages.Env) error {
				tables, files, err := e.Reports(c.Context, c.String("out"))
				if err != nil {
					return err
				}
				for _, t := range tables {
					p.table(t.Name+": "+t.About, t.Columns, t.Rows, reportRows)
					p.object("report", t)
				}
				for _, f := range files {
					p.line("written %s", f)
				}
				return nil
			})
		}}
}
