package pipedrive

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// second is the token of a second user. It holds the first one.
const second = canary + "/of=the+second"

// leaks tells whether text holds a token, however it might be written.
func leaks(text string) bool {
	for _, token := range []string{canary, second, strings.TrimPrefix(second, canary)} {
		for _, form := range []string{token, url.QueryEscape(token), url.PathEscape(token), base64.StdEncoding.EncodeToString([]byte(token))} {
			if strings.Contains(text, form) {
				return true
			}
		}
	}
	return false
}

func TestToken_IsInNoErrorWhateverTheServerEchoes(t *testing.T) {
	echo := func(status int, shape string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			token := r.Header.Get("X-Api-Token") + " " + canary + " " + second
			w.Header().Set("X-Correlation-Id", token)
			w.Header().Set("Location", "https://"+url.PathEscape(token)+"/"+token)
			answering(status, token, strings.ReplaceAll(shape, "TOKEN", token))(w, r)
		}
	}
	for name, handler := range map[string]http.HandlerFunc{
		"refusal":      echo(400, `{"success":false,"error":"bad token TOKEN","error_info":"TOKEN","code":"TOKEN"}`),
		"odd shapes":   echo(400, `{"success":false,"error":{"t":"TOKEN"},"error_info":["TOKEN"],"code":1}`),
		"page":         echo(403, "<html>TOKEN</html>"),
		"redirect":     echo(302, "TOKEN"),
		"server error": echo(500, `{"error":"TOKEN"}`),
		"odd id":       echo(200, `{"success":true,"data":{"id":["TOKEN"]}}`),
		"bad header": func(w http.ResponseWriter, r *http.Request) {
			conn, _, _ := w.(http.Hijacker).Hijack()
			fmt.Fprintf(conn, "HTTP/1.1 %s\r\n\r\n", r.Header.Get("X-Api-Token"))
			conn.Close()
		},
	} {
		t.Run(name, func(t *testing.T) {
			far := serve(t, handler)
			c := connect(t, far.URL, func(cfg *Config) {
				cfg.More = []string{second}
				cfg.After = func(call Call) {
					if leaks(fmt.Sprintf("%+v", call)) {
						t.Errorf("told the journal %+v", call)
					}
				}
			})
			for _, err := range []error{create(c), read(c)} {
				if err == nil || leaks(fmt.Sprintf("%v %+v %#v", err, err, err)) {
					t.Errorf("error %#v", err)
				}
			}
			for _, seen := range far.requests() {
				if leaks(seen) {
					t.Errorf("request line %s", seen)
				}
			}
		})
	}
}

func TestToken_IsNotPrinted(t *testing.T) {
	cfg := Config{BaseURL: "https://acme.pipedrive.com", Token: canary, More: []string{second}}
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{fmt.Sprintf("%v %+v %#v", cfg, cfg, cfg), fmt.Sprintf("%v %+v", &cfg, &cfg), fmt.Sprintf("%v %+v %#v", c, c, c)} {
		if leaks(text) {
			t.Error(text)
		}
	}
}

func TestRedirect_IsNotFollowed(t *testing.T) {
	elsewhere := serve(t, answering(200, "application/json", json200))
	far := serve(t, http.RedirectHandler(elsewhere.URL+"/api/v2/deals/7", http.StatusTemporaryRedirect).ServeHTTP)
	c := connect(t, far.URL)
	if err := read(c); err == nil || !strings.Contains(err.Error(), strings.TrimPrefix(elsewhere.URL, "http://")) {
		t.Errorf("got %v, want an error that names the other host", err)
	}
	if got := elsewhere.requests(); len(got) > 0 {
		t.Errorf("the other host saw %v", got)
	}
}

func TestTLS_RefusesAnUntrustedCertificate(t *testing.T) {
	far := httptest.NewUnstartedServer(answering(200, "application/json", json200))
	far.Config.ErrorLog = log.New(io.Discard, "", 0) // the refusal is expected
	far.StartTLS()
	defer far.Close()
	_, err := connect(t, far.URL).Create(context.Background(), "deal", []byte(`{}`))
	if refused, ok := err.(*Error); !ok || refused.Kind != Blocked {
		t.Errorf("got %v, want it blocked", err)
	}
}

func TestNew_RefusesAddressesATokenMustNotGoTo(t *testing.T) {
	for address, ok := range map[string]bool{
		"https://acme.pipedrive.com":             true,
		"https://ACME.pipedrive.com/":            true,
		"https://api.pipedrive.com":              true,
		"http://127.0.0.1:8080":                  true,
		"http://[::1]:8080":                      true,
		"http://localhost:8080":                  true,
		"http://acme.pipedrive.com":              false,
		"http://10.0.0.1":                        false,
		"http://127.0.0.1.evil.example":          false,
		"https://acme.pipedrive.com.example":     false,
		"https://pipedrive.com.example":          false,
		"https://acmepipedrive.com":              false,
		"https://user:pw@acme.pipedrive.com":     false,
		"https://acme.pipedrive.com/api/v1":      false,
		"https://acme.pipedrive.com?api_token=x": false,
		"ftp://127.0.0.1":                        false,
		"acme.pipedrive.com":                     false,
		"":                                       false,
	} {
		if _, err := New(Config{BaseURL: address, Token: canary}); (err == nil) != ok {
			t.Errorf("%q: %v, want accepted %v", address, err, ok)
		}
	}
}

func TestNew_RefusesBadSettingsWithoutShowingTheToken(t *testing.T) {
	good := Config{BaseURL: "https://acme.pipedrive.com", Token: canary}
	for name, change := range map[string]func(*Config){
		"no token":           func(c *Config) { c.Token = "" },
		"token with newline": func(c *Config) { c.Token += "\n" },
		"second with space":  func(c *Config) { c.More = []string{second + " "} },
		"one token twice":    func(c *Config) { c.More = []string{second, canary} },
		"token in the URL":   func(c *Config) { c.BaseURL = canary + " " },
		"share above 1":      func(c *Config) { c.Share = 1.5 },
		"negative timeout":   func(c *Config) { c.Timeout = -1 },
	} {
		cfg := good
		change(&cfg)
		if _, err := New(cfg); err == nil || leaks(err.Error()) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
