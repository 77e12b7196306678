// Package matchrow reads rows of the clean and golden tables as the records
// that package match compares, for every stage that looks for duplicates.
//
//	reads   rows of clean_account, clean_contact, golden_account, golden_contact
//	does    picks and shapes the columns that evidence is made of
//	writes  nothing
package matchrow

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"nextpipe/stages/internal/match"
	"nextpipe/stages/internal/normal"
)

// ContactColumns are the columns that [Contact] reads.
var ContactColumns = []string{"row_id", "contact_key", "name", "name_origin", "first_name", "last_name",
	"email", "mailbox_key", "emails", "phone_e164", "phones", "account_key", "birthday"}

// AccountColumns are the columns that [Account] reads.
var AccountColumns = []string{"row_id", "account_key", "name", "name_strict", "name_loose", "legal_form",
	"domain", "registration_number", "vat", "country_code", "city", "phone_e164"}

// Row is one row with the names of its columns.
type Row struct {
	Columns map[string]int // shared by all rows of a query
	Values  []sql.NullString
}

// Index gives the positions of columns for [Row].
func Index(columns []string) map[string]int {
	index := make(map[string]int, len(columns))
	for i, c := range columns {
		index[c] = i
	}
	return index
}

// Text is a column's value, "" for NULL and for a column the row does not have.
func (r Row) Text(column string) string {
	if i, ok := r.Columns[column]; ok {
		return r.Values[i].String
	}
	return ""
}

// ID is the row's number in staging.
func (r Row) ID() int64 {
	id, _ := strconv.ParseInt(r.Text("row_id"), 10, 64)
	return id
}

// Each runs a query that selects columns and hands every row to fn. The row is
// valid until fn returns; its texts may be kept.
func Each(rows *sql.Rows, columns map[string]int, fn func(Row) error) error {
	defer rows.Close()
	row := Row{columns, make([]sql.NullString, len(columns))}
	into := make([]any, len(columns))
	for i := range into {
		into[i] = &row.Values[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		if err := fn(row); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Contact is the evidence in a row of clean_contact or golden_contact. Its
// AccountKey stands as in the row: the caller resolves merged accounts. Texts
// that stand in for a missing name are no evidence.
func Contact(r Row, edition string) (match.Contact, error) {
	c := match.Contact{Key: r.Text("contact_key"), First: r.Text("first_name"), Last: r.Text("last_name"),
		AccountKey: r.Text("account_key"), Birthday: r.Text("birthday"), Edition: edition}
	if r.Text("name_origin") == "name" {
		c.Full = r.Text("name")
	}
	var err error
	if c.Emails, c.EmailKeys, err = addresses(r); err != nil {
		return c, fmt.Errorf("%s: column emails: %w", c.Key, err)
	}
	if c.Phones, err = phones(r); err != nil {
		return c, fmt.Errorf("%s: column phones: %w", c.Key, err)
	}
	return c, nil
}

// several reports whether a list of addresses or numbers has more than one, in
// which case the columns of the primary do not tell all.
func several(list string) bool { return strings.Count(list, `"value"`) > 1 }

func addresses(r Row) (list, mailboxes []string, err error) {
	add := func(address, mailbox string) {
		if address == "" {
			return
		}
		if mailbox == "" {
			mailbox = mailboxOf(address)
		}
		list, mailboxes = append(list, address), append(mailboxes, mailbox)
	}
	primary := r.Text("email")
	add(primary, r.Text("mailbox_key"))
	if !several(r.Text("emails")) {
		return list, mailboxes, nil
	}
	var items []struct{ Value string }
	err = json.Unmarshal([]byte(r.Text("emails")), &items)
	for _, item := range items {
		if item.Value != primary {
			add(item.Value, "")
		}
	}
	return list, mailboxes, err
}

func mailboxOf(address string) string {
	for _, a := range normal.Email(address) {
		if a.Valid {
			return a.Mailbox
		}
	}
	return address
}

func phones(r Row) (list []string, err error) {
	primary := r.Text("phone_e164")
	if primary != "" {
		list = append(list, primary)
	}
	if !several(r.Text("phones")) {
		return list, nil
	}
	var items []struct{ E164 *string }
	err = json.Unmarshal([]byte(r.Text("phones")), &items)
	for _, item := range items {
		if item.E164 != nil && *item.E164 != "" && *item.E164 != primary {
			list = append(list, *item.E164)
		}
	}
	return list, err
}

// Account is the evidence in a row of clean_account or golden_account.
func Account(r Row) match.Account {
	a := match.Account{Key: r.Text("account_key"), Name: r.Text("name"), StrictKey: r.Text("name_strict"),
		LooseKey: r.Text("name_loose"), LegalForm: r.Text("legal_form"), Domain: r.Text("domain"),
		RegNo: normal.RegistrationNumber(r.Text("registration_number")), VAT: normal.VAT(r.Text("vat")),
		Country: r.Text("country_code"), City: r.Text("city")}
	if phone := r.Text("phone_e164"); phone != "" {
		a.Phones = []string{phone}
	}
	return a
}
