// Package target connects a run to one Pipedrive account.
//
//	reads   target blocked http_log
//	does    asks the account who it is, refuses a wrong one, remembers a new one with its role;
//	        keeps away from one that has shut us out
//	writes  target blocked
package target

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"nextpipe/stages/internal/journal"
	"nextpipe/stages/internal/pipedrive"
	"nextpipe/stages/internal/stage"
	"nextpipe/stages/internal/warehouse"
)

// Roles of an account.
const (
	Rehearsal  = "rehearsal"
	Production = "production"
)

// askAgain is how often an account that says nothing of its day is asked again.
const askAgain = 4

// Config says which account to connect to, and how.
type Config struct {
	URL string
	// Token holds the API token, or several of one company, separated by commas or
	// line breaks: they share the work.
	Token     string
	Rehearsal bool   // declares a new account a rehearsal; a known one keeps its role
	By        string // who declares it
	Timeout   time.Duration
	Settle    time.Duration // default max(2 × timeout, 30 s)
	// Now is the time of day; Steady is a clock that nobody sets, for durations,
	// and is Now unless it is given. Both default to the system's.
	Now    func() time.Time
	Steady func() time.Time
	Wait   func(context.Context, time.Duration) error
	// Share is the part of the account's daily tokens that a day may take, above
	// 0; 0 and 1 set no limit of our own.
	Share float64
	// Until is when nothing more may be sent; zero for no such time.
	Until time.Time
	// Report is told how far a long stage is; it may be nil.
	Report func(Progress)
}

// Progress is how far a stage is with one entity.
type Progress struct {
	Stage  string
	Entity string
	Done   int64
	Total  int64 // 0 when unknown
	Tokens int64 // spent so far by this process
}

// Session is a run connected to one account.
type Session struct {
	DB     *warehouse.DB
	Client *pipedrive.Client
	Meter  *journal.Meter
	ID     int64 // target_id
	RunID  int64
	Role   string
	Local  bool
	Me     pipedrive.Me
	Others []pipedrive.Me // users of further tokens
	cfg    Config
	clock  *clock
	may    *allowance
}

// Connect asks the account behind the token who it is and ties the run to it.
// A second production account in one warehouse is ErrDrift: it is more likely
// a wrong token than a wish.
func Connect(ctx context.Context, db *warehouse.DB, run *warehouse.Run, cfg Config) (*Session, error) {
	cfg = cfg.withDefaults()
	clock := newClock(cfg.Now, cfg.Steady)
	meter := journal.NewMeter(db, clock.Now)
	may := &allowance{share: cfg.Share, until: cfg.Until, wall: cfg.Now, clock: clock, daily: -1, left: -1}
	shut := &wall{db: db, now: cfg.Now}
	tokens := append(pipedrive.SplitTokens(cfg.Token), "") // New refuses to do without any
	client, err := pipedrive.New(pipedrive.Config{BaseURL: cfg.URL, Token: tokens[0], More: tokens[1:max(1, len(tokens)-1)], Files: db.Path() + ".files", Timeout: cfg.Timeout,
		Now: cfg.Now, Steady: cfg.Steady, Sleep: cfg.Wait, Before: may.permit, Blocked: shut.raise, After: func(c pipedrive.Call) {
			clock.hear(c.Date)
			may.heard(c)
			meter.Heard(c)
		}})
	if err != nil {
		return nil, stage.Input(fmt.Errorf("connect to Pipedrive: %w", err))
	}
	shut.host = client.Host()
	if err := shut.check(ctx); err != nil {
		return nil, err
	}
	me, err := client.Me(ctx)
	if refused := (*pipedrive.Error)(nil); errors.As(err, &refused) && refused.Kind == pipedrive.BudgetSpent && refused.Status != 0 {
		return nil, fmt.Errorf("connect to Pipedrive: %w; its day has not begun: run the same command again after %s",
			err, nextHour(clock.Now()).Format("2006-01-02 15:04 MST"))
	}
	if err != nil {
		return nil, fmt.Errorf("connect to Pipedrive: %w", err)
	}
	others, err := crew(ctx, client, me)
	if err != nil {
		return nil, fmt.Errorf("connect to Pipedrive: %w", err)
	}
	s := &Session{DB: db, Client: client, Meter: meter, RunID: run.ID, Me: me, Others: others, Local: me.SandboxRole != "", cfg: cfg, clock: clock, may: may}
	if err := s.remember(ctx); err != nil {
		return nil, err
	}
	meter.Assign(s.ID, run.ID, s.users())
	shut.targetID = s.ID
	if err := shut.check(ctx); err != nil { // it may have another address that is blocked
		return nil, err
	}
	if err := may.remember(ctx, db, s.ID); err != nil {
		return nil, fmt.Errorf("read what was spent today: %w", err)
	}
	if err := s.askForTheDay(ctx); err != nil {
		return nil, err
	}
	return s, run.UseTarget(ctx, s.ID)
}

func (c Config) withDefaults() Config {
	if c.Timeout == 0 {
		c.Timeout = 30 * time.Second
	}
	if c.Settle == 0 {
		c.Settle = max(2*c.Timeout, 30*time.Second)
	}
	if c.Share == 0 {
		c.Share = 1
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Steady == nil {
		c.Steady = c.Now
	}
	if c.Wait == nil {
		c.Wait = wait
	}
	if c.Report == nil {
		c.Report = func(Progress) {}
	}
	return c
}

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// remember finds the account's row, or writes a new one with its role.
func (s *Session) remember(ctx context.Context) error {
	return s.DB.Write(ctx, func(tx *sql.Tx) error {
		var local bool
		err := tx.QueryRow("SELECT target_id, role, is_local FROM target WHERE company_id = ?", s.Me.CompanyID).Scan(&s.ID, &s.Role, &local)
		if errors.Is(err, sql.ErrNoRows) {
			return s.declare(tx)
		}
		if err != nil {
			return fmt.Errorf("read target: %w", err)
		}
		if local != s.Local {
			// Otherwise a stand-in with the number of a real company would lend it its role and its links.
			return fmt.Errorf("%w: company %s is known here as %s, and one of the two is a stand-in on this machine; use another --db",
				warehouse.ErrDrift, s.Me.CompanyID, s.Me.CompanyDomain)
		}
		if s.cfg.Rehearsal && s.Role == Production {
			return fmt.Errorf("%w: %s is declared production in this warehouse; a role never changes", warehouse.ErrDrift, s.Me.CompanyDomain)
		}
		_, err = tx.Exec("UPDATE target SET domain = ?, name = ?, base_url = ?, token_user_id = ?, token_user_email = ? WHERE target_id = ?",
			s.Me.CompanyDomain, s.Me.CompanyName, s.cfg.URL, s.Me.UserID, s.Me.Email, s.ID)
		return err
	})
}

func (s *Session) declare(tx *sql.Tx) error {
	s.Role = Production
	if s.Local {
		s.Role = s.Me.SandboxRole
	} else if s.cfg.Rehearsal {
		s.Role = Rehearsal
	}
	if s.Role == Production {
		if err := refuseSecondProduction(tx, s.Me.CompanyDomain); err != nil {
			return err
		}
	}
	res, err := tx.Exec(`INSERT INTO target (company_id, domain, name, base_url, fingerprint, role, is_local, token_user_id, token_user_email, declared_by, declared_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, s.Me.CompanyID, s.Me.CompanyDomain, s.Me.CompanyName, s.cfg.URL,
		s.Me.CompanyID+"/"+s.Me.CompanyDomain, s.Role, s.Local, s.Me.UserID, s.Me.Email, s.cfg.By, s.DB.Now())
	if err != nil {
		return fmt.Errorf("remember target: %w", err)
	}
	s.ID, err = res.LastInsertId()
	return err
}

func refuseSecondProduction(tx *sql.Tx, domain string) error {
	var known string
	err := tx.QueryRow("SELECT domain FROM target WHERE role = 'production' LIMIT 1").Scan(&known)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	return fmt.Errorf("%w: this warehouse belongs to %s, the token to %s; use that company's token, or --rehearsal for a test account",
		warehouse.ErrDrift, known, domain)
}

// askForTheDay asks again while what counts as spent may be of an earlier day:
// answers are silent about it at times.
func (s *Session) askForTheDay(ctx context.Context) error {
	for try := 0; try < askAgain && s.may.isUnsure(); try++ {
		if _, err := s.Client.Me(ctx); err != nil {
			return fmt.Errorf("ask what is left of the day: %w", err)
		}
	}
	return nil
}

// users are the ids of the tokens' users, in the order of the tokens.
func (s *Session) users() []string {
	ids := []string{s.Me.UserID}
	for _, u := range s.Others {
		ids = append(ids, u.UserID)
	}
	return ids
}

// Contract is what somebody has said of the account's plan and seats, which no
// answer of the API tells: "" and 0 when nobody has.
func (s *Session) Contract(ctx context.Context) (plan string, seats int64, err error) {
	var said string
	err = s.DB.Read().QueryRowContext(ctx, "SELECT seal FROM gate WHERE name = 'plan_confirmed' AND target_id = ? AND is_open = 1 ORDER BY gate_id DESC LIMIT 1", s.ID).Scan(&said)
	if errors.Is(err, sql.ErrNoRows) {
		return "", 0, nil
	}
	if err != nil {
		return "", 0, fmt.Errorf("read the confirmed plan: %w", err)
	}
	plan, number, _ := strings.Cut(said, "/")
	seats, err = strconv.ParseInt(number, 10, 64)
	return plan, seats, err
}

// Share is the part of the account's daily tokens that a day may take.
func (s *Session) Share() float64 { return s.cfg.Share }

// Journal gives a journal for one purpose; its Look and Done are the caller's.
func (s *Session) Journal(purpose string) *journal.Journal {
	return &journal.Journal{DB: s.DB, Client: s.Client, Meter: s.Meter, TargetID: s.ID, RunID: s.RunID, Purpose: purpose,
		Settle: s.cfg.Settle, Now: s.clock.Now, Steady: s.cfg.Steady, Wait: s.cfg.Wait}
}

// Report tells whoever watches how far a stage is.
func (s *Session) Report(stage, entity string, done, total int64) {
	tokens, _ := s.Meter.Tokens()
	s.cfg.Report(Progress{Stage: stage, Entity: entity, Done: done, Total: total, Tokens: tokens})
}

// URL is the web address of a record, for people to click.
func (s *Session) URL(entity, id string) string {
	return strings.TrimSuffix(s.cfg.URL, "/") + "/" + entity + "/" + id
}
