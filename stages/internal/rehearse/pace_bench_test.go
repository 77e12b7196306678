package rehearse_test

import (
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"
	"time"

	"nextpipe/fixtures/sandbox"
	"nextpipe/stages/internal/rehearse"
	"nextpipe/stages/internal/target"
	"nextpipe/stages/load"
	"nextpipe/stages/plan"
	"nextpipe/stages/provision"
	"nextpipe/stages/scope"
)

// BenchmarkPace loads for half a minute of real time into an account of the
// largest plan whose answers take 50 to 150 ms, and tells how much of our share
// of the burst window the creates made use of, and how many answers were 429.
func BenchmarkPace(b *testing.B) {
	const each, share, perWindow = 600, 108, 2.0
	db := rehearse.Warehouse(b, each)
	a := rehearse.AccountWith(b, sandbox.Options{Seed: 1, Clock: sandbox.RealClock()})
	s := rehearse.ConnectWith(b, db, a, target.Config{})
	_, scoped := scope.Run(b.Context(), s)
	_, planned := plan.Run(b.Context(), s)
	if _, err := provision.Run(b.Context(), s); scoped != nil || planned != nil || err != nil {
		b.Fatal(scoped, planned, err)
	}
	a.Script(sandbox.Fault{Hook: func(p sandbox.Phase, _ *http.Request) {
		if p == sandbox.Executed {
			time.Sleep(50*time.Millisecond + rand.N(100*time.Millisecond))
		}
	}})
	if _, err := load.Run(b.Context(), s, ""); err != nil {
		b.Fatal(err)
	}
	var at []time.Time
	over := 0
	for _, c := range a.Calls() {
		if c.Status == http.StatusTooManyRequests {
			over++
		} else if c.Method == http.MethodPost && slices.Contains([]string{"/api/v2/organizations", "/api/v2/persons", "/api/v2/deals"}, c.Path) {
			at = append(at, c.At)
		}
	}
	took := at[len(at)-1].Sub(at[0]).Seconds()
	use := 100 * float64(len(at)-1) / (share * took / perWindow)
	b.Logf("%d creates in %.1f s: %.2f %% of our share, %d answers 429", len(at), took, use, over)
	b.ReportMetric(use, "%-of-share")
	b.ReportMetric(float64(over), "429s")
}
