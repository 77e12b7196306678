package pipedrive

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"unicode/utf8"
)

// parseBase accepts the address of a company and nothing a token should not be
// sent to.
func parseBase(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" {
		// The text is not repeated: a token pasted into the wrong place stays unseen.
		return nil, errors.New("pipedrive address is not a URL; it looks like https://acme.pipedrive.com")
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.Trim(u.Path, "/") != "" {
		return nil, fmt.Errorf("pipedrive address must end after the host: https://%s", u.Host)
	}
	host := strings.ToLower(u.Hostname())
	switch {
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, fmt.Errorf("pipedrive address https://%s: scheme %q is not https", u.Host, u.Scheme)
	case isLoopback(host):
	case u.Scheme == "http":
		return nil, fmt.Errorf("pipedrive address %s: http is accepted on this machine only; use https", u.Host)
	case !strings.HasSuffix(host, ".pipedrive.com"):
		return nil, fmt.Errorf("pipedrive address %s is not under pipedrive.com; use the address the company opens in a browser", u.Host)
	}
	return &url.URL{Scheme: u.Scheme, Host: strings.ToLower(u.Host)}, nil
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// checkToken refuses what could not be a header value. It never shows the text.
func checkToken(token string) error {
	if token == "" {
		return errors.New("pipedrive API token is empty")
	}
	for _, r := range token {
		if r <= ' ' || r >= 0x7f || r == utf8.RuneError {
			return errors.New("pipedrive API token holds a space, line break or non-ASCII character; copy it again")
		}
	}
	return nil
}

// secret is a token behind a pointer: fmt prints an address for it, in whatever
// struct it sits. A String method would not help, since fmt ignores the methods
// of unexported fields.
type secret struct{ value *string }

func hide(token string) secret { return secret{&token} }

const redacted = "[token]"

// scrub removes the token from text that came from outside: a server or proxy
// may echo what it was sent.
func (s secret) scrub(text string) string {
	text = strings.ReplaceAll(text, *s.value, redacted)
	text = strings.ReplaceAll(text, url.QueryEscape(*s.value), redacted)
	return strings.ReplaceAll(text, url.PathEscape(*s.value), redacted)
}
