package pipedrive

import (
	"context"
	"math"
	"slices"
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
	// than a burst. Ten calls while limited make Cloudflare block the account.
	maxStrikes = 5
)

// pacer keeps all requests of a client within the burst window.
//
// The server counts a request at some moment between our sending and its answer.
// So a slot is taken from the sending until two seconds after the answer: then no
// two-second window of the server's can hold more requests than there are slots,
// however long requests are on their way. A refilling bucket, or a ring of
// sending times, lets through twice the limit when a slow connection is followed
// by a fast one.
type pacer struct {
	share float64
	now   func() time.Time
	sleep func(context.Context, time.Duration) error

	mu        sync.Mutex
	limit     int         // burst limit of the account as last seen
	inFlight  int         // sent, not answered
	answered  []time.Time // the last answers, oldest first, at most limit of them
	hold      time.Time   // nobody sends before
	strikes   int         // 429 in a row
	quietTill time.Time   // end of the pause after the last of them
	halt      *Error      // why nobody sends before haltEnd
	haltEnd   time.Time
	changed   chan struct{} // closed when a slot comes back
}

func newPacer(share float64, now func() time.Time, sleep func(context.Context, time.Duration) error) *pacer {
	return &pacer{share: share, now: now, sleep: sleep, limit: smallestBurst, changed: make(chan struct{})}
}

// slots is how many requests we put into one window: our share of the limit, but
// at least one.
func slots(limit int, share float64) int {
	// 0.7*10 is a little less than 7 in binary; the epsilon keeps it at 7.
	return max(1, int(math.Floor(float64(limit)*share+1e-9)))
}

// earliest is when one more request may be sent, given the times of the last
// answers (oldest first) and the number of requests under way; false when all
// slots are under way and only an answer can free one.
func earliest(answered []time.Time, inFlight, slots int, now time.Time) (time.Time, bool) {
	free := slots - inFlight
	if free <= 0 {
		return time.Time{}, false
	}
	if len(answered) < free {
		return now, true
	}
	return later(now, answered[len(answered)-free].Add(burstWindow+windowGuard)), true
}

// crowded tells that something else sends with the same token: less is left of
// the window than we always leave ourselves, or nothing at all.
func crowded(l Limits, slots int) bool {
	return l.BurstLeft == 0 || l.BurstLeft > 0 && l.Burst > 0 && l.BurstLeft < l.Burst-slots
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// acquire waits until a request may be sent and takes a slot for it. It returns
// the reason when the account asked for quiet, and the context's error.
func (p *pacer) acquire(ctx context.Context) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		wait, changed, err := p.try()
		switch {
		case err != nil:
			return err
		case changed == nil && wait <= 0:
			return nil
		case changed != nil:
			select {
			case <-changed:
			case <-ctx.Done():
			}
		default:
			// The bound matters only to a clock that was set back.
			if err := p.sleep(ctx, min(wait, maxWait)); err != nil {
				return err
			}
		}
	}
}

// try takes a slot, or says how long to wait, or what to wait for.
func (p *pacer) try() (time.Duration, <-chan struct{}, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	if p.halt != nil && now.Before(p.haltEnd) {
		return 0, nil, p.halt
	}
	n := slots(p.limit, p.share)
	if p.strikes > 0 {
		n = 1 // after a 429 one request at a time asks whether it is over
	}
	at, ok := earliest(p.answered, p.inFlight, n, now)
	if !ok {
		return 0, p.changed, nil
	}
	if wait := later(at, p.hold).Sub(now); wait > 0 {
		return wait, nil, nil
	}
	p.inFlight++
	return 0, nil, nil
}

// giveBack returns a slot that was not used.
func (p *pacer) giveBack() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.inFlight--
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
func (p *pacer) release(r report) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	p.inFlight--
	p.remember(now, r.limits)
	if crowded(r.limits, slots(p.limit, p.share)) {
		p.hold = later(p.hold, now.Add(quiet(r.reset)))
	}
	p.count(now, r)
	p.wake()
	return p.strikes
}

func (p *pacer) remember(now time.Time, l Limits) {
	if l.Burst > 0 {
		p.limit = min(l.Burst, largestBurst)
	}
	p.answered = append(p.answered, now)
	if extra := len(p.answered) - p.limit; extra > 0 {
		p.answered = slices.Delete(p.answered, 0, extra)
	}
}

// quiet is how long to wait for a crowded window: never longer than the window.
func quiet(reset time.Duration) time.Duration {
	if reset < 0 || reset > burstWindow {
		return burstWindow
	}
	return reset
}

// count keeps the row of 429. Requests that were under way when the limit struck
// are one strike together, and their late successes do not end the row.
func (p *pacer) count(now time.Time, r report) {
	before := r.sent.Before(p.quietTill)
	switch {
	case r.limited:
		if !before {
			p.strikes++
			p.quietTill = now.Add(r.wait)
		}
		p.hold = later(p.hold, now.Add(r.wait))
	case r.answered && !before:
		p.strikes = 0
	}
}

// stop makes every request before until fail with why, unsent.
func (p *pacer) stop(why *Error, until time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.halt, p.haltEnd = why, until
	p.wake()
}

func (p *pacer) wake() {
	close(p.changed)
	p.changed = make(chan struct{})
}
