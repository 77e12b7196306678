package pipedrive

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

const (
	maxTries    = 4 // sendings of one request, those answered 429 not counted
	firstPause  = time.Second
	longestRest = 20 * time.Second
	jitter      = 500 * time.Millisecond
	maxAttempts = 20 // sendings of one request in all
	blockPause  = 15 * time.Minute
)

// again is the retry policy: whether a request may be sent once more after the
// given number of tries, and after which pause (exponential, full jitter; chance
// is in [0,1)). It is asked for everything but 429, which the pacer handles.
//
//	harmless   any method: certainly nothing happened
//	lost       reads only: a write may have happened
func again(isWrite bool, v verdict, tries int, chance float64) (time.Duration, bool) {
	mayRepeat := v.fate == harmless || v.fate == lost && !isWrite && v.kind != Blocked
	if !mayRepeat || tries >= maxTries {
		return 0, false
	}
	ceiling := min(firstPause<<(tries-1), longestRest)
	return time.Duration(chance * float64(ceiling)), true
}

// do sends r until its fate is settled. read understands the data of the answer.
func (c *Client) do(ctx context.Context, r request, read func(envelope) error) error {
	for tries := 0; ; {
		r.call.Attempt++
		s, err := c.once(ctx, r, read)
		if err != nil {
			return err
		}
		if s.fate == limited {
			if err := c.overLimit(r, s); err != nil {
				return err
			}
			continue // the pacer makes the pause
		}
		tries++
		pause, ok := again(r.isWrite(), s.verdict, tries, rand.Float64())
		if !ok || ctx.Err() != nil {
			return c.settle(ctx, r, s)
		}
		if err := c.sleep(ctx, pause); err != nil {
			return c.unsent(r, err)
		}
	}
}

// sending is one sending and what became of it.
type sending struct {
	answer
	verdict
	limits  Limits
	wait    time.Duration // what a 429 asks for
	strikes int           // 429 in a row, over the whole client
	at      time.Time     // when it was over, by the time of day
	took    time.Duration
}

// once waits for its turn and sends r. Its error means that nothing was sent.
func (c *Client) once(ctx context.Context, r request, read func(envelope) error) (sending, error) {
	lane, err := c.pace.acquire(ctx, r.token)
	if err != nil {
		return sending{}, c.unsent(r, err)
	}
	r.call.Token = lane
	if err := c.before(r.call); err != nil {
		c.pace.giveBack(lane)
		return sending{}, c.unsent(r, err)
	}
	start := c.steady()
	a := c.exchange(ctx, r)
	s := sending{answer: a, verdict: r.judge(a, read), limits: limitsOf(a.header), at: c.now(), took: c.steady().Sub(start)}
	reset := seconds(a.header, "X-Ratelimit-Reset", s.at)
	if s.fate == limited {
		s.wait = coolDown(seconds(a.header, "Retry-After", s.at), reset) + rand.N(jitter)
	}
	s.strikes = c.pace.release(lane, report{sent: start, limits: s.limits, reset: reset,
		answered: a.status != 0, limited: s.fate == limited, wait: min(s.wait, maxWait)})
	c.after(c.told(r, s))
	return s, nil
}

// unsent names the request in an error that ended it before a sending that could
// matter. A request held back after a halt gets the halt's reason under its own
// name.
func (c *Client) unsent(r request, err error) error {
	var halt *Error
	if errors.As(err, &halt) && halt == err {
		own := *halt
		own.Entity, own.Method, own.Path = r.call.Entity, r.call.Method, r.call.Path
		return &own
	}
	return fmt.Errorf("%s %s: %w", r.call.Method, r.call.Path, err)
}

func (c *Client) told(r request, s sending) Call {
	call := r.call
	call.Sent, call.Status, call.Limits = s.sent, s.status, s.limits
	call.Duration, call.Date = s.took, dateOf(s.header)
	call.CorrelationID = c.clean(s.header.Get("X-Correlation-Id"))
	return call
}

// ended says what a 429 means in the end, and 0 while it is a burst that passes.
//
// The daily budget is spent when the answer shows fewer tokens than the request
// costs. The daily headers are often missing; then pauses that do not help, or
// a Retry-After too long for a burst, are taken for a spent budget.
func ended(dailyLeft, cost int, wait time.Duration, strikes, attempt int) Kind {
	persistent := strikes >= maxStrikes || wait > maxWait+jitter
	switch {
	case dailyLeft >= 0 && dailyLeft < cost:
		return BudgetSpent
	case persistent && dailyLeft < 0:
		return BudgetSpent
	case persistent || attempt >= maxAttempts:
		return Temporary // tokens are left: someone else fills the burst window
	}
	return 0
}

// overLimit acts on a 429: nil to ask again, else the error that ends the request
// and quiets the client for a minute.
func (c *Client) overLimit(r request, s sending) error {
	kind := ended(s.limits.DailyLeft, r.call.Cost, s.wait, s.strikes, r.call.Attempt)
	if kind == 0 {
		return nil
	}
	e := &Error{Failure: c.failure(r, s), Kind: kind}
	if s.wait > maxWait+jitter {
		e.Until = s.at.Add(s.wait)
	}
	c.pace.stop(e, maxWait)
	return e
}

// settle turns the last sending of a request into the caller's result.
func (c *Client) settle(ctx context.Context, r request, s sending) error {
	failure := c.failure(r, s)
	failure.cause = ctx.Err()
	own := &Error{Failure: failure, Kind: s.kind}
	if s.kind == Blocked {
		if err := c.shut(own, s); err != nil {
			return errors.Join(c.result(r, s, own), err)
		}
	}
	return c.result(r, s, own)
}

func (c *Client) result(r request, s sending, own *Error) error {
	switch {
	case s.fate == done:
		return nil
	case s.fate == lost && r.isWrite():
		return &UnknownError{own.Failure}
	case s.kind == 0 && own.cause != nil:
		return c.unsent(r, own.cause)
	case s.kind == 0:
		own.Kind = Temporary
	}
	return own
}

// shut quiets the client. A redirect or an untrusted certificate is a matter of
// this process; a web page may be the answer to all our traffic.
func (c *Client) shut(why *Error, s sending) (err error) {
	pause := blockPause
	if s.page {
		why.Until, err = c.blocked(why)
		pause = why.Until.Sub(s.at)
	}
	c.pace.stop(why, pause)
	return err
}

func (c *Client) failure(r request, s sending) Failure {
	return Failure{
		Entity: r.call.Entity, Method: r.call.Method, Path: r.call.Path,
		Status: s.status, Code: c.clean(s.code), Message: c.clean(s.message),
		CorrelationID: c.clean(s.header.Get("X-Correlation-Id")),
	}
}
