package plan

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nextpipe/stages/internal/normal"
	"nextpipe/stages/internal/warehouse"
)

// matched is a warehouse with one account, final records as dedupe and build
// leave them, and records the account had before.
type matched struct {
	*testing.T
	db *warehouse.DB
}

func newMatched(t *testing.T) *matched {
	t.Helper()
	db, err := warehouse.Open(context.Background(), filepath.Join(t.TempDir(), "w.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	m := &matched{T: t, db: db}
	m.exec(`INSERT INTO target (target_id, company_id, domain, name, base_url, fingerprint, role, is_local, token_user_id, token_user_email, declared_by, declared_at)
		VALUES (1, '1', 'd', 'n', 'u', 'f', 'rehearsal', 1, '1', 'e', 'b', 'a')`)
	return m
}

func (m *matched) exec(query string, args ...any) {
	m.Helper()
	err := m.db.Write(context.Background(), func(tx *sql.Tx) error {
		_, err := tx.Exec(query, args...)
		return err
	})
	if err != nil {
		m.Fatalf("%s: %v", query, err)
	}
}

// account adds a final organization of that name and web domain.
func (m *matched) account(id int, name, domain string) {
	c := normal.CompanyName(name)
	m.exec(`INSERT INTO clean_account (account_key, row_id, name, name_strict, name_loose, domain, row_hash) VALUES ('account:' || ?1, ?1, ?2, ?3, ?4, nullif(?5, ''), 'h')`, id, name, c.Strict, c.Loose, domain)
	m.exec(`INSERT INTO xw_account (row_id, account_key, fate, final_key) VALUES (?1, 'account:' || ?1, 'final', 'account:' || ?1)`, id)
	m.exec(`INSERT INTO final_organization (final_key, seq, marker, name, payload) VALUES ('account:' || ?1, ?1, 'tag/account:' || ?1, ?2, '{}')`, id, name)
}

// contact adds a final person.
func (m *matched) contact(id int, first, last, email, phone, account string) {
	emails, phones := "[]", "[]"
	if email != "" {
		emails = fmt.Sprintf(`[{"value":%q,"label":"work","primary":true}]`, email)
	}
	if phone != "" {
		phones = fmt.Sprintf(`[{"value":%q,"label":"work","primary":true,"e164":%q}]`, phone, phone)
	}
	m.exec(`INSERT INTO clean_contact (contact_key, row_id, name, name_origin, first_name, last_name, email, mailbox_key, emails, phone_e164, phones, account_key, row_hash)
		VALUES ('contact:' || ?1, ?1, ?2 || ' ' || ?3, 'name', ?2, ?3, nullif(?4, ''), nullif(?4, ''), ?5, nullif(?6, ''), ?7, nullif(?8, ''), 'h')`,
		id, first, last, email, emails, phone, phones, account)
	m.exec(`INSERT INTO final_person (final_key, seq, marker, name, payload) VALUES ('contact:' || ?1, ?1, 'tag/contact:' || ?1, ?2, '{}')`, id, first)
}

// existing adds a record the account had before, as API v2 gives it.
func (m *matched) existing(entity string, id int, marker any, data string) {
	m.exec(`INSERT INTO dest_record (target_id, entity, pipedrive_id, marker, name, data, taken_at) VALUES (1, ?, ?, ?, 'n', ?, 'now')`, entity, fmt.Sprint(id), marker, data)
}

// match runs the matching and returns dest_match: key, id, decision, rule.
func (m *matched) match() []string {
	m.Helper()
	err := m.db.Write(context.Background(), func(tx *sql.Tx) error {
		_, err := matchExisting(context.Background(), tx, 1)
		return err
	})
	if err != nil {
		m.Fatal(err)
	}
	rows, err := m.db.Read().Query("SELECT final_key || ' ' || pipedrive_id || ' ' || decision || ' ' || rule FROM dest_match ORDER BY 1")
	if err != nil {
		m.Fatal(err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			m.Fatal(err)
		}
		out = append(out, s)
	}
	return out
}

func (m *matched) want(want ...string) {
	m.Helper()
	if diff := cmp.Diff(want, m.match()); diff != "" {
		m.Errorf("dest_match (-want +got):\n%s", diff)
	}
}

func (m *matched) whyOf(key string) string {
	var why string
	if err := m.db.Read().QueryRow("SELECT min(why) FROM dest_match WHERE final_key = ?", key).Scan(&why); err != nil {
		m.Fatal(err)
	}
	return why
}

func TestAnEmptyAccountMatchesNothing(t *testing.T) {
	m := newMatched(t)
	m.account(1, "Acme", "acme.example")
	m.want()
}

func TestAnOrganizationIsMatchedByDomainAndName(t *testing.T) {
	m := newMatched(t)
	m.account(1, "Acme GmbH", "acme.example")
	m.account(2, "Other", "")
	m.existing("organization", 70, nil, `{"id":70,"name":"ACME","website":"https://www.acme.example/de","address":null}`)
	m.existing("organization", 71, nil, `{"id":71,"name":"Third party","website":null,"address":{"country":"Germany","locality":"Berlin"}}`)
	m.want("account:1 70 merge account.same_domain_similar_name")
}

func TestACompanyThatContactsOnlyNameIsMatchedToo(t *testing.T) {
	m := newMatched(t)
	m.exec(`INSERT INTO clean_account_mention (name_strict, account_key, name, name_loose, mentions) VALUES ('solo trading', 'account:name:solo trading', 'Solo Trading', 'solo trading', 1)`)
	m.exec(`INSERT INTO final_organization (final_key, seq, marker, name, payload) VALUES ('account:name:solo trading', 1, 'm', 'Solo Trading', '{}')`)
	m.existing("organization", 70, nil, `{"id":70,"name":"solo trading"}`)
	m.want("account:name:solo trading 70 merge account.same_name")
}

func TestAPersonIsMatchedByEmailOrByNameAndPhoneAtTheSameOrganization(t *testing.T) {
	m := newMatched(t)
	m.exec(`INSERT INTO clean_site (only_row, default_country, exclude_deleted, evidence) VALUES (1, 'DE', 1, '{}')`)
	m.account(1, "Acme", "acme.example")
	m.contact(1, "Ann", "Smith", "ann@acme.example", "", "account:1")
	m.contact(2, "Bob", "Miller", "", "+493090182010", "account:1")
	m.contact(3, "Eva", "Jones", "", "+493090182011", "account:1")
	m.existing("organization", 70, nil, `{"id":70,"name":"Acme","website":"acme.example"}`)
	m.existing("person", 5, nil, `{"id":5,"name":"Ann Smith","first_name":"Ann","last_name":"Smith","emails":[{"value":"x@y.example"},{"value":"Ann@Acme.example"}]}`)
	m.existing("person", 6, nil, `{"id":6,"name":"Bob Miller","first_name":"Bob","last_name":"Miller","emails":[],"phones":[{"value":"030 90182010"}],"org_id":70}`)
	m.existing("person", 7, nil, `{"id":7,"name":"Eva Jones","first_name":"Eva","last_name":"Jones","phones":[{"value":"030 90182011"}],"org_id":99}`)
	m.want("account:1 70 merge account.same_domain_similar_name",
		"contact:1 5 merge contact.same_email_compatible_name",
		"contact:2 6 merge contact.same_name_same_phone",
		"contact:3 7 review contact.same_name_phone_other_account")
}

func TestOurMarkerNeedsNoEvidence(t *testing.T) {
	m := newMatched(t)
	m.contact(1, "Ann", "Smith", "ann@a.example", "", "")
	m.existing("person", 5, "tag/contact:1", `{"id":5,"name":"Renamed Meanwhile"}`)
	m.existing("person", 6, nil, `{"id":6,"name":"Ann Smith","emails":[{"value":"ann@a.example"}]}`)
	m.want("contact:1 5 merge marker")
}

func TestSeveralMatchesAreForAPerson(t *testing.T) {
	m := newMatched(t)
	m.contact(1, "Ann", "Smith", "ann@a.example", "", "")
	m.existing("person", 5, nil, `{"id":5,"name":"Ann Smith","emails":[{"value":"ann@a.example"}]}`)
	m.existing("person", 6, nil, `{"id":6,"name":"Ann Smith","emails":[{"value":"ann@a.example"}]}`)
	m.want("contact:1 5 review contact.same_email_compatible_name", "contact:1 6 review contact.same_email_compatible_name")
	if why := m.whyOf("contact:1"); !strings.HasPrefix(why, "one of 2 records that match; ") {
		t.Errorf("why = %q", why)
	}
}

func TestTwoFinalRecordsNeverShareOneExistingRecord(t *testing.T) {
	m := newMatched(t)
	m.contact(1, "Ann", "Smith", "ann@a.example", "", "")
	m.contact(2, "Ann", "Smith", "ann@b.example", "", "")
	m.existing("person", 5, nil, `{"id":5,"name":"Ann Smith","emails":[{"value":"ann@a.example"},{"value":"ann@b.example"}]}`)
	m.want("contact:1 5 review contact.same_email_compatible_name", "contact:2 5 review contact.same_email_compatible_name")
}

func TestARecordThatIsAlreadyLinkedIsNotGivenToAnother(t *testing.T) {
	m := newMatched(t)
	m.contact(1, "Ann", "Smith", "ann@a.example", "", "")
	m.contact(2, "Ann", "Smith", "ann@b.example", "", "")
	m.existing("person", 5, nil, `{"id":5,"name":"Ann Smith","emails":[{"value":"ann@a.example"},{"value":"ann@b.example"}]}`)
	m.exec(`INSERT INTO link (target_id, entity, final_key, pipedrive_id, state, origin, symbolic, sent, echoed, linked_at, updated_at)
		VALUES (1, 'person', 'contact:1', '5', 'live', 'matched', '{}', '{}', '{}', 'now', 'now')`)
	m.want("contact:2 5 review contact.same_email_compatible_name")
	if why := m.whyOf("contact:2"); !strings.HasPrefix(why, "it is already the record of contact:1; ") {
		t.Errorf("why = %q", why)
	}
}

func TestOneSureMatchMakesLikelyOnesIrrelevant(t *testing.T) {
	m := newMatched(t)
	m.contact(1, "Ann", "Smith", "ann@a.example", "+493090182010", "")
	m.existing("person", 5, nil, `{"id":5,"name":"Ann Smith","emails":[{"value":"ann@a.example"}]}`)
	m.existing("person", 6, nil, `{"id":6,"name":"Ann Smith","emails":[{"value":"ann@z.example"}],"phones":[{"value":"+49 30 90182010"}]}`)
	m.want("contact:1 5 merge contact.same_email_compatible_name")
}

func TestADifferentPersonBehindTheSameMailboxIsNoMatch(t *testing.T) {
	m := newMatched(t)
	m.contact(1, "Ann", "Smith", "office@a.example", "", "")
	m.existing("person", 5, nil, `{"id":5,"name":"Bob Miller","emails":[{"value":"office@a.example"}]}`)
	m.want()
}
