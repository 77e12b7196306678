package pipedrive

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// gate is a far side that limits like Pipedrive: a rolling window per token, 429
// for what is over it, headers that tell. A request is counted at some moment of
// its way; answers take 50 to 150 ms.
type gate struct {
	limit int
	late  float64 // 0: counted on arrival, 1: just before the answer, -1: any time between
	other int     // what another sender of each token takes of every window

	mu      sync.Mutex
	chance  *rand.Rand
	counted map[string][]time.Time
	over    int // answers 429
}

func newGate(limit int, late float64, other int) *gate {
	return &gate{limit: limit, late: late, other: other, chance: rand.New(rand.NewPCG(1, 2)), counted: map[string][]time.Time{}}
}

func (g *gate) RoundTrip(r *http.Request) (*http.Response, error) {
	before, after := g.way()
	time.Sleep(before)
	status, left := g.count(r.Header.Get("X-Api-Token"))
	time.Sleep(after)
	return &http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader(json200)), Header: http.Header{
		"X-Ratelimit-Limit": {fmt.Sprint(g.limit)}, "X-Ratelimit-Remaining": {fmt.Sprint(left)}}}, nil
}

func (g *gate) way() (before, after time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	whole := 50*time.Millisecond + time.Duration(g.chance.Int64N(int64(100*time.Millisecond)))
	part := g.late
	if part < 0 {
		part = g.chance.Float64()
	}
	before = time.Duration(part * float64(whole))
	return before, whole - before
}

func (g *gate) count(token string) (status, left int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	window := slices.DeleteFunc(g.counted[token], func(at time.Time) bool { return now.Sub(at) >= burstWindow })
	used := len(window) + g.other
	g.counted[token] = window
	if used >= g.limit {
		g.over++
		return http.StatusTooManyRequests, 0
	}
	g.counted[token] = append(window, now)
	return http.StatusOK, g.limit - used - 1
}

// use is the part of the permitted share that n requests made use of.
func (g *gate) use(n, lanes int, took time.Duration) float64 {
	permitted := float64(lanes*slots(g.limit, 0.9)) * took.Seconds() / burstWindow.Seconds()
	return float64(n) / permitted
}

// through sends n requests from as many goroutines as the loader has.
func (g *gate) through(t *testing.T, c *Client, n, senders int) time.Duration {
	t.Helper()
	c.http.Transport = g
	sendMany(t, c, 1, 1) // learns the limit
	time.Sleep(burstWindow)
	start := time.Now()
	sendMany(t, c, senders, n)
	return time.Since(start)
}

func TestBurst_IsUsedToTheFullWithoutOne429(t *testing.T) {
	const minutes, senders = 2, 12
	for _, limit := range []int{20, 40, 80, 100, 120} {
		for name, late := range map[string]float64{"on arrival": 0, "with the answer": 1, "at any time": -1} {
			t.Run(fmt.Sprintf("limit %d counted %s", limit, name), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					g := newGate(limit, late, 0)
					c, err := New(Config{BaseURL: "https://acme.pipedrive.com", Token: canary})
					if err != nil {
						t.Fatal(err)
					}
					n := minutes * 30 * slots(limit, 0.9)
					use := g.use(n, 1, g.through(t, c, n, senders))
					t.Logf("%.2f %% of the share", 100*use)
					if use < 0.98 || use > 1.02 {
						t.Errorf("%.2f %% of the share were used, want 98 to 102", 100*use)
					}
					if g.over > 0 {
						t.Errorf("%d answers were 429", g.over)
					}
				})
			})
		}
	}
}

// Each token has a window of its own, and all of them are used.
func TestBurst_OfThreeTokensIsUsedToTheFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(100, -1, 0)
		c, err := New(Config{BaseURL: "https://acme.pipedrive.com", Token: canary, More: []string{second, "third"}})
		if err != nil {
			t.Fatal(err)
		}
		c.http.Transport = g
		sendMany(t, c, 3, 3) // learns the limits
		n := 60 * 3 * slots(100, 0.9)
		use := g.use(n, 3, g.through(t, c, n, 36))
		if use < 0.98 || use > 1.02 || g.over > 0 || len(g.counted) != 3 {
			t.Errorf("%.2f %% of the share of %d tokens were used, %d answers were 429", 100*use, len(g.counted), g.over)
		}
	})
}

// Another sender with the same token takes more than what we leave: after the
// first 429 or the first full window we make room for it.
func TestBurst_MakesRoomForAnotherSenderOfTheToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(100, -1, 15)
		c, err := New(Config{BaseURL: "https://acme.pipedrive.com", Token: canary})
		if err != nil {
			t.Fatal(err)
		}
		took := g.through(t, c, 4000, 12)
		t.Logf("%d answers 429 in %s, %.0f %% of the share", g.over, took, 100*g.use(4000, 1, took))
		if windows := int(took / burstWindow); g.over > windows/4 {
			t.Errorf("%d answers were 429 in %d windows", g.over, windows)
		}
	})
}
