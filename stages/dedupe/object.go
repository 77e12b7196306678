package dedupe

import (
	"context"
	"database/sql"

	"nextpipe/stages/internal/match"
	"nextpipe/stages/internal/matchrow"
	"nextpipe/stages/internal/warehouse"
)

// object says how one kind of record, compared as T, is searched and merged.
type object[T any] struct {
	name     string // contact: names clean_contact, contact_key, dup_contact_…
	entity   string // person: what link calls it
	columns  []string
	isParent bool   // others refer to it: the search must say which keys merged
	told     string // query for the pairs of keys that the source calls one, and why; "" when it never does
	read     func(matchrow.Row) (T, error)
	keyOf    func(T) string
	keys     func(T) []string
	compare  func(a, b T) match.Verdict
	rank     func([]match.Record) match.Ranking
	fields   fieldRules
}

func (o object[T]) clean() string { return "clean_" + o.name }
func (o object[T]) key() string   { return o.name + "_key" }

// rankBy is the edition's survivor rule.
func rankBy(edition string) func([]match.Record) match.Ranking {
	if edition == match.Plugin {
		return match.RankByOrder
	}
	return match.RankByEvidence
}

func findAccounts(ctx context.Context, db *warehouse.DB, tx *sql.Tx, edition string) (outcome, error) {
	return find(ctx, db, tx, object[match.Account]{
		name: "account", entity: "organization", columns: matchrow.AccountColumns, isParent: true,
		read:    func(r matchrow.Row) (match.Account, error) { return matchrow.Account(r), nil },
		keyOf:   func(a match.Account) string { return a.Key },
		keys:    match.AccountKeys,
		compare: match.CompareAccounts,
		rank:    rankBy(edition),
		fields:  accountFields(edition),
	})
}

// findContacts compares a contact's account after accounts were merged.
func findContacts(ctx context.Context, db *warehouse.DB, tx *sql.Tx, edition string, accounts map[string]string) (outcome, error) {
	return find(ctx, db, tx, object[match.Contact]{
		name: "contact", entity: "person", columns: matchrow.ContactColumns, told: toldContacts,
		read: func(r matchrow.Row) (match.Contact, error) {
			c, err := matchrow.Contact(r, edition)
			if final, ok := accounts[c.AccountKey]; ok {
				c.AccountKey = final
			}
			return c, err
		},
		keyOf:   func(c match.Contact) string { return c.Key },
		keys:    match.ContactKeys,
		compare: match.ComparePersons,
		rank:    rankBy(edition),
		fields:  contactFields(edition, accounts),
	})
}
