package pipedrive

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Limits is what an answer said about the account's limits; -1 where it was
// silent, which is common for the daily pair.
type Limits struct {
	Burst     int // requests per 2 seconds: x-ratelimit-limit
	BurstLeft int // x-ratelimit-remaining
	Daily     int // tokens per day, whole company: x-daily-ratelimit-token-limit
	DailyLeft int // x-daily-ratelimit-token-remaining
}

var unseen = Limits{-1, -1, -1, -1}

func limitsOf(h http.Header) Limits {
	return Limits{
		Burst:     count(h, "X-Ratelimit-Limit"),
		BurstLeft: count(h, "X-Ratelimit-Remaining"),
		Daily:     count(h, "X-Daily-Ratelimit-Token-Limit"),
		DailyLeft: count(h, "X-Daily-Ratelimit-Token-Remaining"),
	}
}

func count(h http.Header, name string) int {
	n, err := strconv.Atoi(strings.TrimSpace(h.Get(name)))
	if err != nil {
		return -1
	}
	return max(n, 0)
}

// seconds reads a waiting time; -1 when there is none. Retry-After may also be a
// date. The unit of x-ratelimit-reset is not documented; the small numbers seen
// are taken for seconds.
func seconds(h http.Header, name string, now time.Time) time.Duration {
	text := strings.TrimSpace(h.Get(name))
	if n, err := strconv.ParseFloat(text, 64); err == nil && n >= 0 && n < 1e6 {
		return time.Duration(n * float64(time.Second))
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(at.Sub(now), 0)
	}
	return -1
}

// dateOf is when an answer was made, by the clock of whoever made it.
func dateOf(h http.Header) time.Time {
	at, _ := http.ParseTime(h.Get("Date")) // zero when it is none
	return at
}

// coolDown is how long to keep still after a 429.
func coolDown(retryAfter, reset time.Duration) time.Duration {
	if reset > maxWait {
		reset = 0 // not seconds after all
	}
	return max(retryAfter, reset, burstWindow)
}

// Timestamp formats t for updated_since, updated_until and add_time of v2: RFC
// 3339 in UTC with whole seconds, because fractions are rejected. It rounds
// down, so updated_since never starts late.
func Timestamp(t time.Time) string { return t.UTC().Truncate(time.Second).Format(time.RFC3339) }
