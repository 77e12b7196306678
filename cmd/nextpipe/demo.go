package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	nextcrmsample "nextpipe/fixtures/nextcrm"
	"nextpipe/fixtures/nextcrm/pgtest"
	"nextpipe/fixtures/sandbox"
	"nextpipe/stages"
	"nextpipe/stages/report"
)

// demoCommand is the main job on the built-in sample: an export folder (or a
// database) goes to an account on this machine and is verified.
func demoCommand(p *printer) *cli.Command {
	return &cli.Command{Name: "demo", Usage: "the whole migration on sample data, on this machine only", Flags: append([]cli.Flag{
		&cli.StringFlag{Name: "edition", Value: "plugin", Usage: "sample to move: plugin or open-source (starts a throw-away PostgreSQL)"}}, shared()...),
		Action: func(c *cli.Context) error {
			opt, err := options(c, p)
			if err != nil {
				return err
			}
			if !c.IsSet("db") {
				opt.DB = "nextpipe-demo.db"
			}
			return demo(c.Context, p, opt, c.String("edition"))
		}}
}

func demo(ctx context.Context, p *printer, opt stages.Options, edition string) error {
	stopSource, planted, err := sampleSource(ctx, &opt, &edition)
	if err != nil {
		return err
	}
	defer stopSource()
	passCampaigns(p, &opt, edition)
	account, stop, err := sampleAccount(&opt, edition)
	if err != nil {
		return err
	}
	defer stop()
	if err := removeOld(opt.DB); err != nil {
		return err
	}
	return withEnv(ctx, opt, func(e *stages.Env) error {
		if err := demoRun(ctx, p, e, planted); err != nil {
			return err
		}
		return demoAgain(ctx, p, e, account, opt.DB, edition)
	})
}

// passCampaigns lets the sample's active campaigns pass, as a person would by
// name: without that the load waits until they are paused.
func passCampaigns(p *printer, opt *stages.Options, edition string) {
	for _, title := range nextcrmsample.ActiveCampaigns[edition] {
		p.line("the sample's campaign %q is still active in NextCRM and would stop the load; the demo lets it pass: --override-campaign %[1]q", title)
		opt.OverrideCampaigns = append(opt.OverrideCampaigns, title)
	}
}

// demoRun runs every stage and states the outcome. Rejects are the expected
// outcome if they are exactly those that the sample has planted.
func demoRun(ctx context.Context, p *printer, e *stages.Env, planted []string) error {
	err := e.Execute(ctx, "demo", mustBetween()...)
	if err != nil && !errors.Is(err, stages.ErrRejects) {
		return err
	}
	if err := printLedgers(ctx, p, e); err != nil {
		return err
	}
	rejects, err := e.Rejects(ctx)
	if err != nil {
		return err
	}
	var got []string
	p.line("\nleft out, by name:")
	for _, r := range rejects {
		p.row("  %s", r)
		p.object("reject", r)
		got = append(got, r.Object+" "+r.SourceID)
	}
	slices.Sort(got)
	if !slices.Equal(got, planted) {
		return fmt.Errorf("%w: the sample plants %s, left out were %s", stages.ErrRejects, strings.Join(planted, ", "), strings.Join(got, ", "))
	}
	p.line("")
	if err := printNotMoved(ctx, p, e); err != nil {
		return err
	}
	bill, err := e.TokenBill(ctx)
	if err != nil {
		return err
	}
	p.line("\ntokens: %d spent, floor %d (records %d, read-back %d, structure %d)", bill.Spent, bill.Floor(), bill.Creates, bill.ReadBack, bill.Structure)
	p.object("tokens", bill)
	return nil
}

// demoAgain shows that the same command again writes nothing.
func demoAgain(ctx context.Context, p *printer, e *stages.Env, account *sandbox.Account, db, edition string) error {
	writes := len(account.Writes())
	p.line("\nthe same command again:")
	if err := e.Execute(ctx, "demo", mustBetween()...); err != nil && !errors.Is(err, stages.ErrRejects) {
		return err
	}
	if more := len(account.Writes()) - writes; more != 0 {
		return fmt.Errorf("the second run sent %d writes, it must send none", more)
	}
	p.line("it sent 0 writes\n\n%s", tryNext(db, edition))
	return nil
}

// traced is a record of each sample with a life worth reading.
var traced = map[string]string{"plugin": "9004", "open-source": "c0000000-0000-4000-8000-000000000005"}

func tryNext(db, edition string) string {
	return fmt.Sprintf(`look into it:
  sqlite3 -box %[1]s "SELECT rule, count(*) AS findings, min(value) AS example FROM issue GROUP BY rule ORDER BY 2 DESC LIMIT 10"
  sqlite3 -box %[1]s "SELECT a_key, b_key, rule, why FROM dup_contact_pair WHERE decision <> 'distinct' LIMIT 10"
  sqlite3 -box %[1]s "SELECT status, currency, count(*) AS deals, sum(value) AS total FROM final_deal GROUP BY 1, 2"
  go run ./cmd/nextpipe trace --db %[1]s --record %[2]s`, db, traced[edition])
}

func mustBetween() []string {
	names, _ := between("", "")
	return names
}

func printLedgers(ctx context.Context, p *printer, e *stages.Env) error {
	source, final, err := e.Ledgers(ctx)
	if err != nil {
		return err
	}
	p.line("\nsource rows: where each one went")
	printLedger(p, "source_ledger", source)
	p.line("\nfinal records: what became of each one")
	printLedger(p, "final_ledger", final)
	return nil
}

func printLedger(p *printer, kind string, lines []report.Ledger) {
	for _, l := range lines {
		text := fmt.Sprintf("  %-13s", l.Name)
		for i, c := range l.Counts {
			sep := [...]string{" ", " = "}[min(i, 1)]
			if i > 1 {
				sep = " + "
			}
			text += fmt.Sprintf("%s%d %s", sep, c.N, c.Name)
		}
		if l.OffBy != 0 {
			text += fmt.Sprintf("   OFF BY %d", l.OffBy)
		}
		p.line("%s", text)
		p.object(kind, l)
	}
}

// sampleSource lays out the sample export, or fills a throw-away database with
// the other sample. A source that was named is held to be the sample of its
// edition: the demo is green only if it leaves out what that one has planted.
func sampleSource(ctx context.Context, opt *stages.Options, edition *string) (stop func(), planted []string, err error) {
	if strings.HasPrefix(opt.Source, "postgres") {
		*edition = "open-source"
	}
	switch *edition {
	case "plugin":
		if planted, err = nextcrmsample.PlantedRejects(); err != nil {
			return nil, nil, err
		}
		stop, err = sampleExport(opt)
		return stop, planted, err
	case "open-source":
		stop, err = sampleDatabase(ctx, opt)
		return stop, nextcrmsample.PlantedDatabaseRejects(), err
	default:
		return nil, nil, fmt.Errorf("%w: --edition is plugin or open-source, not %q", stages.ErrUsage, *edition)
	}
}

func sampleExport(opt *stages.Options) (stop func(), err error) {
	if opt.Source != "" {
		return func() {}, nil
	}
	dir, err := os.MkdirTemp("", "nextpipe-demo")
	if err != nil {
		return nil, fmt.Errorf("lay out the sample export: %w", err)
	}
	stop = func() { _ = os.RemoveAll(dir) }
	if err := nextcrmsample.WritePluginExport(dir); err != nil {
		stop()
		return nil, err
	}
	opt.Source = dir
	return stop, nil
}

func sampleDatabase(ctx context.Context, opt *stages.Options) (stop func(), err error) {
	if opt.Source != "" {
		return func() {}, nil
	}
	script, err := nextcrmsample.DatabaseSQL("fork")
	if err != nil {
		return nil, err
	}
	server, err := pgtest.Start(ctx)
	if err != nil {
		return nil, err
	}
	stop = func() { _ = server.Stop() }
	if opt.Files.Folder == "" {
		if stop, err = sampleDocuments(opt, stop); err != nil {
			return nil, err
		}
	}
	if opt.Source, err = server.CreateDatabase(ctx, script); err != nil {
		stop()
		return nil, err
	}
	return stop, nil
}

// sampleDocuments lays out the files that stand in the sample's bucket.
func sampleDocuments(opt *stages.Options, before func()) (stop func(), err error) {
	dir, err := os.MkdirTemp("", "nextpipe-demo-documents")
	stop = func() { before(); _ = os.RemoveAll(dir) }
	if err == nil {
		err = nextcrmsample.WriteDatabaseDocuments(dir)
	}
	if err != nil {
		stop()
		return nil, err
	}
	opt.Files.Folder = dir
	return stop, nil
}

// sampleAccount is a new account in this process, with a clock of its own:
// keeping within the burst limit takes no time.
func sampleAccount(opt *stages.Options, edition string) (*sandbox.Account, func(), error) {
	users := []sandbox.User{{Name: "Admin", Email: "owner.admin@shop.example", Admin: true}}
	owners := nextcrmsample.Owners[edition]
	for _, email := range slices.Sorted(maps.Keys(owners)) {
		users = append(users, sandbox.User{Name: owners[email], Email: email})
	}
	users = append(users, sandbox.User{Name: "Rep Harbor", Email: "rep7@shop.example", Inactive: true})
	account, err := sandbox.New(sandbox.Options{Seed: 1, Projects: true, Users: users, Clock: sandbox.NewClock(time.Now())})
	if err != nil {
		return nil, nil, fmt.Errorf("open local account: %w", err)
	}
	url, stop, err := account.Start()
	if err != nil {
		return nil, nil, fmt.Errorf("serve local account: %w", err)
	}
	opt.Target, opt.Token, opt.Yes = url, account.Token(), true
	opt.Now, opt.Wait = account.Clock().Now, account.Clock().Sleep
	return account, func() { stop(); account.Close() }, nil
}

// removeOld removes an earlier demo. Any other file of that name stays.
func removeOld(db string) error {
	if _, err := os.Stat(db); err == nil && !strings.Contains(filepath.Base(db), "demo") {
		return fmt.Errorf("%w: %s exists; the demo makes a new file, name one with --db", stages.ErrUsage, db)
	}
	for _, f := range []string{db, db + "-wal", db + "-shm"} {
		if err := os.Remove(f); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("remove the earlier demo: %w", err)
		}
	}
	if err := os.RemoveAll(db + ".files"); err != nil {
		return fmt.Errorf("remove the earlier demo: %w", err)
	}
	return nil
}
