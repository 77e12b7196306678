package pipedrive

import (
	"context"
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

	"github.com/google/go-cmp/cmp"
)

func TestEarliest_KeepsSlotsTakenUntilTwoSecondsAfterTheAnswer(t *testing.T) {
	t0 := newClock().at
	at := func(ms ...int) (out []time.Time) {
		for _, m := range ms {
			out = append(out, t0.Add(time.Duration(m)*time.Millisecond))
		}
		return out
	}
	tests := []struct {
		name            string
		answered        []time.Time
		inFlight, slots int
		now, want       int // milliseconds; want -1: only an answer can tell
	}{
		{"nothing sent", nil, 0, 3, 0, 0},
		{"a slot left", at(0, 10), 0, 3, 20, 20},
		{"all slots used", at(0, 10, 20), 0, 3, 30, 2050},
		{"the oldest has just come free", at(0, 10, 20), 0, 3, 2050, 2050},
		{"older answers do not count", at(-5000, 0, 10, 20), 0, 3, 30, 2050},
		{"requests under way take slots", at(0, 10, 20), 1, 3, 30, 2060},
		{"all slots under way", at(0), 3, 3, 30, -1},
		{"long ago", at(0, 10, 20), 0, 3, 9000, 9000},
	}
	for _, tt := range tests {
		got, ok := earliest(tt.answered, tt.inFlight, tt.slots, at(tt.now)[0])
		if ok != (tt.want >= 0) || ok && !got.Equal(at(tt.want)[0]) {
			t.Errorf("%s: %s %v, want %d ms", tt.name, got.Sub(t0), ok, tt.want)
		}
	}
}

func TestSlots_IsOurShareOfTheLimit(t *testing.T) {
	for _, tt := range []struct {
		limit int
		share float64
		want  int
	}{{20, 0.9, 18}, {40, 0.9, 36}, {80, 0.9, 72}, {100, 0.9, 90}, {120, 0.9, 108}, {10, 0.7, 7}, {20, 1, 20}, {20, 0.01, 1}} {
		if got := slots(tt.limit, tt.share); got != tt.want {
			t.Errorf("slots(%d, %v) = %d, want %d", tt.limit, tt.share, got, tt.want)
		}
	}
}

func TestCrowded_NoticesAnotherSenderOnly(t *testing.T) {
	for _, tt := range []struct {
		name        string
		limit, left int
		ours        int // answered within the window
		share       float64
		want        bool
	}{
		{"window unused", 20, 19, 1, 0.9, false},
		{"our whole share used", 20, 2, 18, 0.9, false},
		{"our requests counted late", 20, 0, 20, 0.9, false},
		{"somebody uses what we leave", 20, 2, 10, 0.9, false},
		{"somebody uses more than that", 20, 1, 10, 0.9, true},
		{"nothing left for us", 20, 0, 10, 1, true},
		{"all of it is ours", 20, 0, 20, 1, false},
		{"answer is silent", -1, -1, 10, 0.9, false},
	} {
		now := newClock().at
		l := &lane{share: tt.share, limit: 20, answered: slices.Repeat([]time.Time{now}, tt.ours)}
		r := report{sent: now, limits: Limits{Burst: tt.limit, BurstLeft: tt.left}}
		if got := l.isCrowded(r); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestCoolDown_TakesTheLongestHintButNotAnEpoch(t *testing.T) {
	for _, tt := range []struct{ retryAfter, reset, want time.Duration }{
		{-1, -1, 2 * time.Second},
		{5 * time.Second, 3 * time.Second, 5 * time.Second},
		{-1, 9 * time.Second, 9 * time.Second},
		{time.Second, 400000 * time.Second, 2 * time.Second},
	} {
		if got := coolDown(tt.retryAfter, tt.reset); got != tt.want {
			t.Errorf("coolDown(%s, %s) = %s, want %s", tt.retryAfter, tt.reset, got, tt.want)
		}
	}
}

func TestSeconds_ReadsNumbersAndDates(t *testing.T) {
	now := newClock().at
	for text, want := range map[string]time.Duration{
		"": -1, "2": 2 * time.Second, "0.5": 500 * time.Millisecond, "-3": -1, "soon": -1, "NaN": -1, "1764000000": -1,
		"Tue, 24 Nov 2026 08:01:00 GMT": time.Minute, "Tue, 24 Nov 2026 07:00:00 GMT": 0,
	} {
		if got := seconds(http.Header{"Retry-After": {text}}, "Retry-After", now); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

func TestTimestamp_HasWholeSecondsAndNeverLies(t *testing.T) {
	berlin := time.FixedZone("", 3600)
	got := Timestamp(time.Date(2026, 11, 24, 1, 2, 3, 999_999_999, berlin))
	if want := "2026-11-24T00:02:03Z"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestBurst_NeverMoreThanTheLimitInAnyWindow lets goroutines send as fast as they
// may over a line whose delay changes all the time, and looks at the far side's
// clock.
func TestBurst_NeverMoreThanTheLimitInAnyWindow(t *testing.T) {
	for _, tt := range []struct{ limit, senders int }{{20, 1}, {20, 8}, {20, 40}, {40, 30}, {120, 60}} {
		t.Run(fmt.Sprintf("limit %d, %d senders", tt.limit, tt.senders), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				line := &slowLine{limit: tt.limit, chance: rand.New(rand.NewPCG(1, 2))}
				c, err := New(Config{BaseURL: "https://acme.pipedrive.com", Token: canary, Timeout: time.Hour})
				if err != nil {
					t.Fatal(err)
				}
				c.http.Transport = line
				start := time.Now()
				sendMany(t, c, tt.senders, 600)
				if got := densest(line.arrivals, burstWindow); got > tt.limit {
					t.Errorf("%d requests within 2 s, the limit is %d", got, tt.limit)
				}
				perRequest := max(2.5/(0.9*float64(tt.limit)), 0.5/float64(tt.senders))
				if lasted := time.Since(start).Seconds(); lasted > 600*perRequest {
					t.Errorf("600 requests took %.0f s: the window is badly used", lasted)
				}
			})
		})
	}
}

// slowLine is a far side that a request reaches after up to 400 ms, and whose
// answer takes as long again.
type slowLine struct {
	limit    int
	mu       sync.Mutex
	chance   *rand.Rand
	arrivals []time.Time
}

func (l *slowLine) RoundTrip(*http.Request) (*http.Response, error) {
	l.travel()
	l.mu.Lock()
	l.arrivals = append(l.arrivals, time.Now())
	l.mu.Unlock()
	l.travel()
	return &http.Response{
		StatusCode: 200,
		Header:     http.Header{"X-Ratelimit-Limit": {fmt.Sprint(l.limit)}, "X-Daily-Ratelimit-Token-Remaining": {"30000"}},
		Body:       io.NopCloser(strings.NewReader(json200)),
	}, nil
}

func (l *slowLine) travel() {
	l.mu.Lock()
	delay := time.Duration(l.chance.Int64N(int64(400 * time.Millisecond)))
	if l.chance.IntN(2) == 0 {
		delay /= 40
	}
	l.mu.Unlock()
	time.Sleep(delay)
}

func sendMany(t *testing.T, c *Client, senders, requests int) {
	t.Helper()
	work := make(chan int, requests)
	for i := range requests {
		work <- i
	}
	close(work)
	var wg sync.WaitGroup
	for range senders {
		wg.Go(func() {
			for range work {
				if _, err := c.Get(context.Background(), "deal", "7"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

// densest is the largest number of times within any window, both ends included.
func densest(times []time.Time, window time.Duration) int {
	most, first := 0, 0
	for i, at := range times {
		for at.Sub(times[first]) > window {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}

func TestPacer_StandsStillWhileAnotherSenderFillsTheWindow(t *testing.T) {
	clk := newClock()
	p := newPacer(1, 0.9, clk.Now, clk.Sleep)
	start := clk.Now()
	for range 3 {
		if _, err := p.acquire(context.Background(), anyToken); err != nil {
			t.Fatal(err)
		}
		p.release(0, report{sent: clk.Now(), answered: true, reset: -1, limits: Limits{Burst: 20, BurstLeft: 1}})
	}
	if got := clk.Now().Sub(start); got != 4*time.Second {
		t.Errorf("three requests took %s, want a pause of 2 s after each", got)
	}
}

func TestPacer_CountsRequestsUnderWayAsOneStrike(t *testing.T) {
	clk := newClock()
	p := newPacer(1, 1, clk.Now, clk.Sleep)
	hit := func(sent time.Time) int {
		return p.release(0, report{sent: sent, answered: true, limited: true, wait: 3 * time.Second, limits: unseen})
	}
	first := clk.Now()
	for range 4 {
		_, _ = p.acquire(context.Background(), anyToken)
	}
	got := []int{hit(first), hit(first), hit(first)}
	// A success of a request from before the pause is not the end of it.
	got = append(got, p.release(0, report{sent: first, answered: true, limits: unseen}))
	_, _ = p.acquire(context.Background(), anyToken)
	if waited := clk.Now().Sub(first); waited < 3*time.Second {
		t.Errorf("asked again after %s, want 3 s", waited)
	}
	got = append(got, hit(clk.Now()))
	_, _ = p.acquire(context.Background(), anyToken)
	got = append(got, p.release(0, report{sent: clk.Now(), answered: true, limits: unseen}))
	if diff := cmp.Diff([]int{1, 1, 1, 1, 2, 0}, got); diff != "" {
		t.Errorf("strikes (-want +got):\n%s", diff)
	}
}
