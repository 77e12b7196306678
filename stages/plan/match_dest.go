package plan

import (
	"encoding/json"
	"fmt"
	"strings"

	"nextpipe/stages/internal/match"
	"nextpipe/stages/internal/normal"
)

// destKey is the key under which an existing record is compared; no final key
// starts like it.
func destKey(pipedriveID string) string { return "pipedrive:" + pipedriveID }

func destID(key string) string { return strings.TrimPrefix(key, "pipedrive:") }

// destRecord is what matching reads of a record of API v2.
type destRecord struct {
	Name      string `json:"name"`
	FirstName string `json:"first_name"`
	LastName  string `json:"last_name"`
	Website   string `json:"website"`
	Birthday  string `json:"birthday"`
	Address   *struct {
		Country  string `json:"country"`
		Locality string `json:"locality"`
	} `json:"address"`
	Emails []struct{ Value string } `json:"emails"`
	Phones []struct{ Value string } `json:"phones"`
	OrgID  json.Number              `json:"org_id"`
}

// each reads the existing records of an entity, whole: an account holds far
// fewer than a source may.
func (m *matcher) eachDest(entity string, fn func(id string, d destRecord)) error {
	rows, err := m.tx.QueryContext(m.ctx, "SELECT pipedrive_id, data FROM dest_record WHERE target_id = ? AND entity = ? ORDER BY pipedrive_id", m.target, entity)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id, data string
		if err := rows.Scan(&id, &data); err != nil {
			return err
		}
		var d destRecord
		if err := json.Unmarshal([]byte(data), &d); err != nil {
			return fmt.Errorf("dest_record %s %s: %w", entity, id, err)
		}
		fn(id, d)
	}
	return rows.Err()
}

func (m *matcher) destOrganizations() ([]match.Account, error) {
	var out []match.Account
	err := m.eachDest("organization", func(id string, d destRecord) { out = append(out, d.account(id)) })
	return out, err
}

func (d destRecord) account(id string) match.Account {
	name := normal.CompanyName(d.Name)
	a := match.Account{Key: destKey(id), Name: d.Name, StrictKey: name.Strict, LooseKey: name.Loose, LegalForm: name.Form,
		Domain: normal.OwnDomain(d.Website)}
	if d.Address != nil {
		a.Country, a.City = normal.Country(d.Address.Country), d.Address.Locality
	}
	return a
}

// destPersons reads persons with the final organization that theirs was matched
// with; an organization that is none of ours is one of its own.
func (m *matcher) destPersons() ([]match.Contact, error) {
	organizations, err := pairsOf(m.tx, `SELECT pipedrive_id, final_key FROM dest_match WHERE target_id = ?1 AND entity = 'organization' AND decision = 'merge'
		UNION ALL SELECT pipedrive_id, final_key FROM link WHERE target_id = ?1 AND entity = 'organization' AND part = '' AND state = 'live'`, m.target)
	if err != nil {
		return nil, err
	}
	country, err := m.defaultCountry()
	if err != nil {
		return nil, err
	}
	var out []match.Contact
	err = m.eachDest("person", func(id string, d destRecord) {
		c := d.contact(id, country)
		if org := d.OrgID.String(); org != "" {
			if c.AccountKey = organizations[org]; c.AccountKey == "" {
				c.AccountKey = destKey(org)
			}
		}
		out = append(out, c)
	})
	return out, err
}

func (m *matcher) defaultCountry() (string, error) {
	var country string
	err := m.tx.QueryRowContext(m.ctx, "SELECT coalesce(max(default_country), '') FROM clean_site").Scan(&country)
	return country, err
}

func (d destRecord) contact(id, country string) match.Contact {
	c := match.Contact{Key: destKey(id), First: d.FirstName, Last: d.LastName, Full: d.Name, Birthday: d.Birthday}
	for _, e := range d.Emails {
		for _, a := range normal.Email(e.Value) {
			if a.Valid {
				c.Emails, c.EmailKeys = append(c.Emails, a.Address), append(c.EmailKeys, a.Mailbox)
			}
		}
	}
	for _, p := range d.Phones {
		for _, n := range normal.Phone(p.Value, country) {
			if n.Valid {
				c.Phones = append(c.Phones, n.E164)
			}
		}
	}
	return c
}
