package pipedrive

import (
	"context"
	"sync"
	"time"
)

const (
	// burstWindow is the rolling window of Pipedrive's burst limit.
	burstWindow = 2 * time.Second
	// windowGuard covers a server clock that counts in coarse steps.
	windowGuard = 50 * time.Millisecond
	// smallestBurst is the burst limit of the smallest plan, assumed until an
	// answer says more.
	smallestBurst = 20
	// largestBurst bounds what an answer may make us believe.
	largestBurst = 1000
	// maxWait is the longest pause worth making inside a request; a longer one
	// belongs to the daily budget or to an outage.
	maxWait = time.Minute
	// maxStrikes is how many 429 in a row, each after a pause, are taken for more
	// than a burst.
	maxStrikes = 3
	// mostUntold is how many requests of a token are under way at once while no
	// answer has said what is left of the day. All of them may meet its end, and
	// with the strikes that follow ten are too many: Cloudflare blocks the account.
	mostUntold = 7
)

// pacer keeps all requests of a client within the burst windows of its tokens:
// one lane each. Whatever quiets the company quiets all of them.
type pacer struct {
	now   func() time.Time // steady
	sleep func(context.Context, time.Duration) error
	// turn lets one request at a time wait, so that they go in order and a pause
	// is made once, not once a goroutine.
	turn chan struct{}

	mu      sync.Mutex
	lanes   []*lane
	turns   int    // slots taken so far
	halt    *Error // why nobody sends before haltEnd
	haltEnd time.Time
	changed chan struct{} // closed when a slot comes back
}

func newPacer(lanes int, share float64, now func() time.Time, sleep func(context.Context, time.Duration) error) *pacer {
	p := &pacer{now: now, sleep: sleep, turn: make(chan struct{}, 1), changed: make(chan struct{})}
	for range max(lanes, 1) {
		p.lanes = append(p.lanes, &lane{share: share, limit: smallestBurst})
	}
	return p
}

// rate is how many requests a second the lanes allow together.
func (p *pacer) rate() float64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	sum := 0
	for _, l := range p.lanes {
		sum += slots(l.limit, l.share)
	}
	return float64(sum) / burstWindow.Seconds()
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// acquire waits until a request may be sent and takes a slot for it, in the lane
// of that token or of any. It returns the lane; the reason when the account asked
// for quiet; and the context's error.
func (p *pacer) acquire(ctx context.Context, token int) (int, error) {
	select {
	case p.turn <- struct{}{}:
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	defer func() { <-p.turn }()
	for {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		n, wait, changed, err := p.try(token)
		switch {
		case err != nil:
			return 0, err
		case changed == nil && wait <= 0:
			return n, nil
		case changed != nil:
			select {
			case <-changed:
			case <-ctx.Done():
			}
		default:
			if err := p.sleep(ctx, min(wait, maxWait)); err != nil {
				return 0, err
			}
		}
	}
}

// try takes a slot, or says how long to wait, or what to wait for.
func (p *pacer) try(token int) (n int, wait time.Duration, changed <-chan struct{}, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	if p.halt != nil && now.Before(p.haltEnd) {
		return 0, 0, nil, p.halt
	}
	n, at := -1, time.Time{}
	for i, l := range p.lanes {
		free, ok := l.free(now)
		sooner := n < 0 || free.Before(at) || free.Equal(at) && l.turn < p.lanes[n].turn
		if ok && sooner && (i == token || token == anyToken) {
			n, at = i, free
		}
	}
	switch {
	case n < 0:
		return 0, 0, p.changed, nil
	case at.After(now):
		return n, at.Sub(now), nil, nil
	}
	p.turns++
	p.lanes[n].take(now, p.turns)
	return n, 0, nil, nil
}

// giveBack returns a slot that was not used.
func (p *pacer) giveBack(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lanes[n].giveBack()
	p.wake()
}

// report is what a request taught about the limits.
type report struct {
	sent     time.Time
	limits   Limits
	reset    time.Duration // x-ratelimit-reset, -1 when absent
	answered bool
	limited  bool          // the answer was 429
	wait     time.Duration // how long it wants us to keep still
}

// release returns a slot after an answer, or after waiting for one in vain. It
// returns the number of 429 in a row.
func (p *pacer) release(n int, r report) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lanes[n].hear(p.now(), r)
	p.wake()
	return p.lanes[n].strikes
}

// stop makes every request fail with why, unsent, until the pause is over.
func (p *pacer) stop(why *Error, pause time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.halt, p.haltEnd = why, p.now().Add(pause)
	p.wake()
}

func (p *pacer) wake() {
	close(p.changed)
	p.changed = make(chan struct{})
}
