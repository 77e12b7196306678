package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"nextpipe/stages"
	"nextpipe/stages/doctor"
	"nextpipe/stages/report"
)

// newApp is the command line: a command for every stage and a few more.
func newApp(p *printer) *cli.App {
	app := &cli.App{
		Name:                 "nextpipe",
		Usage:                "move a whole company from NextCRM to Pipedrive through one SQLite file",
		Version:              stages.Version,
		Description:          firstMigration + "\n\nExit codes; if several fit, the first of them in this order:\n\n" + exitTable() + "\nWhat to do after one: nextpipe explain --what CODE",
		EnableBashCompletion: true,
		Suggest:              true,
		Writer:               p.stdout,
		ErrWriter:            p.stderr,
		ExitErrHandler:       func(*cli.Context, error) {},
		Action:               noCommand,
		OnUsageError: func(c *cli.Context, err error, _ bool) error {
			return fmt.Errorf("%w: %w%s", stages.ErrUsage, err, whereFlagsStand(c))
		},
	}
	app.Commands = append(app.Commands, runCommand(p), deltaCommand(p))
	for _, s := range stages.All {
		app.Commands = append(app.Commands, stageCommand(p, s))
	}
	app.Commands = append(app.Commands, statusCommand(p), traceCommand(p), reportCommand(p), signoffCommand(p), auditCommand(p), explainCommand(p), sandboxCommand(p), demoCommand(p), completionCommand(p))
	for _, c := range app.Commands {
		c.OnUsageError = app.OnUsageError
	}
	return app
}

// noCommand shows the status, or refuses a command that is none.
func noCommand(c *cli.Context) error {
	name := c.Args().First()
	if name == "" {
		return c.App.Command("status").Run(c, "status")
	}
	hint := ""
	if close := cli.SuggestCommand(c.App.Commands, name); close != "" {
		hint = ". " + close
	}
	return fmt.Errorf("%w: there is no command %q; nextpipe --help lists them%s", stages.ErrUsage, name, hint)
}

// whereFlagsStand explains why a flag before the command is unknown. The app
// itself has none: one that stands before the command would not reach it, and
// --dry-run or --db must never be ignored.
func whereFlagsStand(c *cli.Context) string {
	if c.Command != nil && c.App.Command(c.Command.Name) != nil {
		return fmt.Sprintf(" (nextpipe %s --help lists the flags)", c.Command.Name)
	}
	return "; flags stand behind the command: nextpipe COMMAND --flag"
}

const firstMigration = `  nextpipe demo                                           the whole thing on sample data
  nextpipe run --source ./export --target sandbox --yes   your data, nothing leaves this machine
  nextpipe status                                         where am I, what next

Flags stand behind the command; nextpipe COMMAND --help lists them.`

func exitTable() string {
	var b strings.Builder
	for _, e := range stages.Exits {
		fmt.Fprintf(&b, "  %3d  %s\n", e.Code, e.Meaning)
	}
	return b.String()
}

func stageCommand(p *printer, s stages.Stage) *cli.Command {
	cmd := &cli.Command{Name: s.Name, Usage: s.About, Category: "stages", Flags: shared(),
		Description: fmt.Sprintf("reads   %s\nwrites  %s", s.Reads, s.Writes),
		Action:      func(c *cli.Context) error { return execute(c, p, s.Name, s.Name) }}
	switch s.Name {
	case "map":
		mapFlags(cmd, p)
	case "cutover":
		cutoverFlags(cmd, p)
	case "plan":
		planFlags(cmd, p)
	case "doctor":
		doctorFlags(cmd, p)
	case "rollback":
		cmd.Flags = append(rollbackFlags(), cmd.Flags...)
	}
	return cmd
}

func runCommand(p *printer) *cli.Command {
	return &cli.Command{Name: "run", Usage: "all stages, or a part of them", Flags: append([]cli.Flag{
		&cli.StringFlag{Name: "from", Usage: "first `STAGE`"}, &cli.StringFlag{Name: "to", Usage: "last `STAGE`"},
		&cli.Int64Flag{Name: "limit", DefaultText: "all", Usage: "a trial for rehearsal accounts: load `N` more records of each kind, and what they refer to"}}, shared()...),
		Action: func(c *cli.Context) error {
			names, err := between(c.String("from"), c.String("to"))
			if err != nil {
				return err
			}
			return execute(c, p, "run", names...)
		}}
}

// between lists the stages of a run.
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
		all, _ := between("", "")
		return nil, fmt.Errorf("%w: --from %q --to %q is no part of a run, which goes %s", stages.ErrUsage, from, to, strings.Join(all, " "))
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
		if names = withoutWrites(p, names); len(names) == 0 {
			return nil
		}
	}
	stop, err := localAccount(&opt)
	if err != nil {
		return err
	}
	defer stop()
	return withEnv(c.Context, opt, func(e *stages.Env) error {
		err := e.Execute(c.Context, command, names...)
		if slices.Contains(names, "doctor") && (err == nil || errors.Is(err, doctor.ErrNotReady)) {
			return errors.Join(err, printFindings(c.Context, p, e))
		}
		if !slices.Contains(names, "extract") || err != nil && !errors.Is(err, stages.ErrRejects) {
			return err
		}
		return errors.Join(err, printNotMoved(c.Context, p, e))
	})
}

// printNotMoved says what stays behind and where it is: it must never go unnoticed.
func printNotMoved(ctx context.Context, p *printer, e *stages.Env) error {
	documented, unaccounted, err := e.NotMoved(ctx)
	if err != nil {
		return err
	}
	printCounts(p, "documented", "documented, not moved (nextpipe report --out FOLDER writes it): ", documented)
	printCounts(p, "unaccounted", "in the warehouse, in no crosswalk: ", unaccounted)
	return nil
}

func printCounts(p *printer, kind, about string, counts []report.Count) {
	if len(counts) == 0 {
		return
	}
	var words []string
	for _, c := range counts {
		words = append(words, fmt.Sprintf("%s %d", c.Name, c.N))
	}
	p.line("%s%s", about, strings.Join(words, " · "))
	p.object(kind, counts)
}

// withoutWrites leaves out the stages that write to the account, and verify,
// which has nothing new to read; rollback prices itself instead.
func withoutWrites(p *printer, names []string) []string {
	var keep, drop []string
	for _, n := range names {
		if n == "provision" || n == "load" || n == "verify" {
			drop = append(drop, n)
			continue
		}
		keep = append(keep, n)
	}
	if len(drop) > 0 {
		p.line("dry run: nothing is written to Pipedrive, without %s; nextpipe plan --diff shows what is planned", strings.Join(drop, ", "))
	}
	return keep
}

func withEnv(ctx context.Context, opt stages.Options, fn func(*stages.Env) error) error {
	e, err := stages.Open(ctx, opt)
	if err != nil {
		return err
	}
	defer e.Close()
	return fn(e)
}
