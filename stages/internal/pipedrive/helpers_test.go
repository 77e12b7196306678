package pipedrive

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

const canary = "c4nary+token/0123456789abcdef"

// clock is a clock that only sleeping moves.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) Sleep(ctx context.Context, d time.Duration) error {
	c.wake(c.Now().Add(d))
	return ctx.Err()
}

func (c *clock) wake(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = later(c.at, at)
}

// account is a far side that answers from a script and remembers what it was sent.
type account struct {
	*httptest.Server
	mu   sync.Mutex
	seen []string // "POST /api/v2/deals?query body"
}

func serve(t *testing.T, handler http.HandlerFunc) *account {
	t.Helper()
	a := &account{}
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		line := r.Method + " " + r.URL.RequestURI()
		if len(body) > 0 {
			line += " " + string(body)
		}
		a.mu.Lock()
		a.seen = append(a.seen, line)
		a.mu.Unlock()
		handler(w, r)
	}))
	t.Cleanup(a.Close)
	return a
}

func (a *account) requests() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]string(nil), a.seen...)
}

// answering replies the same to everything.
func answering(status int, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

// inTurn replies with one handler after the other and stays with the last.
func inTurn(handlers ...http.HandlerFunc) http.HandlerFunc {
	var mu sync.Mutex
	return func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		h := handlers[0]
		if len(handlers) > 1 {
			handlers = handlers[1:]
		}
		mu.Unlock()
		h(w, r)
	}
}

// hangUp closes the connection without a word.
func hangUp(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

const json200 = `{"success":true,"data":{"id":7,"name":"Acme"}}`

func connect(t *testing.T, url string, change ...func(*Config)) *Client {
	t.Helper()
	clk := newClock()
	cfg := Config{BaseURL: url, Token: canary, Timeout: 5 * time.Second, Now: clk.Now, Sleep: clk.Sleep}
	for _, f := range change {
		f(&cfg)
	}
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
