package normal

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// Address is one e-mail address of a cell.
type Address struct {
	Raw     string // as written, without neighbours in the same cell
	Name    string // display name of "Name <addr>", else ""
	Address string // lower-case, domain readable (müller.example); also set when invalid
	ASCII   string // lower-case, domain in ASCII (xn--...): compare by this; "" when invalid
	Domain  string // ASCII domain; "" when invalid
	Mailbox string // ASCII without +tag, gmail dots removed: same mailbox, weaker evidence
	Valid   bool
	Role    bool   // info@, sales@ ...: a function, not a person
	Reason  string // why it is invalid
}

// Email reads a cell that should hold e-mail addresses; the first one is the
// primary. Separators are ; , | and line breaks, and blanks between things that
// each have an @. Repeats are dropped, invalid parts stay in the list with a
// reason. An empty or null cell gives nil; one above 8 KB is not taken apart.
func Email(cell string) []Address {
	if plainAddress(cell) {
		return []Address{address(cell, cell, "")}
	}
	if len(cell) > maxCell {
		return []Address{{Raw: cell, Reason: TooLong}}
	}
	var list []Address
	for _, part := range splitAddresses(Guard(cleanAddress(cell))) {
		if a := readAddress(part); a.Address != "" && !hasAddress(list, a) {
			list = append(list, a)
		}
	}
	return list
}

// plainAddress is the fast path: only characters that cleaning leaves alone.
func plainAddress(s string) bool {
	at := 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '@':
			at++
		case isDigit(c), 'a' <= c && c <= 'z', c == '.', c == '-', c == '_', c == '+':
		default:
			return false
		}
	}
	return at == 1 && s[len(s)-1] != '.'
}

func cleanAddress(s string) string {
	return trim(strings.Map(func(r rune) rune {
		switch {
		case r == '\u00A0':
			return ' '
		case r == '\r', r == '\n':
			return '\n'
		case invisible(r):
			return -1
		}
		return r
	}, norm.NFC.String(strings.ToValidUTF8(s, "\uFFFD"))))
}

// splitAddresses cuts at separators outside quotes. "Doe, John <j@x.com>" is one
// address: a piece without @ belongs to the following one in angle brackets.
func splitAddresses(s string) []string {
	var parts []string
	quoted, start := false, 0
	cut := func(end int) {
		parts = append(parts, splitBlanks(s[start:end])...)
		start = end + 1
	}
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '"':
			quoted = !quoted && strings.IndexByte(s[i+1:], '"') >= 0
		case ',':
			if !quoted && !nameBeforeComma(s[start:i], s[i+1:]) {
				cut(i)
			}
		case ';', '|', '\n':
			if !quoted {
				cut(i)
			}
		}
	}
	cut(len(s))
	return parts
}

func nameBeforeComma(before, after string) bool {
	if strings.Contains(before, "@") {
		return false
	}
	open := strings.IndexByte(after, '<')
	stop := strings.IndexAny(after, ",;|\n")
	return open > 0 && (stop < 0 || open < stop)
}

// splitBlanks cuts "a@x.com b@y.com" but leaves "space in@x.com" whole: a blank
// separates only when every word is an address or a lone slash or ampersand.
func splitBlanks(s string) []string {
	words := strings.Fields(s)
	var addresses []string
	for _, w := range words {
		if w == "/" || w == "&" {
			continue
		}
		if !strings.Contains(w, "@") || strings.ContainsAny(w, "<>") {
			return []string{s}
		}
		addresses = append(addresses, w)
	}
	return addresses
}

func hasAddress(list []Address, a Address) bool {
	for _, b := range list {
		if a.Address == b.Address {
			return true
		}
	}
	return false
}

// readAddress takes one piece apart; an empty or null piece gives no Address.
func readAddress(raw string) Address {
	s := Guard(trim(raw))
	if IsNull(s) {
		return Address{}
	}
	name := ""
	if i := strings.IndexByte(s, '<'); i >= 0 {
		if j := strings.IndexByte(s[i:], '>'); j > 0 {
			name, s = trim(strings.Trim(trim(s[:i]), `"'`)), s[i+1:i+j]
		}
	}
	return address(trim(raw), bareAddress(s), name)
}

// bareAddress drops the scheme, a mailto query and trailing punctuation.
func bareAddress(s string) string {
	s = trim(s)
	if len(s) > 7 && strings.EqualFold(s[:7], "mailto:") {
		s, _, _ = strings.Cut(s[7:], "?")
	}
	for trimmed := ""; trimmed != s; {
		trimmed = s
		s = trim(strings.TrimRight(s, ".,;>"))
	}
	s = strings.TrimLeft(s, "<")
	return norm.NFC.String(strings.ToLower(s))
}

// address validates a bare lower-case address and derives its keys.
func address(raw, addr, name string) Address {
	a := Address{Raw: raw, Name: name, Address: addr}
	local, domain, found := strings.Cut(addr, "@")
	switch {
	case !found:
		a.Reason = EmailNoAt
	case strings.Contains(domain, "@"):
		a.Reason = EmailManyAts
	case strings.ContainsFunc(addr, unicode.IsSpace):
		a.Reason = EmailSpace
	case !validLocal(local):
		a.Reason = EmailLocal
	}
	if a.Reason != "" {
		return a
	}
	ascii, readable, ok := asciiDomain(domain)
	if !ok {
		a.Reason = EmailDomain
		return a
	}
	a.Valid, a.Domain, a.ASCII = true, ascii, addr
	if ascii != domain {
		a.ASCII = local + "@" + ascii
	}
	if readable != domain {
		a.Address = local + "@" + readable
	}
	a.Mailbox = mailbox(a.ASCII, local, ascii)
	a.Role = isRole(local)
	return a
}

// validLocal follows RFC 5321 dot-atoms, with letters of any script (RFC 6531).
func validLocal(s string) bool {
	if n := utf8.RuneCountInString(s); n < 1 || n > 64 {
		return false
	}
	if s[0] == '.' || s[len(s)-1] == '.' || strings.Contains(s, "..") {
		return false
	}
	return !strings.ContainsFunc(s, isForbiddenLocal)
}

func isForbiddenLocal(r rune) bool {
	if r < utf8.RuneSelf {
		return !isAlnum(byte(r)) && !strings.ContainsRune("!#$%&'*+/=?^_`{|}~.-", r)
	}
	return !unicode.In(r, unicode.L, unicode.M, unicode.Nd)
}

// asciiDomain checks a lower-case domain and returns its ASCII and its readable
// form. Plain ASCII, by far the most, never meets the IDNA tables.
func asciiDomain(s string) (ascii, readable string, ok bool) {
	if isASCII(s) && !strings.Contains(s, "xn--") {
		return s, s, validDomain(s)
	}
	profile := idna.New(idna.MapForLookup(), idna.BidiRule(), idna.Transitional(false), idna.CheckHyphens(false))
	ascii, err := profile.ToASCII(s)
	if err != nil {
		return "", "", false
	}
	readable, err = profile.ToUnicode(ascii)
	return ascii, readable, err == nil && validDomain(readable)
}

// validDomain wants two or more labels of letters, digits and inner hyphens, the
// last of two or more letters.
func validDomain(s string) bool {
	if len(s) > 253 || strings.IndexByte(s, '.') < 1 {
		return false
	}
	for {
		label, rest, more := strings.Cut(s, ".")
		if !validLabel(label) {
			return false
		}
		if !more {
			return utf8.RuneCountInString(label) >= 2 && !strings.ContainsFunc(label, isNoLetter)
		}
		s = rest
	}
}

func validLabel(s string) bool {
	if s == "" || len(s) > 63 || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	for _, r := range s {
		if r != '-' && isNoLetter(r) && !unicode.IsDigit(r) {
			return false
		}
	}
	return true
}

func isNoLetter(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsMark(r)
}

// mailbox strips what a provider ignores: the +tag everywhere, dots only where
// Google documents it, so that no two people of another host fall together.
func mailbox(ascii, local, domain string) string {
	bare, _, tagged := strings.Cut(local, "+")
	gmail := domain == "gmail.com" || domain == "googlemail.com"
	if bare == "" || !tagged && !gmail {
		return ascii
	}
	if gmail {
		bare, domain = strings.ReplaceAll(bare, ".", ""), "gmail.com"
	}
	return bare + "@" + domain
}

func isRole(local string) bool {
	bare, _, _ := strings.Cut(local, "+")
	return roleNames()[bare]
}
