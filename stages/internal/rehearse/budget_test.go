package rehearse_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"nextpipe/fixtures/sandbox"
	"nextpipe/stages/internal/pipedrive"
	"nextpipe/stages/internal/rehearse"
	"nextpipe/stages/internal/target"
	"nextpipe/stages/internal/warehouse"
	"nextpipe/stages/plan"
	"nextpipe/stages/rollback"
)

// longLoad is a load that takes several days of a small budget, of which somebody
// else takes a part.
type longLoad struct {
	records   int
	share     float64 // ours, at most
	alongside float64 // what another integration takes for each token of ours
	early     float64 // what one has taken of each day before we come
	resetAt   time.Duration
	silent    float64 // part of the answers that say nothing of the budget
}

const dailyTokens = 2600

// Whoever else takes a part and whenever the account's day begins: the same
// command goes on day after day, never takes more than its share of a day, and
// ends when it said at the end of the first day that it would.
func TestBudget_ALoadOfSeveralDaysKeepsToItsShareAndToWhatDayOneSaid(t *testing.T) {
	for name, l := range map[string]longLoad{
		"another takes 40 percent before us": {records: 230, share: 1, early: 0.4},
		"another takes 40 percent beside us": {records: 230, share: 0.6, alongside: 0.4},
		"we may take half":                   {records: 200, share: 0.5, alongside: 0.4},
		"we may take half, other size":       {records: 270, share: 0.5, early: 0.4},
		// Nobody can know on day one at which hour the next begins: five hours are a tenth of what is to come.
		"the day begins at five":                 {records: 290, share: 0.5, early: 0.4, resetAt: 5 * time.Hour},
		"the day begins at eight in the evening": {records: 230, share: 0.5, early: 0.4, resetAt: 20 * time.Hour},
		"answers are always silent":              {records: 230, share: 1, early: 0.4, silent: 1},
		"answers are silent half of the time":    {records: 230, share: 0.5, early: 0.4, silent: 0.5},
	} {
		t.Run(name, func(t *testing.T) { l.check(t) })
	}
}

func (l longLoad) check(t *testing.T) {
	db := rehearse.Warehouse(t, l.records)
	a := rehearse.AccountWith(t, sandbox.Options{Seed: 1, DailyTokens: dailyTokens, OtherShare: l.alongside, ResetAt: l.resetAt, DropBudgetHeaders: l.silent})
	var first plan.Outlook
	var ended time.Time
	for begun := map[string]bool{}; ; {
		if day := l.day(a.Clock().Now()); !begun[day] {
			begun[day] = true
			a.SpendTokens(int(l.early * dailyTokens))
		}
		if len(begun) > 8 {
			t.Fatal("it does not get on")
		}
		out, err := l.goOn(t, db, a)
		if err == nil {
			break
		}
		if first.Resume.IsZero() {
			first, ended = out, a.Clock().Now()
			t.Logf("day 1, %s: %s", ended, out)
		}
		a.Clock().Advance(out.Resume.Add(time.Minute).Sub(a.Clock().Now()))
	}
	l.checkShare(t, a)
	now := a.Clock().Now()
	if days := now.Sub(ended).Hours() / 24; days < 1 || first.Done.IsZero() {
		t.Fatalf("it took %.1f more days, foreseen was %+v", days, first)
	}
	if off, most := now.Sub(first.Done).Abs(), now.Sub(ended)/10; off > most {
		t.Errorf("done at %s, day 1 said %s: off by %s, want %s at most", now, first.Done, off, most)
	}
}

// goOn runs the same command again; its outlook says when it may go on.
func (l longLoad) goOn(t *testing.T, db *warehouse.DB, a *sandbox.Account) (plan.Outlook, error) {
	t.Helper()
	s, err := rehearse.ConnectOr(t, db, a, target.Config{Share: l.share})
	if errors.Is(err, pipedrive.ErrBudgetSpent) { // not even enough to ask who the account is: it says to ask in an hour
		return plan.Outlook{Resume: a.Clock().Now().Truncate(time.Hour).Add(time.Hour)}, err
	}
	if err != nil {
		t.Fatal(err)
	}
	if err = loadInto(t, s); err == nil {
		return plan.Outlook{}, nil
	}
	if !errors.Is(err, pipedrive.ErrBudgetSpent) {
		t.Fatal(err)
	}
	if err := s.Meter.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	out, failed := plan.Foresee(t.Context(), s)
	if failed != nil {
		t.Fatal(failed)
	}
	return out, err
}

// day is the account's day, which begins when it likes.
func (l longLoad) day(at time.Time) string { return at.Add(-l.resetAt).UTC().Format(time.DateOnly) }

func (l longLoad) checkShare(t *testing.T, a *sandbox.Account) {
	t.Helper()
	spent := map[string]int{}
	for _, c := range a.Calls() {
		spent[l.day(c.At)] += c.Tokens
	}
	for day, tokens := range spent {
		if float64(tokens) > l.share*dailyTokens {
			t.Errorf("%s: %d tokens were spent, our share is %.0f", day, tokens, l.share*dailyTokens)
		}
	}
	t.Logf("spent a day: %v", spent)
}

func TestBudget_NothingIsSentAfterTheHourThatWasNamed(t *testing.T) {
	db, a := rehearse.Warehouse(t, 20), rehearse.Account(t, 1)
	until := a.Clock().Now().Add(-time.Second)
	s := rehearse.ConnectWith(t, db, a, target.Config{})
	if err := loadInto(t, s); err != nil {
		t.Fatal(err)
	}
	writes := len(a.Writes())
	defer func() {
		if n := len(a.Writes()) - writes; n != 0 {
			t.Errorf("%d writes after the hour", n)
		}
	}()
	run, err := db.BeginRun(t.Context(), "test")
	if err != nil {
		t.Fatal(err)
	}
	url, stop, err := a.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	_, err = target.Connect(t.Context(), db, run, target.Config{URL: url, Token: a.Token(), Until: until, Now: a.Clock().Now, Wait: a.Clock().Sleep})
	if !errors.Is(err, pipedrive.ErrBudgetSpent) {
		t.Errorf("after the hour: %v, want a clean stop", err)
	}
}

// Search has a window of its own and an index that lags behind: nothing asks it,
// neither for what exists nor for what is in doubt, nor to take anything back.
func TestLoad_NeverSearches(t *testing.T) {
	db, a := rehearse.BroadWarehouse(t), rehearse.Account(t, 1)
	existing(t, a, nil)
	a.Script(sandbox.Fault{Writes: true, Share: 0.1, Do: sandbox.DropAfter})
	for range 3 {
		_ = through(t, db, a)
	}
	if _, err := rollback.Run(t.Context(), rehearse.Connect(t, db, a), rollback.Part{}, false); err != nil {
		t.Fatal(err)
	}
	for _, c := range a.Calls() {
		if path := strings.ToLower(c.Path); strings.Contains(path, "search") || strings.Contains(path, "/find") {
			t.Errorf("%s %s", c.Method, c.Path)
		}
	}
}
