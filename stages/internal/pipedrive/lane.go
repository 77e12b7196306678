package pipedrive

import (
	"math"
	"slices"
	"time"
)

// lane keeps the requests of one token within its burst window.
//
// The server counts a request at some moment between our sending and its answer,
// so there are two bounds. In any two seconds we send no more than our share. And
// of those that a window of the server's may hold, not yet answered or answered
// less than two seconds ago, there are never more than the whole limit: whatever
// the connection does, no window is overrun.
//
// Keeping these to the share as well would lose the time of every answer, one
// request in fourteen at 150 ms. What the share leaves of the limit pays for it:
// with nine tenths, up to 170 ms an answer cost nothing.
type lane struct {
	share float64

	limit     int         // burst limit of the token as last seen
	turn      int         // when a slot was taken last, among those of all lanes
	inFlight  int         // sent, not answered
	sent      []time.Time // the last sendings, oldest first, at most limit of them
	answered  []time.Time // the last answers, likewise
	hold      time.Time   // nothing is sent before
	strikes   int         // 429 in a row
	quietTill time.Time   // end of the pause after the last of them
	isTold    bool        // an answer has said what is left of the day
	isShared  bool        // a 429 has told that somebody else sends with this token
}

// slots is how many requests we put into one window: our share of the limit, but
// at least one.
func slots(limit int, share float64) int {
	// 0.7*10 is a little less than 7 in binary; the epsilon keeps it at 7.
	return max(1, int(math.Floor(float64(limit)*share+1e-9)))
}

// free is when one more request may be sent; false when only an answer to one of
// those under way can tell.
func (l *lane) free(now time.Time) (time.Time, bool) {
	ours := slots(l.limit, l.share)
	counted := l.limit
	if l.isShared {
		counted = ours // the rest belongs to the other sender, not to slow answers
	}
	if l.strikes > 0 {
		ours, counted = 1, 1 // after a 429 one request at a time asks whether it is over
	}
	if !l.isTold && l.inFlight >= mostUntold {
		return time.Time{}, false
	}
	at, ok := earliest(l.answered, l.inFlight, counted, now)
	if len(l.sent) >= ours {
		at = later(at, l.sent[len(l.sent)-ours].Add(burstWindow))
	}
	return later(at, l.hold), ok
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

func (l *lane) take(now time.Time, turn int) {
	l.inFlight++
	l.turn = turn
	l.sent = lastOf(append(l.sent, now), l.limit)
}

func (l *lane) giveBack() {
	l.inFlight--
	l.sent = l.sent[:max(0, len(l.sent)-1)]
}

// hear takes note of an answer, or of its absence.
func (l *lane) hear(now time.Time, r report) {
	l.inFlight--
	l.isTold = l.isTold || r.limits.DailyLeft >= 0
	if r.limits.Burst > 0 {
		l.limit = min(r.limits.Burst, largestBurst)
	}
	l.answered = lastOf(append(l.answered, now), l.limit)
	if l.isCrowded(r) {
		l.hold = later(l.hold, now.Add(quiet(r.reset)))
	}
	l.count(now, r)
}

// isCrowded tells that the other senders of this token leave us less than our
// share: the window is fuller than we leave it, and our own requests, counted
// generously, do not explain it.
func (l *lane) isCrowded(r report) bool {
	left, limit := r.limits.BurstLeft, r.limits.Burst
	if left < 0 || limit <= 0 {
		return false
	}
	ours := l.inFlight
	for _, at := range l.answered {
		if at.After(r.sent.Add(-burstWindow)) {
			ours++
		}
	}
	return left < max(1, limit-slots(limit, l.share)) && left+ours < limit
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
func (l *lane) count(now time.Time, r report) {
	before := r.sent.Before(l.quietTill)
	switch {
	case r.limited:
		l.isShared = true
		if !before {
			l.strikes++
			l.quietTill = now.Add(r.wait)
		}
		l.hold = later(l.hold, now.Add(r.wait))
	case r.answered && !before:
		l.strikes = 0
	}
}

func lastOf(times []time.Time, n int) []time.Time {
	return slices.Delete(times, 0, max(0, len(times)-n))
}
