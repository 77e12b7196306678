package clean

import (
	"database/sql/driver"
	"encoding/json"
	"strings"

	"nextpipe/stages/internal/normal"
)

// addressFunctions read e-mail addresses and telephone numbers.
func addressFunctions() []function {
	return []function{
		{"np_email", 2, primaryEmail},
		{"np_mailbox", 1, mailbox},
		{"np_emails", 2, emails},
		{"np_bad_emails", 2, badEmails},
		{"np_email_reason", 1, emailReason},
		{"np_phones", -1, phones},
		{"np_first_e164", 1, firstE164},
		{"np_phone_reason", 3, phoneReason},
	}
}

// labelled is an entry of the emails and phones columns.
type labelled struct {
	Value   string `json:"value"`
	Label   string `json:"label"`
	Primary bool   `json:"primary"`
	E164    string `json:"e164,omitempty"`
}

// primaryEmail is the first valid address of the work cell, else of the home
// cell.
func primaryEmail(a arguments) driver.Value {
	for i := range a {
		for _, addr := range normal.Email(a.text(i)) {
			if addr.Valid {
				return addr.Address
			}
		}
	}
	return nil
}

func mailbox(a arguments) driver.Value {
	list := normal.Email(a.text(0))
	if len(list) == 0 {
		return nil
	}
	return orNull(list[0].Mailbox)
}

// emails lists the valid addresses of the work and the home cell.
func emails(a arguments) driver.Value {
	var list []labelled
	seen := map[string]bool{}
	for i, label := range []string{"work", "home"} {
		for _, addr := range normal.Email(a.text(i)) {
			if addr.Valid && !seen[addr.Address] {
				seen[addr.Address] = true
				list = append(list, labelled{Value: addr.Address, Label: label, Primary: len(list) == 0})
			}
		}
	}
	return jsonOf(list, "[]")
}

// badEmails lists what stands where an address should but is none, as written.
func badEmails(a arguments) driver.Value {
	var list []string
	for i := range a {
		for _, addr := range normal.Email(a.text(i)) {
			if !addr.Valid {
				list = append(list, normal.Text(addr.Raw))
			}
		}
	}
	return jsonOrNull(list)
}

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
	var list []labelled
	seen := map[string]bool{}
	country := ""
	for i, label := range []string{"work", "work", "mobile", "home"} {
		cell := ""
		if i+2 < len(a) {
			cell = a.text(i + 2)
		}
		if cell == "" {
			continue
		}
		if country == "" {
			country = countryOr(a.text(0), a.text(1))
		}
		for _, p := range normal.Phone(cell, country) {
			key := p.Key + "x" + p.Ext
			if p.Key != "" && seen[key] {
				continue
			}
			seen[key] = true
			list = append(list, labelled{Value: normal.Text(p.Raw), Label: label, Primary: len(list) == 0, E164: p.E164})
		}
	}
	return jsonOf(list, "[]")
}

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

// jsonOrNull writes a list as JSON, an empty one as NULL.
func jsonOrNull(list []string) driver.Value {
	if len(list) == 0 {
		return nil
	}
	return jsonOf(list, "[]")
}

// jsonOf writes v as JSON without escaping < > &, or empty when v has no entry.
func jsonOf[T any](list []T, empty string) driver.Value {
	if len(list) == 0 {
		return empty
	}
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(list); err != nil {
		return empty
	}
	return strings.TrimSuffix(b.String(), "\n")
}
