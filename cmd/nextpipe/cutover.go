package main

import (
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"nextpipe/stages"
	"nextpipe/stages/cutover"
)

// cutoverFlags gives the cutover command its steps. Without any it shows where
// the cutover stands.
func cutoverFlags(cmd *cli.Command, p *printer) {
	cmd.Flags = append([]cli.Flag{
		&cli.BoolFlag{Name: "freeze", DisableDefaultText: true, Usage: "declare that from now on nobody writes to NextCRM (needs --by)"},
		&cli.BoolFlag{Name: "prove", DisableDefaultText: true, Usage: "read NextCRM again and name every row that is not as it was extracted or was written after the freeze"},
		&cli.BoolFlag{Name: "sign", DisableDefaultText: true, Usage: "read NextCRM once more and declare Pipedrive the system of record (needs --by)"},
		&cli.StringFlag{Name: "accept", Usage: "sign although records were left out, or stamps are late: `REASON`"},
		&cli.BoolFlag{Name: "reopen", DisableDefaultText: true, Usage: "take signature and freeze back (needs --by and --reason)"},
		&cli.StringFlag{Name: "reason", Usage: "why it is reopened: `TEXT`"}}, cmd.Flags...)
	prove := cmd.Action
	cmd.Action = func(c *cli.Context) error {
		if err := oneStep(c); err != nil {
			return err
		}
		switch {
		case c.Bool("freeze"):
			return cutoverStep(c, p, func(e *stages.Env, by string) error { return e.Freeze(c.Context, by) })
		case c.Bool("sign"):
			return cutoverStep(c, p, func(e *stages.Env, by string) error {
				_, err := e.SignCutover(c.Context, by, c.String("accept"))
				return err
			})
		case c.Bool("reopen"):
			reason, err := required(c, "reason")
			if err != nil {
				return err
			}
			return cutoverStep(c, p, func(e *stages.Env, by string) error { return e.ReopenCutover(c.Context, by, reason) })
		case c.Bool("prove"):
			err := prove(c)
			return errors.Join(err, showCutover(c, p))
		default:
			return showCutover(c, p)
		}
	}
}

// oneStep refuses what would be left undone in silence: a second step beside the
// first, and a reason for something else.
func oneStep(c *cli.Context) error {
	steps := 0
	for _, name := range []string{"freeze", "prove", "sign", "reopen"} {
		if c.Bool(name) {
			steps++
		}
	}
	switch {
	case steps > 1:
		return fmt.Errorf("%w: one step at a time: --freeze, --prove, --sign or --reopen", stages.ErrUsage)
	case c.IsSet("accept") && !c.Bool("sign"):
		return fmt.Errorf("%w: --accept goes with --sign", stages.ErrUsage)
	case c.IsSet("reason") && !c.Bool("reopen"):
		return fmt.Errorf("%w: --reason goes with --reopen", stages.ErrUsage)
	}
	return nil
}

// cutoverStep does what a named person has decided, and shows where that leads.
func cutoverStep(c *cli.Context, p *printer, step func(*stages.Env, string) error) error {
	by, err := required(c, "by")
	if err != nil {
		return err
	}
	return look(c, p, func(e *stages.Env, _ stages.Options) error {
		if err := step(e, by); err != nil {
			return err
		}
		return printCutover(c, p, e)
	})
}

func showCutover(c *cli.Context, p *printer) error {
	return look(c, p, func(e *stages.Env, _ stages.Options) error { return printCutover(c, p, e) })
}

func printCutover(c *cli.Context, p *printer, e *stages.Env) error {
	s, err := e.Cutover(c.Context)
	if err != nil {
		return err
	}
	p.object("cutover", s)
	p.line("cutover of %s", s)
	next := "nextpipe cutover --sign --by NAME"
	for _, g := range s.Gates {
		mark := "✓"
		if !g.Open {
			mark = "✗"
		}
		p.row("%s %-18s %s", mark, g.Name, g.Detail)
	}
	if open := firstClosed(s); open != "" {
		next = open
	}
	if s.SignedAt != "" {
		next = "nextpipe delta --report-only, in the weeks to come"
	}
	p.line("\nnext: %s", next)
	return nil
}

func firstClosed(s cutover.State) string {
	for _, g := range s.Gates {
		if !g.Open {
			return g.Next
		}
	}
	return ""
}
