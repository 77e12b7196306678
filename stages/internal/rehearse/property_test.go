package rehearse_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	"nextpipe/fixtures/sandbox"
	"nextpipe/stages/internal/rehearse"
	"nextpipe/stages/internal/warehouse"
)

var (
	operations = flag.Int("operations", 400, "how many records the random schedules load in all")
	seed       = flag.Uint64("seed", 0, "of the random schedules; 0 takes one from the clock")
)

// disturbances are what may happen to any request, with how often of a hundred.
var disturbances = []sandbox.Fault{
	{Share: 0.03, Do: sandbox.DropBefore}, {Share: 0.03, Do: sandbox.DropAfter}, {Share: 0.02, Do: sandbox.Truncate},
	{Share: 0.02, Do: sandbox.FailBefore, Status: 503}, {Share: 0.02, Do: sandbox.FailAfter, Status: 502},
	{Share: 0.02, Writes: true, Do: sandbox.Hold, LookUps: 1}, {Share: 0.01, Do: sandbox.TooManyBurst},
	{Share: 0.003, Do: sandbox.Unauthorized}, {Share: 0.003, Do: sandbox.Cloudflare}, {Share: 0.003, Do: sandbox.TooManyDaily},
}

// Whatever the network does and whoever else works in the account: when the
// runs have come to an end, every final record is there once, and what others
// made is untouched.
func TestProperty_RandomFaultsAndAnotherUserNeitherLoseNorDuplicate(t *testing.T) {
	if *seed == 0 {
		*seed = uint64(time.Now().UnixNano())
	}
	t.Logf("repeat with -seed %d", *seed)
	const records = 20 // of each of three kinds
	for round, done := uint64(0), 0; done < *operations; round, done = round+1, done+3*records {
		r := rand.New(rand.NewPCG(*seed, round))
		db := rehearse.Warehouse(t, records)
		a := rehearse.Account(t, int64(r.IntN(1000)+1))
		others := disturb(a, r)
		runs := untilQuiet(t, db, a)
		a.Script()
		a.ReleaseAll()
		// What was carried out late is seen by one run and removed by the next.
		for range 2 {
			_ = through(t, db, a)
		}
		if err := through(t, db, a); err != nil {
			t.Fatalf("seed %d, round %d, after %d runs: %v %s", *seed, round, runs, err, differences(t, db))
		}
		checkOnce(t, db, a, records, others())
		if t.Failed() {
			t.Fatalf("seed %d, round %d", *seed, round)
		}
	}
}

// disturb scripts faults, and another user who adds organizations and persons
// while we load. The function tells how many he has made.
func disturb(a *sandbox.Account, r *rand.Rand) func() int {
	var mu sync.Mutex // requests are served side by side
	made := 0
	hook := func(phase sandbox.Phase, _ *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if phase != sandbox.Answered || r.IntN(40) != 0 {
			return
		}
		if _, err := a.Create("persons", map[string]any{"name": fmt.Sprintf("Somebody else's %d", made)}); err == nil {
			made++
		}
	}
	a.Script(append([]sandbox.Fault{}, shuffled(r, hook)...)...)
	return func() int {
		mu.Lock()
		defer mu.Unlock()
		return made
	}
}

// shuffled is the list of disturbances in another order, the visitor at its end.
func shuffled(r *rand.Rand, hook func(sandbox.Phase, *http.Request)) []sandbox.Fault {
	out := append([]sandbox.Fault{}, disturbances...)
	r.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return append(out, sandbox.Fault{Hook: hook})
}

// untilQuiet repeats the run as its user would, a day later when the budget is
// said to be spent, until one ends well; it gives up after many.
func untilQuiet(t *testing.T, db *warehouse.DB, a *sandbox.Account) (runs int) {
	t.Helper()
	for runs = 1; runs <= 40; runs++ {
		s := rehearse.TryConnect(t, db, a)
		if s == nil {
			a.Clock().Advance(13 * time.Hour) // no block lasts longer
			continue
		}
		if err := loadInto(t, s); err == nil {
			return runs
		}
		a.Clock().Advance(10 * time.Minute)
	}
	return runs
}

// checkOnce counts our records by their marker and everybody else's.
func checkOnce(t *testing.T, db *warehouse.DB, a *sandbox.Account, records, others int) {
	t.Helper()
	for entity, kind := range map[string]string{"organizations": "organization", "persons": "person", "deals": "deal"} {
		if n := live(t, db, kind); n != records {
			t.Errorf("%d of %d %s are linked", n, records, entity)
		}
		want := records
		if entity == "persons" {
			want += others
		}
		if n := len(a.Records(entity)); n != want {
			t.Errorf("the account holds %d %s, want %d", n, entity, want)
		}
	}
}
