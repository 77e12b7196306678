package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"nextpipe/stages"
)

// newApp is the command line: a command for every stage and a few more.
func newApp(p *printer) *cli.App {
	app := &cli.App{
		Name:                 "nextpipe",
		Usage:                "move a whole company from NextCRM to Pipedrive through one SQLite file",
		Version:              stages.Version,
		Description:          "A first migration:\n\n" + firstMigration + "\n\nExit codes:\n\n" + exitTable(),
		EnableBashCompletion: true,
		Suggest:              true,
		Writer:               p.stdout,
		ErrWriter:            p.stderr,
		ExitErrHandler:       func(*cli.Context, error) {},
		Flags:                shared(),
		Action:               func(c *cli.Context) error { return showStatus(c, p) },
		OnUsageError: func(_ *cli.Context, err error, _ bool) error {
			return fmt.Errorf("%w: %w", stages.ErrUsage, err)
		},
	}
	app.Commands = append(app.Commands, runCommand(p))
	for _, s := range stages.All {
		app.Commands = append(app.Commands, stageCommand(p, s))
	}
	app.Commands = append(app.Commands, statusCommand(p), traceCommand(p), reportCommand(p), signoffCommand(p), explainCommand(p), sandboxCommand(p), demoCommand(p))
	for _, c := range app.Commands {
		c.OnUsageError = app.OnUsageError
	}
	return app
}

const firstMigration = `  nextpipe run --source ./export --target sandbox --yes     try it, nothing leaves this machine
  nextpipe status                                            where am I, what next`

func exitTable() string {
	var b strings.Builder
	fmt.Fprintf(&b, "  %3d  %s\n  %3d  %s\n", 0, "ok", 1, "unexpected")
	for _, e := range stages.Exits {
		fmt.Fprintf(&b, "  %3d  %s\n", e.Code, e.Meaning)
	}
	return b.String()
}

func stageCommand(p *printer, s stages.Stage) *cli.Command {
	cmd := &cli.Command{Name: s.Name, Usage: s.About, Category: "stages", Flags: shared(),
		Description: fmt.Sprintf("reads   %s\nwrites  %s", s.Reads, s.Writes),
		Action:      func(c *cli.Context) error { return execute(c, p, s.Name, s.Name) }}
	if s.Name == "map" {
		mapFlags(cmd, p)
	}
	return cmd
}

func runCommand(p *printer) *cli.Command {
	return &cli.Command{Name: "run", Usage: "all stages, or a part of them", Flags: append(shared(),
		&cli.StringFlag{Name: "from", Usage: "first `STAGE`"}, &cli.StringFlag{Name: "to", Usage: "last `STAGE`"}),
		Action: func(c *cli.Context) error {
			names, err := between(c.String("from"), c.String("to"))
			if err != nil {
				return err
			}
			return execute(c, p, "run", names...)
		}}
}

// between lists the stages of a run. A dry run ends before anything is written to the account.
func between(from, to string) ([]string, error) {
	var names []string
	on := from == ""
	for _, s := range stages.All {
		on = on || s.Name == from
		if on && !s.Apart {
			names = append(names, s.Name)
		}
		if s.Name == to {
			break
		}
	}
	if len(names) == 0 || to != "" && names[len(names)-1] != to {
		return nil, fmt.Errorf("%w: --from %q --to %q is no part of a run", stages.ErrUsage, from, to)
	}
	return names, nil
}

// execute opens the warehouse, and the local account if that is the target,
// and runs stages.
func execute(c *cli.Context, p *printer, command string, names ...string) error {
	opt, err := options(c, p)
	if err != nil {
		return err
	}
	if opt.DryRun {
		names = withoutWrites(names)
	}
	stop, err := localAccount(&opt)
	if err != nil {
		return err
	}
	defer stop()
	return withEnv(c.Context, opt, func(e *stages.Env) error {
		err := e.Execute(c.Context, command, names...)
		if !slices.Contains(names, "extract") {
			return err
		}
		return errors.Join(err, printNotMoved(c.Context, p, e))
	})
}

// printNotMoved says what stays behind: it must never go unnoticed.
func printNotMoved(ctx context.Context, p *printer, e *stages.Env) error {
	counts, err := e.NotMoved(ctx)
	if err != nil || len(counts) == 0 {
		return err
	}
	var words []string
	for _, c := range counts {
		words = append(words, fmt.Sprintf("%s %d", c.Name, c.N))
	}
	p.line("in the warehouse, not moved to Pipedrive yet: %s", strings.Join(words, " · "))
	p.object("not_moved", counts)
	return nil
}

// withoutWrites leaves out the stages that write to the account; rollback
// prices itself instead.
func withoutWrites(names []string) []string {
	var out []string
	for _, n := range names {
		if n != "provision" && n != "load" && n != "verify" {
			out = append(out, n)
		}
	}
	return out
}

func withEnv(ctx context.Context, opt stages.Options, fn func(*stages.Env) error) error {
	e, err := stages.Open(ctx, opt)
	if err != nil {
		return err
	}
	defer e.Close()
	return fn(e)
}
