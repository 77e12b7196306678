package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/urfave/cli/v2"

	"nextpipe/fixtures/sandbox"
	"nextpipe/stages"
)

// localAccount serves the in-process account when the target is "sandbox". It
// lives in a file beside the warehouse, so that it survives this process as a
// real account would, and on a clock of its own, so that waiting takes no time.
func localAccount(opt *stages.Options) (stop func(), err error) {
	if opt.Target != "sandbox" {
		return func() {}, nil
	}
	account, err := sandbox.New(sandbox.Options{Seed: 1, Projects: true, Journal: opt.DB + ".sandbox", Clock: sandbox.NewClock(time.Now())})
	if err != nil {
		return nil, fmt.Errorf("open local account: %w", err)
	}
	url, closeServer, err := account.Start()
	if err != nil {
		account.Close()
		return nil, fmt.Errorf("serve local account: %w", err)
	}
	opt.Target, opt.Token = url, account.Token()
	opt.Now, opt.Wait = account.Clock().Now, account.Clock().Sleep
	return func() { closeServer(); account.Close() }, nil
}

// includesProjects are the plans that projects are part of; for the others they are sold apart.
var includesProjects = map[string]bool{"premium": true, "ultimate": true}

// sandboxCommand serves a local account for other processes until it is stopped.
func sandboxCommand(p *printer) *cli.Command {
	return &cli.Command{Name: "sandbox", Usage: "serve a local Pipedrive account to try things on", Flags: append([]cli.Flag{
		&cli.StringFlag{Name: "listen", Value: "127.0.0.1:8765", Usage: "loopback `ADDRESS`"},
		&cli.Int64Flag{Name: "seed", Value: 1, Usage: "another number is another account"},
		&cli.StringFlag{Name: "state", Usage: "`FILE` that keeps the account (default: forgotten at the end)"},
		&cli.StringFlag{Name: "account-plan", Value: "premium", Usage: "lite, growth, premium or ultimate"},
		&cli.IntFlag{Name: "daily-tokens", DefaultText: "the plan's", Usage: "daily token `BUDGET`"},
		&cli.StringFlag{Name: "as", Value: "rehearsal", Usage: "rehearsal or production"}}, shared()...),
		Action: func(c *cli.Context) error {
			if _, err := options(c, p); err != nil {
				return err
			}
			plan := c.String("account-plan")
			account, err := sandbox.New(sandbox.Options{Seed: c.Int64("seed"), Plan: plan, DailyTokens: c.Int("daily-tokens"), Projects: includesProjects[plan],
				Journal: c.String("state"), Role: c.String("as"), Clock: sandbox.RealClock()})
			if err != nil {
				return fmt.Errorf("%w: %w", stages.ErrUsage, err)
			}
			defer account.Close()
			return serve(c.Context, p, account, c.String("listen"))
		}}
}

// serve prints how to reach the account. Its token opens nothing but this
// account, so it may be shown.
func serve(ctx context.Context, p *printer, account *sandbox.Account, addr string) error {
	url, stop, err := account.StartAt(addr)
	if err != nil {
		return fmt.Errorf("%w: --listen %s: %w", stages.ErrUsage, addr, err)
	}
	defer stop()
	p.line("export NEXTPIPE_TARGET=%s\nexport PIPEDRIVE_API_TOKEN=%s", url, account.Token())
	p.object("sandbox", map[string]string{"url": url, "token": account.Token(), "role": account.Role()})
	fmt.Fprintln(os.Stderr, "serving a local account until interrupted")
	<-ctx.Done()
	return nil
}
