package rehearse_test

import (
	"errors"
	"testing"
	"time"

	"nextpipe/fixtures/sandbox"
	"nextpipe/stages/internal/pipedrive"
	"nextpipe/stages/internal/rehearse"
	"nextpipe/stages/internal/target"
	"nextpipe/stages/internal/warehouse"
)

// served is an account under one address, as a real one is.
type served struct {
	*sandbox.Account
	url string
}

func serve(t *testing.T, a *sandbox.Account) served {
	t.Helper()
	url, stop, err := a.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return served{a, url}
}

// connect is what any new process does first. The clock of the machine may be
// off by some time against the account's.
func (s served) connect(t *testing.T, db *warehouse.DB, off time.Duration) (*target.Session, error) {
	t.Helper()
	run, err := db.BeginRun(t.Context(), "test")
	if err != nil {
		t.Fatal(err)
	}
	return target.Connect(t.Context(), db, run, target.Config{URL: s.url, Token: s.Token(), By: "test", Wait: s.Clock().Sleep,
		Now: func() time.Time { return s.Clock().Now().Add(off) }})
}

// block makes the next request of a new session meet Cloudflare's page.
func (s served) block(t *testing.T, db *warehouse.DB) *pipedrive.Error {
	t.Helper()
	session, err := s.connect(t, db, 0)
	if err != nil {
		t.Fatal(err)
	}
	s.Script(sandbox.Fault{Do: sandbox.Cloudflare})
	defer s.Script()
	_, err = session.Client.Get(t.Context(), "deal", "1")
	return blockedBy(t, err)
}

func blockedBy(t *testing.T, err error) *pipedrive.Error {
	t.Helper()
	var blocked *pipedrive.Error
	if !errors.As(err, &blocked) || blocked.Kind != pipedrive.Blocked || blocked.Until.IsZero() {
		t.Fatalf("got %v, want blocked with its end", err)
	}
	return blocked
}

func TestBlocked_NoLaterCommandSendsAByteBeforeItIsOver(t *testing.T) {
	db, a := rehearse.Warehouse(t, 1), serve(t, rehearse.Account(t, 1))
	until := a.block(t, db).Until
	if want := a.Clock().Now().Add(15 * time.Minute); !until.Equal(want) {
		t.Errorf("blocked until %s, want %s", until, want)
	}
	for _, later := range []time.Duration{0, 7 * time.Minute, 7*time.Minute + 59*time.Second} {
		a.Clock().Advance(later)
		calls := len(a.Calls())
		_, err := a.connect(t, db, 0)
		if got := blockedBy(t, err).Until; !got.Equal(until) {
			t.Errorf("a later command says %s, want %s", got, until)
		}
		if n := len(a.Calls()) - calls; n != 0 {
			t.Errorf("a later command sent %d requests", n)
		}
	}
	if _, err := serve(t, rehearse.Account(t, 2)).connect(t, db, 0); err != nil {
		t.Errorf("another account: %v", err)
	}
	a.Clock().Advance(2 * time.Second)
	if _, err := a.connect(t, db, 0); err != nil {
		t.Errorf("after the block: %v", err)
	}
}

func TestBlocked_HoldsUnderEveryAddressOfTheCompany(t *testing.T) {
	db, a := rehearse.Warehouse(t, 1), rehearse.Account(t, 1)
	serve(t, a).block(t, db)
	moved := serve(t, a)
	_, err := moved.connect(t, db, 0)
	blockedBy(t, err)
	if last := moved.Calls()[len(moved.Calls())-1]; last.Path != "/api/v1/users/me" && last.Path != "/v1/users/me" {
		t.Errorf("it asked %s, want nothing but who the account is", last.Path)
	}
	exec(t, db, "UPDATE blocked SET host = 'acme.pipedrive.com', until_at = '2999-01-01T00:00:00Z', target_id = NULL")
	for _, url := range []string{"https://ACME.pipedrive.com/", "https://api.pipedrive.com"} {
		moved.url = url
		_, err := moved.connect(t, db, 0)
		blockedBy(t, err)
	}
}

func TestBlocked_BeforeTheAccountSaidWhoItIs(t *testing.T) {
	db, a := rehearse.Warehouse(t, 1), serve(t, rehearse.Account(t, 1))
	a.Script(sandbox.Fault{Do: sandbox.Cloudflare})
	_, err := a.connect(t, db, 0)
	blockedBy(t, err)
	a.Script()
	calls := len(a.Calls())
	_, err = a.connect(t, db, 0)
	blockedBy(t, err)
	if n := len(a.Calls()) - calls; n != 0 {
		t.Errorf("the second command sent %d requests", n)
	}
}

func TestBlocked_LastsTwiceAsLongEachTimeAndIsForgottenAfterADay(t *testing.T) {
	db, a := rehearse.Warehouse(t, 1), serve(t, rehearse.Account(t, 1))
	for i, want := range []time.Duration{15, 30, 60, 120, 240, 480, 720, 720} {
		began := a.Clock().Now()
		until := a.block(t, db).Until
		if got := until.Sub(began); got != want*time.Minute {
			t.Errorf("block %d lasts %s, want %s", i+1, got, want*time.Minute)
		}
		a.Clock().Advance(until.Sub(began) + time.Second)
	}
	a.Clock().Advance(25 * time.Hour)
	if got := a.block(t, db).Until.Sub(a.Clock().Now()); got != 15*time.Minute {
		t.Errorf("after a quiet day it lasts %s", got)
	}
}

// A clock that was set back makes a block begin anew; it neither ends it nor
// makes it last for as long as the clock was wrong.
func TestBlocked_SurvivesAClockThatIsSetBack(t *testing.T) {
	db, a := rehearse.Warehouse(t, 1), serve(t, rehearse.Account(t, 1))
	a.block(t, db)
	back := -26 * time.Hour
	_, err := a.connect(t, db, back)
	if got, want := blockedBy(t, err).Until, a.Clock().Now().Add(back+15*time.Minute); !got.Equal(want) {
		t.Errorf("blocked until %s, want %s", got, want)
	}
	a.Clock().Advance(15*time.Minute + time.Second)
	if _, err := a.connect(t, db, back); err != nil {
		t.Errorf("after its length: %v", err)
	}
}

// Nobody is shut out by a mistyped address or a proxy that breaks TLS.
func TestBlocked_ARedirectIsNotRemembered(t *testing.T) {
	db, a := rehearse.Warehouse(t, 1), serve(t, rehearse.Account(t, 1))
	a.Script(sandbox.Fault{Do: sandbox.FailBefore, Status: 302})
	if _, err := a.connect(t, db, 0); err == nil {
		t.Fatal("a redirect was followed")
	}
	a.Script()
	if _, err := a.connect(t, db, 0); err != nil {
		t.Errorf("the next command: %v", err)
	}
}

// The page may answer a write that was carried out, and the program ends there:
// the block is stored, and so is the doubt.
func TestBlocked_IsStoredWhicheverRequestMetIt(t *testing.T) {
	db, a := rehearse.Warehouse(t, 3), rehearse.Account(t, 1)
	a.Script(sandbox.Fault{Writes: true, Path: "/api/v2/persons", Do: sandbox.Cloudflare})
	if err := through(t, db, a); !errors.As(err, new(*pipedrive.Error)) {
		t.Fatalf("got %v, want blocked", err)
	}
	if n := count(t, db, "SELECT count(*) FROM blocked WHERE times = 1 AND target_id = 1 AND why LIKE '%Access denied%'"); n != 1 {
		t.Errorf("%d blocks are stored, want one", n)
	}
}
