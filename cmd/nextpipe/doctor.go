package main

import (
	"context"

	"github.com/urfave/cli/v2"

	"nextpipe/stages"
)

// printFindings shows what the doctor found, gravest first.
func printFindings(ctx context.Context, p *printer, e *stages.Env) error {
	found, err := e.Findings(ctx)
	for _, f := range found {
		p.row("%-8s %-22s %s: %s", f.Severity, f.Code, f.What, f.Detail)
		p.object("finding", f)
	}
	return err
}

// doctorFlags gives the doctor what it is told besides.
func doctorFlags(cmd *cli.Command, p *printer) {
	cmd.Flags = append([]cli.Flag{
		&cli.StringFlag{Name: "account-plan", Usage: "say which `PLAN` was bought; doctor and forecast go by it"},
		&cli.Int64Flag{Name: "seats", DefaultText: "the active users", Usage: "say how many `SEATS` were bought (with --account-plan)"},
		&cli.BoolFlag{Name: "probe", DisableDefaultText: true, Usage: "make one record of six kinds, read it back and remove it again, to see which times the account takes"},
		&cli.StringFlag{Name: "confirm", Usage: "`DOMAIN` of the production account that may be probed"},
		&cli.BoolFlag{Name: "paused", DisableDefaultText: true, Usage: "say for the record that automations are paused, and that the webhooks found may be called (needs --by)"}}, cmd.Flags...)
	examine := cmd.Action
	cmd.Action = func(c *cli.Context) error {
		if c.Bool("paused") {
			if _, err := required(c, "by"); err != nil {
				return err
			}
		}
		return examine(c)
	}
}
