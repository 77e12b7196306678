package main

import (
	"context"

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
