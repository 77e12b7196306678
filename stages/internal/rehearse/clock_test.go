package rehearse_test

import (
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nextpipe/fixtures/sandbox"
	"nextpipe/stages/internal/rehearse"
	"nextpipe/stages/internal/target"
)

// The machine's time of day jumps by more than a day, forth and back, all the
// time: requests keep their pace, what is in doubt is looked for as long as it
// must, nothing waits for a time that never comes, and tokens are booked on the
// account's day.
func TestClock_JumpsDuringARunChangeNothing(t *testing.T) {
	const records = 60
	want, _ := undisturbed(t, records)
	steady := elapsed(t, want, func(int64) time.Duration { return 0 })
	for name, jump := range map[string]func(n int64) time.Duration{
		"back":         func(n int64) time.Duration { return time.Duration(-n) * 26 * time.Hour },
		"forth":        func(n int64) time.Duration { return time.Duration(n) * 26 * time.Hour },
		"to and fro":   func(n int64) time.Duration { return time.Duration(n%3-1) * 26 * time.Hour },
		"always wrong": func(int64) time.Duration { return -300 * 24 * time.Hour },
	} {
		t.Run(name, func(t *testing.T) {
			if took := elapsed(t, want, jump); took < steady-5*time.Second || took > steady+5*time.Second {
				t.Errorf("it took %s, on a clock that does not jump %s", took, steady)
			}
		})
	}
}

// elapsed loads while the time of day is off by whatever jump says of the n-th
// reading, and tells how long it took by the account's clock.
func elapsed(t *testing.T, want string, jump func(n int64) time.Duration) time.Duration {
	t.Helper()
	const records = 60
	db, a := rehearse.Warehouse(t, records), rehearse.Account(t, 1)
	var readings atomic.Int64
	wall := func() time.Time { return a.Clock().Now().Add(jump(readings.Add(1))) }
	a.Script(sandbox.Fault{Writes: true, Path: "/api/v2/persons", Nth: 7, Do: sandbox.DropBefore},
		sandbox.Fault{Writes: true, Path: "/api/v2/deals", Nth: 9, Do: sandbox.DropAfter})
	began := a.Clock().Now()
	s := rehearse.ConnectWith(t, db, a, target.Config{Now: wall, Steady: a.Clock().Now, Share: 0.9})
	if err := loadInto(t, s); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, a.Dump(marker)); diff != "" {
		t.Errorf("the account differs from an undisturbed one:\n%s", diff)
	}
	for _, c := range a.Calls() {
		if c.Status == http.StatusTooManyRequests {
			t.Error("a request came too early")
		}
	}
	if n := count(t, db, "SELECT count(*) FROM budget WHERE day <> ?", a.Clock().Now().Format(time.DateOnly)); n != 0 {
		t.Errorf("tokens are booked on %d wrong days", n)
	}
	return a.Clock().Now().Sub(began)
}
