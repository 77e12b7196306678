package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Web fetches files by https from hosts that somebody has allowed by name.
type Web struct {
	hosts  []string
	client *http.Client
}

// NewWeb allows hosts, written as in an address: files.example.com, or with a
// port. No other host is ever asked, redirects included. A name that leads to a
// private address is refused unless that address is allowed as well. There is no
// way through a proxy, which would resolve names out of our sight.
func NewWeb(hosts []string, timeout time.Duration) (*Web, error) {
	w := &Web{}
	for _, h := range hosts {
		if addr, err := netip.ParseAddr(h); err == nil {
			w.hosts = append(w.hosts, addr.String()) // of version 6, too, without brackets
			continue
		}
		u, err := url.Parse("https://" + h)
		if err != nil || u.Host == "" || u.Host != h {
			return nil, fmt.Errorf("host %q should look like files.example.com or files.example.com:8443", h)
		}
		w.hosts = append(w.hosts, hostOf(u))
	}
	dialer := &net.Dialer{Timeout: 10 * time.Second, Control: w.checkAddress}
	w.client = &http.Client{
		CheckRedirect: w.redirected,
		Transport: &http.Transport{DialContext: dialer.DialContext, TLSHandshakeTimeout: 10 * time.Second,
			ResponseHeaderTimeout: timeout, DisableCompression: true, MaxResponseHeaderBytes: 1 << 16},
	}
	return w, nil
}

// hostOf is a host as it is compared: lower case, without a final dot or the
// usual port.
func hostOf(u *url.URL) string {
	name := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	if port := u.Port(); port != "" && port != "443" {
		return net.JoinHostPort(name, port)
	}
	return name
}

// Name returns "web".
func (w *Web) Name() string { return "web" }

// Open sends one GET without any credentials.
func (w *Web) Open(ctx context.Context, want Want) (io.ReadCloser, error) {
	if want.URL == "" {
		return nil, ErrElsewhere
	}
	u, err := url.Parse(want.URL)
	if err != nil {
		return nil, &Refusal{State: Refused, Hint: "its address cannot be read; correct it in the source"}
	}
	if err := w.check(u); err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, &Refusal{State: Refused, Hint: "its address cannot be asked; correct it in the source"}
	}
	req.Header.Set("User-Agent", "nextpipe")
	res, err := w.client.Do(req)
	if err != nil {
		return nil, flat(err)
	}
	if err := judge(res, want); err != nil {
		return nil, errors.Join(err, res.Body.Close())
	}
	return res.Body, nil
}

// check lets allowed addresses through. Plain http stays on this machine.
func (w *Web) check(u *url.URL) error {
	host := hostOf(u)
	switch {
	case u.Host == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http":
		return &Refusal{State: Refused, Hint: "only https addresses without a password are fetched; correct it in the source"}
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		return &Refusal{State: Refused, Hint: "plain http is not fetched; put the file into the folder of --documents"}
	case !slices.Contains(w.hosts, host):
		return &Refusal{State: NotRemote, Hint: "allow its host with --allow-host " + host + ", or put the file into the folder of --documents"}
	}
	return nil
}

func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

func (w *Web) redirected(next *http.Request, via []*http.Request) error {
	if len(via) >= 5 {
		return &Refusal{State: Failure + "its address redirects without end", Hint: "open it in a browser"}
	}
	err := w.check(next.URL)
	var refusal *Refusal
	if errors.As(err, &refusal) {
		refusal.Hint = "it redirects: " + refusal.Hint
	}
	return err
}

// shared is the range that providers use inside their networks (RFC 6598).
var shared = netip.MustParsePrefix("100.64.0.0/10")

// checkAddress looks at the address that a name has led to, just before it is
// dialled: a name may lead to another one every time.
func (w *Web) checkAddress(_, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("read address %s: %w", address, err)
	}
	ip := ap.Addr().Unmap()
	isPublic := ip.IsGlobalUnicast() && !ip.IsPrivate() && !shared.Contains(ip)
	allowed := func(host string) bool {
		return host == ip.String() || host == netip.AddrPortFrom(ip, ap.Port()).String()
	}
	if isPublic || slices.ContainsFunc(w.hosts, allowed) {
		return nil
	}
	return &Refusal{State: NotRemote, Hint: "its host leads to the private address " + ip.String() + "; if that is meant, allow it, too: --allow-host " + ip.String()}
}

// flat drops the wrapping that repeats the address, but keeps a refusal.
func flat(err error) error {
	var refusal *Refusal
	if errors.As(err, &refusal) {
		return refusal
	}
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		return wrapped.Err
	}
	return err
}

// judge looks at an answer's head. A web page in place of a file is the
// commonest way to lose one: logins and errors come with status 200.
func judge(res *http.Response, want Want) error {
	page := strings.HasPrefix(res.Header.Get("Content-Type"), "text/html")
	encoded := res.Header.Get("Content-Encoding")
	switch {
	case res.StatusCode == http.StatusNotFound || res.StatusCode == http.StatusGone:
		return fs.ErrNotExist
	case res.StatusCode == http.StatusTooManyRequests || res.StatusCode >= 500:
		return fmt.Errorf("its host answers %s", res.Status)
	case res.StatusCode != http.StatusOK:
		return &Refusal{State: Failure + "its host answers " + res.Status, Hint: "download it by hand and put it into the folder of --documents"}
	case page && want.MIME != "" && !strings.Contains(want.MIME, "html"):
		return &Refusal{State: Failure + "its host answers with a web page", Hint: "download it by hand and put it into the folder of --documents"}
	case encoded != "" && encoded != "identity":
		return &Refusal{State: Failure + "its host answers with encoded bytes (" + encoded + ")", Hint: "download it by hand and put it into the folder of --documents"}
	case res.ContentLength > Limit:
		return ErrTooLarge
	}
	return nil
}
