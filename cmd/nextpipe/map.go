package main

import (
	"github.com/urfave/cli/v2"

	"nextpipe/stages"
)

// mapFlags gives the map command what people need to work on the map.
func mapFlags(cmd *cli.Command, p *printer) {
	cmd.Flags = append([]cli.Flag{
		&cli.StringFlag{Name: "export", Usage: "write the map as CSV files into `FOLDER`"},
		&cli.StringFlag{Name: "import", Usage: "read changed CSV files from `FOLDER` as decisions (needs --by)"},
		&cli.BoolFlag{Name: "confirm", DisableDefaultText: true, Usage: "confirm the map as it is (needs --by)"}}, cmd.Flags...)
	propose := cmd.Action
	cmd.Action = func(c *cli.Context) error {
		switch {
		case c.String("export") != "":
			return exportMap(c, p)
		case c.String("import") != "":
			return importMap(c, p)
		case c.Bool("confirm"):
			return confirmMap(c, p)
		default:
			return propose(c)
		}
	}
}

func exportMap(c *cli.Context, p *printer) error {
	return look(c, p, func(e *stages.Env, _ stages.Options) error {
		if err := e.ExportMap(c.Context, c.String("export")); err != nil {
			return err
		}
		p.line("map written to %[1]s; edit it, then: nextpipe map --import %[1]s --by NAME", c.String("export"))
		return nil
	})
}

func importMap(c *cli.Context, p *printer) error {
	by, err := required(c, "by")
	if err != nil {
		return err
	}
	return look(c, p, func(e *stages.Env, _ stages.Options) error {
		n, err := e.ImportMap(c.Context, c.String("import"), by)
		if err != nil {
			return err
		}
		p.line("changed cells taken over as decisions: %d; next: nextpipe run --from map", n)
		return nil
	})
}

func confirmMap(c *cli.Context, p *printer) error {
	by, err := required(c, "by")
	if err != nil {
		return err
	}
	return look(c, p, func(e *stages.Env, _ stages.Options) error {
		seal, err := e.ConfirmMap(c.Context, by)
		if err != nil {
			return err
		}
		p.line("map %.12s confirmed by %s", seal, by)
		return nil
	})
}
