package main

import (
	"strings"

	"github.com/urfave/cli/v2"

	"nextpipe/stages"
	"nextpipe/stages/delta"
)

// deltaCommand is a run under the name that people look for once the first load
// is done; or only the list of what it would do.
func deltaCommand(p *printer) *cli.Command {
	return &cli.Command{Name: "delta", Usage: "move what has changed in NextCRM since the last load, or list it", Flags: append([]cli.Flag{
		&cli.BoolFlag{Name: "report-only", DisableDefaultText: true, Usage: "only list what differs: nothing is written to Pipedrive, the warehouse stays as it is, and findings are exit 0"}}, shared()...),
		Action: func(c *cli.Context) error {
			if c.Bool("report-only") {
				return deltaReport(c, p)
			}
			names, err := between("", "")
			if err != nil {
				return err
			}
			return execute(c, p, "delta", names...)
		}}
}

func deltaReport(c *cli.Context, p *printer) error {
	opt, err := options(c, p)
	if err != nil {
		return err
	}
	opt.Existing = true
	stop, err := localAccount(&opt)
	if err != nil {
		return err
	}
	defer stop()
	return withEnv(c.Context, opt, func(e *stages.Env) error {
		r, items, err := e.DeltaReport(c.Context)
		if err != nil {
			return err
		}
		printDelta(p, r, items)
		return nil
	})
}

// itemsShown is how many lines of a kind the terminal shows.
const itemsShown = 20

func printDelta(p *printer, r delta.Report, items []delta.Item) {
	p.line("\n%s", r)
	p.object("delta", r)
	shown := map[string]int{}
	for _, i := range items {
		p.object("item", i)
		shown[i.Kind]++
		switch n := shown[i.Kind]; {
		case n == 1:
			p.line("\n%s:", strings.ReplaceAll(i.Kind, "_", " "))
			fallthrough
		case n <= itemsShown:
			p.row("  %s", itemLine(i))
		case n == itemsShown+1:
			p.line("  … all of them: SELECT * FROM delta_item WHERE kind = '%s'", i.Kind)
		}
	}
}

func itemLine(i delta.Item) string {
	text := i.Entity + " " + i.FinalKey
	if i.PipedriveID != "" {
		text += " (" + i.PipedriveID + ")"
	}
	if i.Field != "" {
		text += ": " + i.Field + " " + orBlank(i.Before) + " → " + orBlank(i.After)
	} else if title := i.Before + i.After; title != "" {
		text += ": " + title
	}
	if i.Note != "" {
		text += " – " + i.Note
	}
	return text
}

func orBlank(s string) string {
	if s == "" {
		return "blank"
	}
	return s
}
