package stages

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"nextpipe/stages/clean"
	"nextpipe/stages/extract"
	"nextpipe/stages/internal/blob"
	"nextpipe/stages/internal/nextcrm"
	"nextpipe/stages/internal/stage"
	"nextpipe/stages/internal/target"
	"nextpipe/stages/internal/warehouse"
	"nextpipe/stages/rollback"
)

// Version is the tool's version, as the warehouse and --version show it.
const Version = "0.1.0"

// Progress is how far a long stage is.
type Progress = target.Progress

// Files and Bucket say where the bytes of documents come from.
type (
	Files  = extract.Files
	Bucket = blob.BucketConfig
)

// Part says what a rollback takes back.
type Part = rollback.Part

// Options are what the command line says.
type Options struct {
	DB             string
	Source         string // postgres:// URL or export folder
	SourceTimezone string // IANA zone; overrides the source's own word
	Files          Files  // where the bytes of documents come from
	Target         string // URL of the company
	Token          string // API token, or several of one company, separated by commas or line breaks
	Rehearsal      bool   // declares a new account a rehearsal
	By             string // who is at the keyboard, for the record
	Yes            bool   // accept the proposed map for a rehearsal
	Override       string // who lets a load pass the production gate
	// OverrideCampaigns are titles or ids of active campaigns that may go on.
	OverrideCampaigns []string
	Confirm           string // the production account that may be emptied or probed
	AccountPlan       string // what the doctor is told of the contract: the plan,
	Seats             int64  // and how many seats were bought
	Probe             bool   // the doctor may make records and remove them again
	Paused            bool   // somebody says that webhooks and automations are paused
	Limit             int64  // of a trial load: so many more records of each kind; 0: all
	Part              Part   // what rollback takes back; the zero value is everything
	DryRun            bool
	Existing          bool // refuse a warehouse that is not there: looking makes none
	Timeout           time.Duration
	Share             float64   // part of the account's daily tokens that a day may take; 0: all
	Until             time.Time // when to stop sending; zero: never
	Settle            time.Duration
	Now               func() time.Time
	Wait              func(context.Context, time.Duration) error
	Report            func(Progress)
	// Ended is told of every stage that has ended.
	Ended func(Ended)
}

// Ended is the end of one stage.
type Ended struct {
	Stage  string        `json:"stage"`
	Result Result        `json:"result"`
	Took   time.Duration `json:"took_ns"`
	Err    error         `json:"-"`
}

// ErrUsage means that the command line has to be corrected.
var ErrUsage = errors.New("usage")

// Env is an open warehouse and what a run needs besides. It connects to the
// source and the account when a stage first asks.
type Env struct {
	DB      *warehouse.DB
	opt     Options
	run     *warehouse.Run
	account *target.Session
}

// Open opens the warehouse for reading and writing.
func Open(ctx context.Context, opt Options) (*Env, error) {
	if opt.Report == nil {
		opt.Report = func(Progress) {}
	}
	if opt.Ended == nil {
		opt.Ended = func(Ended) {}
	}
	if err := clean.RegisterFunctions(); err != nil {
		return nil, fmt.Errorf("register SQL functions: %w", err)
	}
	open := warehouse.Open
	if opt.Existing {
		open = warehouse.OpenExisting
	}
	db, err := open(ctx, opt.DB)
	if err != nil {
		return nil, err
	}
	return &Env{DB: db, opt: opt}, nil
}

// Close closes the warehouse.
func (e *Env) Close() error { return e.DB.Close() }

// Spent is what this run has cost so far, 0 before it met the account.
func (e *Env) Spent() (tokens, requests int64) {
	if e.account == nil {
		return 0, 0
	}
	return e.account.Meter.Tokens()
}

// Execute runs the named stages in order, under the lock, and records them.
// It stops at the first stage that fails.
func (e *Env) Execute(ctx context.Context, command string, names ...string) (err error) {
	unlock, err := e.DB.Lock(ctx, command)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	if e.run, err = e.DB.BeginRun(ctx, command); err != nil {
		return err
	}
	e.account = nil // a session belongs to one run
	defer func() { err = errors.Join(err, e.countTokens(ctx)) }()
	if err := e.refuseAfterCutover(ctx, names); err != nil {
		return errors.Join(err, e.run.Finish(ctx, ExitCode(err)))
	}
	left, inAccount := int64(0), int64(0)
	for _, name := range names {
		n, err := e.stage(ctx, name)
		if st, _ := Lookup(name); st.Online {
			inAccount = max(inAccount, n) // plan, load and verify speak of the same records
		} else {
			left += n
		}
		if err != nil {
			return errors.Join(err, e.run.Finish(ctx, ExitCode(err)))
		}
	}
	left += inAccount
	if slices.Contains(names, "verify") {
		all, err := e.leftBehind(ctx)
		if err != nil {
			return err
		}
		left = max(left, all)
	}
	err = errors.Join(leftOver(left, names), e.quarantined(ctx))
	return errors.Join(err, e.run.Finish(ctx, ExitCode(err)))
}

// countTokens writes down what the account was asked, also by a stage that has
// failed before it could: tokens that were spent are spent.
func (e *Env) countTokens(ctx context.Context) error {
	if e.account == nil {
		return nil
	}
	return e.account.Meter.Flush(ctx)
}

// leftBehind counts what has not reached the account, whichever stage left it
// out and when: a run of the last stages only is no greener than a whole one.
func (e *Env) leftBehind(ctx context.Context) (int64, error) {
	rejects, err := e.Rejects(ctx)
	if err != nil {
		return 0, err
	}
	var pending int64
	err = e.DB.Read().QueryRowContext(ctx, "SELECT coalesce(sum(pending), 0) FROM reconcile_final WHERE target_id = ?", e.account.ID).Scan(&pending)
	return int64(len(rejects)) + pending, err
}

func leftOver(n int64, names []string) error {
	switch {
	case n == 0:
		return nil
	case slices.Contains(names, "rollback"):
		return fmt.Errorf("%w: %d stay in the account, see kept_record", ErrRejects, n)
	default:
		return fmt.Errorf("%w: %d, see `nextpipe report` and v_rejects", ErrRejects, n)
	}
}

// quarantined is an error as long as a record of the run's account waits for a person.
func (e *Env) quarantined(ctx context.Context) error {
	if e.account == nil {
		return nil
	}
	var n int
	err := e.DB.Read().QueryRowContext(ctx, "SELECT count(*) FROM v_rejects WHERE target_id = ? AND state = 'quarantined'", e.account.ID).Scan(&n)
	if err != nil || n == 0 {
		return err
	}
	return fmt.Errorf("%w: %d, see v_rejects", ErrQuarantined, n)
}

func (e *Env) stage(ctx context.Context, name string) (left int64, err error) {
	st, ok := Lookup(name)
	if !ok {
		return 0, fmt.Errorf("%w: there is no stage %q", ErrUsage, name)
	}
	if err := e.requireSource(ctx, name); err != nil {
		return 0, err
	}
	var targetID int64
	if st.Online {
		s, err := e.session(ctx)
		if err != nil {
			return 0, err
		}
		targetID = s.ID
	}
	end, err := e.run.BeginStage(ctx, name, targetID)
	if err != nil {
		return 0, err
	}
	began := time.Now()
	res, err := st.run(ctx, e)
	err = e.settled(ctx, err)
	e.opt.Ended(Ended{Stage: name, Result: res, Took: time.Since(began), Err: err})
	return res.Left, errors.Join(err, end(res.Rows, res.String(), err))
}

// online runs a stage that needs nothing but the account.
func online(ctx context.Context, e *Env, run func(context.Context, *target.Session) (Result, error)) (Result, error) {
	s, err := e.session(ctx)
	if err != nil {
		return Result{}, err
	}
	return run(ctx, s)
}

// session connects to the account, once a run.
func (e *Env) session(ctx context.Context) (*target.Session, error) {
	if e.account != nil {
		return e.account, nil
	}
	if e.opt.Target == "" {
		return nil, fmt.Errorf("%w: this needs an account: --target https://COMPANY.pipedrive.com (or NEXTPIPE_TARGET); without one: `nextpipe run --from extract --to build`, or --target sandbox", ErrUsage)
	}
	if e.opt.Token == "" {
		return nil, fmt.Errorf("%w: this needs the account's API token: PIPEDRIVE_API_TOKEN or --token-file", ErrUsage)
	}
	// Nothing is asked or sent on the word of a damaged file.
	if err := e.DB.Check(ctx); err != nil {
		return nil, err
	}
	s, err := target.Connect(ctx, e.DB, e.run, target.Config{URL: e.opt.Target, Token: e.opt.Token, Rehearsal: e.opt.Rehearsal, By: e.opt.By,
		Timeout: e.opt.Timeout, Settle: e.opt.Settle, Share: e.opt.Share, Until: e.opt.Until, Now: e.opt.Now, Wait: e.opt.Wait, Report: e.opt.Report})
	if err != nil {
		return nil, err
	}
	e.account = s
	return s, nil
}

// source opens NextCRM: a postgres URL or an export folder.
func (e *Env) source(ctx context.Context) (nextcrm.Source, error) {
	where := e.opt.Source
	if where == "" {
		return nil, fmt.Errorf("%w: this needs NextCRM: --source postgres://… or an export folder (or NEXTPIPE_SOURCE)", ErrUsage)
	}
	if u, err := url.Parse(where); err == nil && strings.HasPrefix(u.Scheme, "postgres") {
		src, err := nextcrm.OpenDatabase(ctx, where, nextcrm.DatabaseOptions{})
		if err != nil {
			return nil, stage.Input(err)
		}
		return src, nil
	}
	if info, err := os.Stat(where); err != nil || !info.IsDir() {
		return nil, fmt.Errorf("%w: --source %s is neither a postgres:// URL nor a folder", ErrUsage, where)
	}
	src, err := nextcrm.OpenExport(ctx, where, nextcrm.ExportOptions{Timezone: e.opt.SourceTimezone})
	if err != nil {
		return nil, stage.Input(err)
	}
	return src, nil
}
