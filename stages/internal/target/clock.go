package target

import (
	"sync"
	"time"
)

// tolerance is how far the account's clock may be off before it is believed.
const tolerance = time.Minute

// clock tells the account's time. It begins with the machine's time of day, is
// corrected by the date of the answers, and goes on by a clock that nobody sets:
// what a day's tokens belong to, and what came after what, does not depend on
// how this machine is set.
type clock struct {
	steady func() time.Time

	mu   sync.Mutex
	base time.Time // the account's time
	at   time.Time // steady, then
}

func newClock(wall, steady func() time.Time) *clock {
	return &clock{steady: steady, base: wall(), at: steady()}
}

// Now is the account's time.
func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now()
}

func (c *clock) now() time.Time { return c.base.Add(c.steady().Sub(c.at)) }

// hear compares with the date of an answer, which has whole seconds and was on
// its way for a while.
func (c *clock) hear(date time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if off := date.Sub(c.now()).Abs(); !date.IsZero() && off > tolerance {
		c.base, c.at = date, c.steady()
	}
}
