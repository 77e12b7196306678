package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"nextpipe/stages"
)

// mapFlags gives the map command what people need to work on the map.
func mapFlags(cmd *cli.Command, p *printer) {
	cmd.Flags = append(cmd.Flags,
		&cli.StringFlag{Name: "export", Usage: "write the map as CSV files into `FOLDER`"},
		&cli.StringFlag{Name: "import", Usage: "read changed CSV files from `FOLDER` as decisions (needs --by)"},
		&cli.BoolFlag{Name: "confirm", Usage: "confirm the map as it is (needs --by)"})
	propose := cmd.Action
	cmd.Action = func(c *cli.Context) error {
		if c.String("export") == "" && c.String("import") == "" && !c.Bool("confirm") {
			return propose(c)
		}
		opt, err := options(c, p)
		if err != nil {
			return err
		}
		if c.String("export") == "" && !c.IsSet("by") {
			return fmt.Errorf("%w: a decision needs a name: --by NAME", stages.ErrUsage)
		}
		return withEnv(c.Context, opt, func(e *stages.Env) error { return workOnMap(c, p, e, opt.By) })
	}
}

func workOnMap(c *cli.Context, p *printer, e *stages.Env, by string) error {
	switch {
	case c.String("export") != "":
		p.line("map written to %s", c.String("export"))
		return e.ExportMap(c.Context, c.String("export"))
	case c.String("import") != "":
		n, err := e.ImportMap(c.Context, c.String("import"), by)
		p.line("%d decisions taken over; next: nextpipe run --from map", n)
		return err
	default:
		seal, err := e.ConfirmMap(c.Context, by)
		if err == nil {
			p.line("map %.12s confirmed by %s", seal, by)
		}
		return err
	}
}
