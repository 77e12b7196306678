// Package pipedrive is nextpipe's client of Pipedrive's REST API (v1 and v2).
//
// Its contract, which the loader is built on:
//
//   - A write is sent once. It is sent again only when the first sending
//     certainly had no effect: no connection was made, the answer was 429, or a
//     4xx broke off in the middle of its body.
//   - An error for which errors.Is(err, ErrUnknownOutcome) holds means that the
//     write may have happened: look before sending it again. Every other error
//     means that it did not happen.
//   - *Error says why something was not carried out and who has to act (Kind).
//   - Reads are repeated a few times before they fail.
//   - Requests keep within the account's burst window, together for all
//     goroutines that share a Client.
//   - The API token travels in one header, to one host, and is in no error.
package pipedrive

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// Config says how to reach one Pipedrive account. BaseURL and Token are required.
type Config struct {
	// BaseURL is the company's address, https://acme.pipedrive.com. Other hosts
	// are refused, so that a typing error cannot send the token elsewhere; http
	// and other hosts are accepted on loopback addresses only.
	BaseURL string
	// Token is the API token of one user of the company. More are those of further
	// users, who share the work where the account ends up the same whoever does
	// it: each has a burst window of its own.
	Token string
	More  []string
	// Timeout bounds one request, answer included. Default 30 s.
	Timeout time.Duration
	// Share is the part of the burst window that we take, above 0 and at most 1.
	// Default 0.9, which leaves room for a browser or script of the same user.
	Share float64
	// Files is the folder that Blob.Path is below; needed for uploads only.
	Files string
	// Now is the time of day, Steady a clock that nobody sets and whose
	// differences are durations; Sleep waits. Default: the system's, which in Go
	// are one; Steady is Now when only that is given.
	Now    func() time.Time
	Steady func() time.Time
	Sleep  func(context.Context, time.Duration) error
	// Before is asked before each sending, with what it will cost; its error
	// (usually ErrBudgetSpent) is returned and nothing is sent.
	Before func(Call) error
	// After is told of each sending when it is over. Both hooks are called from
	// the goroutine that sends, so from several at once when several send.
	After func(Call)
	// Blocked is told of a web page in place of an answer, by which the network
	// in front of Pipedrive shuts our traffic out, and says until when nothing
	// may be sent. Several goroutines may tell of the same block. Default: 15
	// minutes, forgotten at the end of the process.
	Blocked func(why *Error) (until time.Time, err error)
}

// String keeps the token out of logs that print a Config.
func (c Config) String() string { return fmt.Sprintf("pipedrive.Config{BaseURL: %q}", c.BaseURL) }

// GoString keeps the token out of %#v.
func (c Config) GoString() string { return c.String() }

// Call describes one sending for the journal: never a body, never the token.
type Call struct {
	Entity   string // as in Resources, or "me"
	Verb     Verb
	Method   string // GET, POST, PATCH, PUT, DELETE
	Template string // /api/v2/deals/{id}
	Path     string // /api/v2/deals/77, without the query
	Cost     int    // documented price in tokens
	Attempt  int    // 1 for the first sending of a request
	Token    int    // whose token: 0 for Config.Token, then More

	// The rest is known afterwards.

	Sent          bool // a connection was ready, so bytes may have left
	Status        int  // 0 when no answer came
	Duration      time.Duration
	CorrelationID string    // Pipedrive's x-correlation-id, for its support
	Date          time.Time // of the answer, by the account's clock; zero when it has none
	Limits        Limits
}

// Client talks to one Pipedrive account. It may be used by several goroutines.
type Client struct {
	base    *url.URL
	tokens  crew
	files   string
	timeout time.Duration
	http    *http.Client
	pace    *pacer
	now     func() time.Time
	steady  func() time.Time
	sleep   func(context.Context, time.Duration) error
	before  func(Call) error
	after   func(Call)
	blocked func(*Error) (time.Time, error)
}

// Host is the host, with its port if any, that requests go to.
func (c *Client) Host() string { return c.base.Host }

// Tokens is how many users' tokens share the work.
func (c *Client) Tokens() int { return len(c.tokens) }

// Rate is how many requests a second our share of the burst windows allows.
func (c *Client) Rate() float64 { return c.pace.rate() }

// New checks the configuration and returns a client. It sends nothing.
func New(cfg Config) (*Client, error) {
	base, err := parseBase(cfg.BaseURL)
	if err != nil {
		return nil, err
	}
	tokens, err := newCrew(append([]string{cfg.Token}, cfg.More...))
	if err != nil {
		return nil, err
	}
	cfg, err = withDefaults(cfg)
	if err != nil {
		return nil, err
	}
	return &Client{
		base:    base,
		tokens:  tokens,
		files:   cfg.Files,
		timeout: cfg.Timeout,
		http:    newHTTPClient(),
		pace:    newPacer(len(tokens), cfg.Share, cfg.Steady, cfg.Sleep),
		now:     cfg.Now,
		steady:  cfg.Steady,
		sleep:   cfg.Sleep,
		before:  cfg.Before,
		after:   cfg.After,
		blocked: cfg.Blocked,
	}, nil
}

func withDefaults(cfg Config) (Config, error) {
	if cfg.Timeout < 0 {
		return cfg, fmt.Errorf("pipedrive timeout %s is negative", cfg.Timeout)
	}
	if cfg.Share < 0 || cfg.Share > 1 {
		return cfg, fmt.Errorf("pipedrive share of the burst window %v is not between 0 and 1", cfg.Share)
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = 30 * time.Second
	}
	if cfg.Share == 0 {
		cfg.Share = 0.9
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Steady == nil {
		cfg.Steady = cfg.Now
	}
	if cfg.Sleep == nil {
		cfg.Sleep = sleep
	}
	if cfg.Before == nil {
		cfg.Before = func(Call) error { return nil }
	}
	if cfg.After == nil {
		cfg.After = func(Call) {}
	}
	if cfg.Blocked == nil {
		now := cfg.Now
		cfg.Blocked = func(*Error) (time.Time, error) { return now().Add(blockPause), nil }
	}
	return cfg, nil
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
