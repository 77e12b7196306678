package clean

import (
	"database/sql/driver"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"nextpipe/stages/internal/normal"
)

// addressFunctions read e-mail addresses and telephone numbers.
func addressFunctions() []function {
	var cells lastCell
	return []function{
		{"np_email", 2, cells.primaryEmail},
		{"np_mailbox", 1, mailbox},
		{"np_emails", 2, cells.emails},
		{"np_bad_emails", 2, cells.badEmails},
		{"np_email_reason", 1, emailReason},
		{"np_phones", -1, phones},
		{"np_first_e164", 1, firstE164},
		{"np_phone_reason", 3, phoneReason},
	}
}

// labelled is an entry of the emails and phones columns.
type labelled struct{ value, label, e164, ext string }

// jsonOfLabelled writes [{"value","label","primary","e164"}]; the first entry is
// the primary one. It is written by hand because encoding/json would cost more
// than reading the cell.
func jsonOfLabelled(list []labelled) string {
	b := append(make([]byte, 0, 96*len(list)+2), '[')
	for i, l := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendQuoted(append(b, `{"value":`...), l.value)
		b = append(append(append(b, `,"label":"`...), l.label...), `","primary":`...)
		b = strconv.AppendBool(b, i == 0)
		if l.e164 != "" {
			b = append(append(append(b, `,"e164":"`...), l.e164...), '"')
		}
		b = append(b, '}')
	}
	return string(append(b, ']'))
}

// lastCell keeps the addresses of the last e-mail cell: a row asks for its
// primary address, all addresses and what is none, one after the other.
type lastCell struct {
	mu        sync.Mutex
	cell      string
	addresses []normal.Address
}

// read parses a cell unless it is the one of the call before. The text is copied:
// SQLite takes its memory back after the call.
func (l *lastCell) read(cell string) []normal.Address {
	if cell == "" {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cell != cell {
		l.cell = strings.Clone(cell)
		l.addresses = normal.Email(l.cell)
	}
	return l.addresses
}

// primaryEmail is the first valid address of the work cell, else of the home
// cell.
func (l *lastCell) primaryEmail(a arguments) driver.Value {
	for i := range a {
		for _, addr := range l.read(a.text(i)) {
			if addr.Valid {
				return addr.Address
			}
		}
	}
	return nil
}

// mailbox is the key of the mailbox behind an address: without its tag.
func mailbox(a arguments) driver.Value {
	s := a.text(0)
	if i := strings.IndexByte(s, '@'); i > 0 && isASCII(s) && strings.IndexByte(s[:i], '+') < 0 && !strings.HasSuffix(s, "mail.com") {
		return s // a clean address without a tag is its own key
	}
	list := normal.Email(s)
	if len(list) == 0 {
		return nil
	}
	return orNull(list[0].Mailbox)
}

// emails lists the valid addresses of the work and the home cell.
func (l *lastCell) emails(a arguments) driver.Value {
	var room [2]labelled
	list := room[:0]
	for i, label := range []string{"work", "home"} {
		for _, addr := range l.read(a.text(i)) {
			known := slices.ContainsFunc(list, func(known labelled) bool { return known.value == addr.Address })
			if addr.Valid && !known {
				list = append(list, labelled{value: addr.Address, label: label})
			}
		}
	}
	return jsonOfLabelled(list)
}

// badEmails lists what stands where an address should but is none, as written.
func (l *lastCell) badEmails(a arguments) driver.Value {
	var list []string
	for i := range a {
		for _, addr := range l.read(a.text(i)) {
			if !addr.Valid {
				list = append(list, normal.Text(addr.Raw))
			}
		}
	}
	return jsonOrNull(list)
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// emailReason says why the first part of a cell that is no address is none.
func emailReason(a arguments) driver.Value {
	for _, addr := range normal.Email(a.text(0)) {
		if !addr.Valid {
			return addr.Reason
		}
	}
	return nil
}

// phones takes the record's country, the default country and then the cells of
// work, second work, mobile and home phone. Every number is kept as written,
// readable or not.
func phones(a arguments) driver.Value {
	var room [4]labelled
	list := room[:0]
	country := ""
	for i, label := range []string{"work", "work", "mobile", "home"} {
		if i+2 >= len(a) || a.text(i+2) == "" {
			continue
		}
		if country == "" {
			country = countryOr(a.text(0), a.text(1))
		}
		for _, p := range normal.Phone(a.text(i+2), country) {
			l := labelled{normal.Text(p.Raw), label, p.E164, p.Ext}
			if !slices.ContainsFunc(list, l.sameNumber) {
				list = append(list, l)
			}
		}
	}
	return jsonOfLabelled(list)
}

// sameNumber compares as written where one of the two could not be read. An
// extension makes another number.
func (l labelled) sameNumber(other labelled) bool {
	return l.value == other.value || l.e164 != "" && l.e164 == other.e164 && l.ext == other.ext
}

// countryOr is the country of the record, or else the default.
func countryOr(cell, fallback string) string {
	if cell != "" {
		if code := normal.Country(cell); code != "" {
			return code
		}
	}
	return fallback
}

// firstE164 finds the first readable number in a phones column. It searches
// the text, because parsing JSON would cost more than all the rest of the row.
func firstE164(a arguments) driver.Value {
	const key = `"e164":"`
	s := a.text(0)
	i := strings.Index(s, key)
	if i < 0 {
		return nil
	}
	s = s[i+len(key):]
	if end := strings.IndexByte(s, '"'); end > 0 {
		return s[:end]
	}
	return nil
}

// phoneReason says why a cell holds an unreadable number: cell, country,
// default country.
func phoneReason(a arguments) driver.Value {
	for _, p := range normal.Phone(a.text(0), countryOr(a.text(1), a.text(2))) {
		if !p.Valid {
			return p.Reason
		}
	}
	return nil
}
