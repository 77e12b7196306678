package dedupe

import (
	"database/sql"
	"strings"

	"nextpipe/stages/internal/match"
	"nextpipe/stages/internal/matchrow"
)

// fieldRules says how each column of a merged record comes about. A column
// without a rule is a scalar: the survivor's value, else the first in rank order.
type fieldRules struct {
	own       []string          // the survivor's, whatever they are: they say where the record stands
	union     []string          // JSON arrays of texts
	labelled  map[string]string // JSON arrays of {value,label,primary,…} → the column that holds the primary's value
	consent   []string
	earliest  []string
	latest    []string
	follows   map[string]string // column → the column it belongs to: both come from one record
	together  []string          // parts of one value: filled only from records that do not contradict it
	aliases   map[string]string // values of account_key that mean one account: key → final key
	nameParts bool              // name and name_key are made of first_name and last_name
}

// accountFields are the rules of clean_account.
func accountFields(edition string) fieldRules {
	return fieldRules{
		own:      []string{"account_key", "row_id", "source_id", "row_hash"},
		union:    []string{"tags"},
		earliest: []string{"created_at"},
		latest:   []string{"updated_at"},
		follows: map[string]string{"name_strict": "name", "name_loose": "name", "legal_form": "name",
			"phone_e164": "phone", "country_code": "country"},
		together: addressParts(edition),
	}
}

// contactFields are the rules of clean_contact; accounts says which accounts merged.
func contactFields(edition string, accounts map[string]string) fieldRules {
	return fieldRules{
		own:       []string{"contact_key", "row_id", "source_id", "row_hash", "name", "name_origin", "name_key"},
		union:     []string{"tags", "lists", "invalid_emails", "notes"},
		labelled:  map[string]string{"emails": "email", "phones": "phone_e164"},
		consent:   []string{"consent"},
		earliest:  []string{"created_at"},
		latest:    []string{"updated_at", "last_activity_at"},
		follows:   map[string]string{"mailbox_key": "email", "country_code": "country", "company": "account_key"},
		together:  addressParts(edition),
		aliases:   accounts,
		nameParts: true,
	}
}

// addressParts keeps an address from being made of two. The plugin edition's
// contract takes every column by itself, so it has none.
func addressParts(edition string) []string {
	if edition == match.Plugin {
		return nil
	}
	return []string{"street", "city", "state", "postal_code", "country"}
}

// filled counts the fields of a row that hold something.
func filled(r matchrow.Row) int {
	n := 0
	for _, v := range r.Values {
		if !empty(v) {
			n++
		}
	}
	return n
}

func empty(v sql.NullString) bool {
	return !v.Valid || v.String == "" || v.String == "[]" || v.String == "{}"
}

// agreeing returns the rows, in rank order, whose parts do not contradict those
// of the rows before them: what one leaves empty another may fill.
func agreeing(rows []matchrow.Row, parts []string) []int {
	seen := map[string]string{}
	var out []int
	for i, r := range rows {
		if contradicts(r, parts, seen) {
			continue
		}
		out = append(out, i)
		for _, p := range parts {
			if v := r.Text(p); v != "" && seen[p] == "" {
				seen[p] = v
			}
		}
	}
	return out
}

func contradicts(r matchrow.Row, parts []string, seen map[string]string) bool {
	for _, p := range parts {
		if v := r.Text(p); v != "" && seen[p] != "" && !strings.EqualFold(v, seen[p]) {
			return true
		}
	}
	return false
}
