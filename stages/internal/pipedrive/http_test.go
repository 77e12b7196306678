package pipedrive

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const refusal = `{"success":false,"error":"Validation failed: title: missing","code":"ERR_SCHEMA_VALIDATION_FAILED"}`

func create(c *Client) error {
	_, err := c.Create(context.Background(), "deal", []byte(`{"title":"Pilot"}`))
	return err
}

func read(c *Client) error {
	_, err := c.Get(context.Background(), "deal", "7")
	return err
}

func TestClient_ReportsEachRefusalByKind(t *testing.T) {
	const html = "<html>error code: 1015</html>"
	tests := []struct {
		name   string
		far    http.HandlerFunc
		want   Kind
		status int
		sends  int
	}{
		{"validation", answering(400, "application/json", refusal), Refused, 400, 1},
		{"revoked token", answering(401, "application/json", refusal), Unauthorized, 401, 1},
		{"unpaid account", answering(402, "application/json", refusal), AccountClosed, 402, 1},
		{"no permission", answering(403, "application/json", refusal), Forbidden, 403, 1},
		{"plan is full", answering(403, "application/json", `{"error":"x","code":"feature_capping_deals_limit"}`), Capped, 403, 1},
		{"cloudflare", answering(403, "text/html", html), Blocked, 403, 1},
		{"redirect", http.RedirectHandler("https://elsewhere.example/", http.StatusTemporaryRedirect).ServeHTTP, Blocked, 307, 1},
		{"burst that never ends, tokens left", tooMany("X-Daily-Ratelimit-Token-Remaining", "900"), Temporary, 429, maxStrikes},
		{"spent budget", tooMany("X-Daily-Ratelimit-Token-Remaining", "0"), BudgetSpent, 429, 1},
		{"spent budget, headers missing", tooMany("Retry-After", "1"), BudgetSpent, 429, maxStrikes},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			far := serve(t, tt.far)
			err := create(connect(t, far.URL))
			var refused *Error
			if !errors.As(err, &refused) {
				t.Fatalf("got %v, want *Error", err)
			}
			if refused.Kind != tt.want || refused.Status != tt.status || refused.Entity != "deal" {
				t.Errorf("got %q %d %s, want %q %d deal", refused.Kind, refused.Status, refused.Entity, tt.want, tt.status)
			}
			if errors.Is(err, ErrUnknownOutcome) || errors.Is(err, ErrBudgetSpent) != (tt.want == BudgetSpent) {
				t.Errorf("%v is taken for another sentinel", err)
			}
			if got := len(far.requests()); got != tt.sends {
				t.Errorf("sent %d times, want %d", got, tt.sends)
			}
		})
	}
}

func tooMany(header, value string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(header, value)
		answering(429, "application/json", `{"success":false,"error":"request over limit"}`)(w, r)
	}
}

// unreliable are the answers after which a write may have been carried out.
func unreliable() map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{
		"hang up":          hangUp,
		"408":              answering(408, "application/json", refusal),
		"500":              answering(500, "application/json", `{"success":false,"code":"ERR_UNKNOWN"}`),
		"502 as a page":    answering(502, "text/html", "<html>bad gateway</html>"),
		"504":              answering(504, "text/plain", ""),
		"truncated JSON":   answering(200, "application/json", `{"success":true,"data":{"id":`),
		"no id":            answering(200, "application/json", `{"success":true,"data":{"name":"x"}}`),
		"web page as 200":  answering(200, "text/html", "<html>please wait</html>"),
		"body cut short":   cutBody,
		"no answer at all": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
	}
}

// cutBody promises more than it sends.
func cutBody(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "400")
	io.WriteString(w, json200)
}

func TestWrite_IsSentOnceAndItsOutcomeUnknownAfterAnUnreliableAnswer(t *testing.T) {
	writes := map[string]func(*Client) error{
		"create": create,
		"update": func(c *Client) error {
			_, err := c.Update(context.Background(), "deal", "7", []byte(`{"title":"x"}`))
			return err
		},
	}
	for answer, handler := range unreliable() {
		for verb, write := range writes {
			t.Run(verb+", "+answer, func(t *testing.T) {
				far := serve(t, handler)
				err := write(connect(t, far.URL, func(cfg *Config) { cfg.Timeout = 200 * time.Millisecond }))
				var unknown *UnknownError
				if !errors.Is(err, ErrUnknownOutcome) || !errors.As(err, &unknown) {
					t.Fatalf("got %v, want ErrUnknownOutcome", err)
				}
				if got := len(far.requests()); got != 1 {
					t.Errorf("sent %d times, want once", got)
				}
			})
		}
	}
}

func TestDelete_NeedsSuccessButNoParticularData(t *testing.T) {
	for body, wantErr := range map[string]bool{
		`{"success":true,"data":{"id":7}}`: false, `{"success":true,"data":true}`: false,
		`{"success":true}`: false, `{"data":{"id":7}}`: true,
	} {
		far := serve(t, answering(200, "application/json", body))
		err := connect(t, far.URL).Delete(context.Background(), "deal", "7")
		if errors.Is(err, ErrUnknownOutcome) != wantErr {
			t.Errorf("%s: %v", body, err)
		}
	}
}

// TestWrite_IsNotReplayedOnAStaleConnection closes a kept-alive connection in the
// moment of the next request: net/http would replay a request it can rewind.
func TestWrite_IsNotReplayedOnAStaleConnection(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	posts := make(chan string, 10)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go answerOnce(conn, posts)
		}
	}()
	c := connect(t, "http://"+listener.Addr().String())
	if err := create(c); err != nil {
		t.Fatal(err)
	}
	if err := create(c); !errors.Is(err, ErrUnknownOutcome) {
		t.Errorf("second create: %v, want ErrUnknownOutcome", err)
	}
	if got := len(posts); got != 2 {
		t.Errorf("%d requests arrived, want 2", got)
	}
}

// answerOnce answers the first request of a connection and hangs up on the second.
func answerOnce(conn net.Conn, posts chan<- string) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	for i := range 2 {
		req, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		io.Copy(io.Discard, req.Body)
		posts <- req.Method
		if i == 0 {
			fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(json200), json200)
		}
	}
}

func TestWrite_ThatFoundNoConnectionIsRepeatedAndThenTemporary(t *testing.T) {
	far := httptest.NewServer(http.NotFoundHandler())
	far.Close() // its port refuses connections now
	var tries int
	c := connect(t, far.URL, func(cfg *Config) {
		cfg.After = func(call Call) {
			tries++
			if call.Sent || call.Status != 0 || call.Attempt != tries {
				t.Errorf("told %+v, want an attempt %d that was not sent", call, tries)
			}
		}
	})
	var refused *Error
	if err := create(c); !errors.As(err, &refused) || refused.Kind != Temporary {
		t.Errorf("got %v, want a temporary error", err)
	}
	if tries != maxTries {
		t.Errorf("tried %d times, want %d", tries, maxTries)
	}
}

func TestRead_IsRepeatedUntilItSucceeds(t *testing.T) {
	for name, handler := range unreliable() {
		if name == "web page as 200" {
			continue // a page is a block, not an accident
		}
		t.Run(name, func(t *testing.T) {
			far := serve(t, inTurn(handler, handler, answering(200, "application/json", json200)))
			c := connect(t, far.URL, func(cfg *Config) { cfg.Timeout = 100 * time.Millisecond })
			if err := read(c); err != nil {
				t.Error(err)
			}
			if got := len(far.requests()); got < 3 { // net/http may repeat a hung-up read itself
				t.Errorf("sent %d times, want 3", got)
			}
		})
	}
}

func TestRead_GivesUpAsTemporary(t *testing.T) {
	far := serve(t, answering(503, "text/html", "<html>maintenance</html>"))
	var failed *Error
	if err := read(connect(t, far.URL)); !errors.As(err, &failed) || failed.Kind != Temporary || failed.Status != 503 {
		t.Errorf("got %v, want a temporary 503", err)
	}
	if got := len(far.requests()); got != maxTries {
		t.Errorf("sent %d times, want %d", got, maxTries)
	}
}

func TestWrite_IsRepeatedAfterABurst(t *testing.T) {
	far := serve(t, inTurn(tooMany("Retry-After", "7"), answering(201, "application/json", json200)))
	clk := newClock()
	start := clk.Now()
	c := connect(t, far.URL, func(cfg *Config) { cfg.Now, cfg.Sleep = clk.Now, clk.Sleep })
	if err := create(c); err != nil {
		t.Fatal(err)
	}
	if waited := clk.Now().Sub(start); waited < 7*time.Second || waited > 8*time.Second {
		t.Errorf("waited %s, want Retry-After and a little more", waited)
	}
}

func TestBlock_QuietsTheWholeClient(t *testing.T) {
	far := serve(t, inTurn(answering(403, "text/html", "error code: 1015"), answering(200, "application/json", json200)))
	clk := newClock()
	c := connect(t, far.URL, func(cfg *Config) { cfg.Now, cfg.Sleep = clk.Now, clk.Sleep })
	_ = create(c)
	var blocked *Error
	if err := read(c); !errors.As(err, &blocked) || blocked.Kind != Blocked || blocked.Path != "/api/v2/deals/7" {
		t.Errorf("next request: %v, want it blocked under its own name", err)
	}
	if got := len(far.requests()); got != 1 {
		t.Errorf("%d requests arrived, want 1", got)
	}
	clk.wake(blocked.Until)
	if err := read(c); err != nil {
		t.Errorf("after the pause: %v", err)
	}
}

func TestContext_EndsARequest(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	far := serve(t, func(_ http.ResponseWriter, r *http.Request) { cancel(); <-r.Context().Done() })
	c := connect(t, far.URL)
	_, err := c.Create(ctx, "deal", []byte(`{}`))
	if !errors.Is(err, ErrUnknownOutcome) || !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled while under way: %v, want unknown and cancelled", err)
	}
	_, err = c.Create(ctx, "deal", []byte(`{}`))
	if errors.Is(err, ErrUnknownOutcome) || !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled before sending: %v, want cancelled only", err)
	}
	if got := len(far.requests()); got != 1 {
		t.Errorf("%d requests arrived, want 1", got)
	}
}

func TestHooks_SeeEachSendingAndMayForbidIt(t *testing.T) {
	far := serve(t, func(w http.ResponseWriter, r *http.Request) {
		for name, value := range map[string]string{"X-Correlation-Id": "abc", "X-Ratelimit-Limit": "40", "X-Ratelimit-Remaining": "39",
			"Date": "Tue, 24 Nov 2026 08:00:01 GMT", "X-Daily-Ratelimit-Token-Limit": "30000", "X-Daily-Ratelimit-Token-Remaining": "29995"} {
			w.Header().Set(name, value)
		}
		answering(200, "application/json", json200)(w, r)
	})
	var asked, told []Call
	left := 7
	c := connect(t, far.URL, func(cfg *Config) {
		cfg.Before = func(call Call) error {
			asked = append(asked, call)
			if left -= call.Cost; left < 0 {
				return ErrBudgetSpent
			}
			return nil
		}
		cfg.After = func(call Call) { told = append(told, call) }
	})
	if err := create(c); err != nil {
		t.Fatal(err)
	}
	if err := create(c); !errors.Is(err, ErrBudgetSpent) {
		t.Errorf("got %v, want ErrBudgetSpent", err)
	}
	want := Call{Entity: "deal", Verb: Create, Method: "POST", Template: "/api/v2/deals", Path: "/api/v2/deals", Cost: 5, Attempt: 1, Limits: unseen}
	if diff := cmp.Diff([]Call{want, want}, asked); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
	want.Date = time.Date(2026, 11, 24, 8, 0, 1, 0, time.UTC)
	want.Sent, want.Status, want.CorrelationID, want.Limits = true, 200, "abc", Limits{40, 39, 30000, 29995}
	if diff := cmp.Diff([]Call{want}, told); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}

func TestAnswer_LongerThanTheLimitIsNotRead(t *testing.T) {
	if _, err := readBounded(strings.NewReader("12345"), 4); err == nil {
		t.Error("five bytes passed a limit of four")
	}
	if got, err := readBounded(strings.NewReader("1234"), 4); err != nil || string(got) != "1234" {
		t.Errorf("got %q, %v", got, err)
	}
}
