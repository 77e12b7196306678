package normal

import (
	"net/netip"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// Domain returns the registrable domain ("acme.co.uk") of a URL, an e-mail
// address or a host, lower-case in ASCII, by the public suffix list. It is ""
// for anything without one: IP addresses, single labels, suffixes such as co.uk.
func Domain(s string) string {
	host := Host(s)
	if host == "" {
		return ""
	}
	domain, err := publicsuffix.EffectiveTLDPlusOne(host)
	if err != nil {
		return ""
	}
	return domain
}

// Host returns the host name of a URL, e-mail address or host in lower-case
// ASCII, or "" when there is none or it is an IP address.
func Host(s string) string {
	s = Guard(trim(s))
	if IsNull(s) {
		return ""
	}
	if _, rest, found := strings.Cut(s, "://"); found {
		s = rest
	}
	if len(s) > 7 && strings.EqualFold(s[:7], "mailto:") {
		s = s[7:]
	}
	s = strings.TrimLeft(s, "/")
	if i := strings.IndexAny(s, "/?#\\ \t\n,;|"); i >= 0 {
		s = s[:i]
	}
	s = s[strings.LastIndexByte(s, '@')+1:]
	if _, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil {
		return ""
	}
	s, _, _ = strings.Cut(s, ":")
	ascii, _, ok := asciiDomain(strings.ToLower(strings.Trim(s, ".")))
	if !ok {
		return ""
	}
	return ascii
}

// FreeMail reports whether a registrable domain gives mailboxes to anybody, so
// that two people in it need not share an employer.
func FreeMail(domain string) bool { return freeMailDomains()[domain] }

// Hosted reports whether a domain carries other people's pages or shops
// (facebook.com, acme.wixsite.com), so that it does not identify a company.
func Hosted(domain string) bool {
	set := hostedDomains()
	for d := domain; d != ""; {
		if set[d] {
			return true
		}
		_, d, _ = strings.Cut(d, ".")
	}
	// Private suffixes are the hosting services that registered themselves.
	suffix, icann := publicsuffix.PublicSuffix(domain)
	return !icann && strings.Contains(suffix, ".")
}

// OwnDomain is [Domain] when it identifies one company, else "".
func OwnDomain(s string) string {
	d := Domain(s)
	if d == "" || FreeMail(d) || Hosted(d) {
		return ""
	}
	return d
}
