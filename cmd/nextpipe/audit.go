package main

import (
	"github.com/urfave/cli/v2"

	"nextpipe/stages"
)

// auditCommand makes a copy of the warehouse that can be handed out.
func auditCommand(p *printer) *cli.Command {
	return &cli.Command{Name: "export-audit", Usage: "a copy of the warehouse for auditors, without what is personal", Flags: append([]cli.Flag{
		&cli.StringFlag{Name: "out", Usage: "the new `FILE`; its manifest gets the ending .manifest.json (required)"},
		&cli.BoolFlag{Name: "full", DisableDefaultText: true, Usage: "leave everything in: names, addresses, texts, what was sent"}}, shared()...),
		Action: func(c *cli.Context) error {
			out, err := required(c, "out")
			if err != nil {
				return err
			}
			opt, err := options(c, p)
			if err != nil {
				return err
			}
			m, err := stages.ExportAudit(c.Context, opt.DB, out, c.Bool("full"))
			if err != nil {
				return err
			}
			kind := "redacted"
			if !m.Redacted {
				kind = "with everything personal in it"
			}
			var rows int64
			for _, t := range m.Tables {
				rows += t.Rows
			}
			p.line("written %s, %s: tables %d · rows %d · bytes %d\nsha256  %s\nmanifest %s.manifest.json", out, kind, len(m.Tables), rows, m.Bytes, m.SHA256, out)
			p.object("audit", m)
			return nil
		}}
}
