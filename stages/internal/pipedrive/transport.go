package pipedrive

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
	"unicode"
)

// maxBody bounds an answer: a page of 500 records with long texts stays well
// under it, an endless stream does not.
const maxBody = 64 << 20

// maxText bounds a server's message in errors and journals.
const maxText = 2000

var errUntrusted = errors.New("the server's certificate is not trusted")

// newHTTPClient returns a client that never sends a write a second time by
// itself and never follows a redirect.
//
// HTTP/2 is off because its transport replays requests after GOAWAY; at ten
// requests a second it has nothing to offer. Idle connections are dropped long
// before servers drop them, so that a write rarely meets a connection that is
// just being closed, which would leave its outcome unknown.
func newHTTPClient() *http.Client {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &http.Client{
		Transport: &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			DialContext:            (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
			TLSHandshakeTimeout:    10 * time.Second,
			Protocols:              protocols,
			IdleConnTimeout:        10 * time.Second,
			MaxIdleConnsPerHost:    16,
			MaxResponseHeaderBytes: 1 << 16,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// request is one API call, sent once or several times.
type request struct {
	call  Call
	token int // whose token it is sent with, or anyToken
	query url.Values
	body  []byte
	// raw gets the answer of a request that brings bytes instead of JSON.
	raw  *answer
	form *upload // in place of body
}

func (r request) isWrite() bool { return r.call.Method != http.MethodGet }

// exchange sends r once and reads the whole answer.
//
// Whether bytes may have left is decided by "did it get a connection": the later
// trace hooks fire too late or too early to prove that nothing was written.
func (c *Client) exchange(ctx context.Context, r request) answer {
	ctx, cancel := context.WithTimeout(ctx, r.form.patience(c.timeout))
	defer cancel()
	var sent atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { sent.Store(true) },
	})
	req, err := c.newRequest(ctx, r)
	if err != nil {
		return answer{err: c.flatten(err)}
	}
	res, err := c.http.Do(req)
	if err != nil {
		return answer{err: c.flatten(err), sent: sent.Load()}
	}
	defer res.Body.Close()
	body, err := readBounded(res.Body, maxBody)
	return answer{status: res.StatusCode, header: res.Header, body: body, err: c.flatten(err), sent: true}
}

func (c *Client) newRequest(ctx context.Context, r request) (*http.Request, error) {
	u := *c.base
	u.Path, u.RawQuery = r.call.Path, r.query.Encode()
	body, length, contentType, err := r.content()
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, r.call.Method, u.String(), body)
	if err != nil {
		return nil, err
	}
	// Without GetBody net/http cannot rewind, and so cannot replay, a write.
	req.GetBody = nil
	if body != nil {
		req.ContentLength = length
		req.Header.Set("Content-Type", contentType)
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "nextpipe")
	req.Header.Set("X-Api-Token", *c.tokens[r.call.Token].value)
	return req, nil
}

// content opens what r sends; nil when that is nothing.
func (r request) content() (body io.Reader, length int64, contentType string, err error) {
	switch {
	case r.form != nil:
		body, err = r.form.open()
		return body, r.form.size(), r.form.contentType, err
	case len(r.body) > 0:
		return bytes.NewReader(r.body), int64(len(r.body)), "application/json", nil
	}
	return nil, 0, "", nil
}

func readBounded(r io.Reader, limit int64) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(body)) > limit {
		return nil, fmt.Errorf("the answer is longer than %d bytes", limit)
	}
	return body, err
}

// flatten turns a transport error into clean text and drops the error value:
// net/http's errors can quote the server, and a server can echo the token.
func (c *Client) flatten(err error) error {
	if err == nil {
		return nil
	}
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err // method and path are in the Failure already
	}
	var untrusted *tls.CertificateVerificationError
	if errors.As(err, &untrusted) {
		return fmt.Errorf("%w: %s", errUntrusted, c.clean(untrusted.Error()))
	}
	if errors.Is(err, errLocal) {
		_, why, _ := strings.Cut(err.Error(), errLocal.Error())
		return fmt.Errorf("%w%s", errLocal, c.clean(why))
	}
	return errors.New(c.clean(err.Error()))
}

// clean makes foreign text fit for errors, terminals and tables: no token, no
// control characters, a bounded length.
func (c *Client) clean(text string) string {
	text = c.tokens.scrub(text)
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
	if len(text) > maxText {
		text = strings.ToValidUTF8(text[:maxText], "") + "…"
	}
	return strings.ToValidUTF8(text, "?")
}
