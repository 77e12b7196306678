package plan

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"nextpipe/stages/internal/block"
	"nextpipe/stages/internal/match"
	"nextpipe/stages/internal/matchrow"
	"nextpipe/stages/internal/warehouse"
)

// batchPairs is how many pairs are compared at a time.
const batchPairs = 1024

// matchExisting fills dest_match: which final records the account had before us,
// by the rules that dedupe uses. Organizations come first, because a person's
// organization is evidence. Rows of linked records stay: they say why.
// It returns how many blocking keys too many records share to be compared.
func matchExisting(ctx context.Context, tx *sql.Tx, targetID int64) (int64, error) {
	if _, err := tx.Exec(`DELETE FROM dest_match WHERE target_id = ?1 AND NOT EXISTS (SELECT 1 FROM link AS l
		WHERE l.target_id = ?1 AND l.entity = dest_match.entity AND l.final_key = dest_match.final_key AND l.state = 'live')`, targetID); err != nil {
		return 0, fmt.Errorf("match existing records: %w", err)
	}
	m := &matcher{ctx: ctx, tx: tx, target: targetID}
	if err := m.organizations(); err != nil {
		return 0, fmt.Errorf("match existing organizations: %w", err)
	}
	if err := m.persons(); err != nil {
		return 0, fmt.Errorf("match existing persons: %w", err)
	}
	if err := errors.Join(m.byMarker("product"), m.products(), m.settle("product")); err != nil {
		return 0, fmt.Errorf("match existing products: %w", err)
	}
	// Nothing but our marker makes two deals the same one.
	if err := errors.Join(m.byMarker("deal"), m.settle("deal")); err != nil {
		return 0, fmt.Errorf("match existing deals: %w", err)
	}
	return m.skipped, nil
}

// matcher is the work on one account.
type matcher struct {
	ctx     context.Context
	tx      *sql.Tx
	target  int64
	skipped int64 // blocks too large to compare
}

// side says how the final records of one entity, compared as T, are read.
type side[T any] struct {
	entity  string
	sources []string // queries for the columns, with row_id as the record's number
	columns []string
	read    func(matchrow.Row) (T, error)
	keyOf   func(T) string
	keys    func(T) []string
	compare func(a, b T) match.Verdict
}

// accountSources hold companies without a record of their own too; their place
// in the order of loading comes after the rows of all records.
var accountSources = []string{`SELECT row_id, account_key, name, name_strict, name_loose, legal_form, domain,
		registration_number, vat, country_code, city, phone_e164 FROM golden_account`,
	`SELECT o.seq AS row_id, c.account_key, c.name, c.name_strict, c.name_loose, NULL AS legal_form, NULL AS domain,
		NULL AS registration_number, NULL AS vat, NULL AS country_code, NULL AS city, NULL AS phone_e164
	FROM clean_account_mention AS c JOIN final_organization AS o ON o.final_key = c.account_key
	WHERE c.account_key NOT IN (SELECT final_key FROM xw_account WHERE final_key IS NOT NULL)`}

// contactSources name a contact's organization by its final key.
var contactSources = []string{`SELECT c.row_id, c.contact_key, c.name, c.name_origin, c.first_name, c.last_name, c.email, c.mailbox_key,
		c.emails, c.phone_e164, c.phones, coalesce(x.final_key, c.account_key) AS account_key, c.birthday
	FROM golden_contact AS c LEFT JOIN xw_account AS x ON x.account_key = c.account_key`}

func (m *matcher) organizations() error {
	dest, err := m.destOrganizations()
	if err != nil || len(dest) == 0 {
		return err
	}
	return matchEntity(m, side[match.Account]{
		entity: "organization", sources: accountSources, columns: matchrow.AccountColumns,
		read:    func(r matchrow.Row) (match.Account, error) { return matchrow.Account(r), nil },
		keyOf:   func(a match.Account) string { return a.Key },
		keys:    match.AccountKeys,
		compare: match.CompareAccounts,
	}, dest)
}

func (m *matcher) persons() error {
	dest, err := m.destPersons()
	if err != nil || len(dest) == 0 {
		return err
	}
	return matchEntity(m, side[match.Contact]{
		entity: "person", sources: contactSources, columns: matchrow.ContactColumns,
		read:    func(r matchrow.Row) (match.Contact, error) { return matchrow.Contact(r, "") },
		keyOf:   func(c match.Contact) string { return c.Key },
		keys:    match.ContactKeys,
		compare: match.ComparePersons,
	}, dest)
}

// products are the same by their code, or by their name where one of the two
// has no code.
func (m *matcher) products() error {
	_, err := m.tx.ExecContext(m.ctx, `INSERT INTO dest_match (target_id, entity, final_key, pipedrive_id, decision, rule, why)
		SELECT d.target_id, 'product', f.final_key, d.pipedrive_id, 'merge', iif(lower(f.code) = lower(d.code), 'code', 'name'),
			iif(lower(f.code) = lower(d.code), 'its code ' || d.code, 'its name ' || d.name)
		FROM (SELECT *, nullif(trim(data ->> '$.code'), '') AS code FROM dest_record WHERE target_id = ?1 AND entity = 'product') AS d
		JOIN final_product AS f ON lower(trim(f.code)) = lower(d.code)
			OR (d.code IS NULL OR f.code IS NULL) AND lower(trim(f.name)) = lower(trim(d.name))
		WHERE NOT EXISTS (SELECT 1 FROM link AS l WHERE l.target_id = ?1 AND l.entity = 'product' AND l.state = 'live'
				AND (l.final_key = f.final_key OR l.pipedrive_id = d.pipedrive_id))
			AND NOT EXISTS (SELECT 1 FROM dest_match AS x WHERE x.target_id = ?1 AND x.entity = 'product'
				AND (x.final_key = f.final_key OR x.pipedrive_id = d.pipedrive_id))`, m.target)
	return err
}

// matchEntity matches by marker, then the rest by evidence, then settles what
// evidence leaves open.
func matchEntity[T any](m *matcher, s side[T], dest []T) error {
	if err := m.byMarker(s.entity); err != nil {
		return err
	}
	if err := byEvidence(m, s, dest); err != nil {
		return err
	}
	return m.settle(s.entity)
}

// byMarker takes records that carry our marker: an earlier run of this source
// made them, whatever became of its warehouse.
func (m *matcher) byMarker(entity string) error {
	_, err := m.tx.Exec(`INSERT OR REPLACE INTO dest_match (target_id, entity, final_key, pipedrive_id, decision, rule, why)
		SELECT d.target_id, d.entity, f.final_key, d.pipedrive_id, 'merge', 'marker', 'its field "NextCRM ID" says ' || d.marker
		FROM dest_record AS d JOIN final_`+entity+` AS f ON f.marker = d.marker
		WHERE d.target_id = ? AND d.entity = ?`, m.target, entity)
	return err
}

// byEvidence compares the other final records with the other existing ones.
func byEvidence[T any](m *matcher, s side[T], dest []T) (err error) {
	f := block.NewFinderBetween()
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := m.addDest(s.entity, len(dest), func(i int) (string, []string) { return s.keyOf(dest[i]), s.keys(dest[i]) }, f); err != nil {
		return err
	}
	err = eachFinal(m, s, "AS f "+unsettled(s.columns[1]), []any{m.target, s.entity}, func(id int64, record T) error {
		return f.Add(id, s.keys(record))
	})
	if err != nil {
		return err
	}
	in, err := warehouse.NewInserter(m.tx, "dest_match", "target_id", "entity", "final_key", "pipedrive_id", "decision", "rule", "why")
	if err != nil {
		return err
	}
	skipped, err := f.Pairs(m.ctx, batchPairs, func(pairs []block.Pair) error { return compareBatch(m, s, dest, pairs, in) })
	m.skipped += int64(len(skipped))
	return errors.Join(err, in.Close())
}

// unsettled leaves out final records that are linked or matched by marker.
func unsettled(key string) string {
	return `WHERE NOT EXISTS (SELECT 1 FROM link AS l WHERE l.target_id = ?1 AND l.entity = ?2 AND l.final_key = f.` + key + ` AND l.state = 'live')
		AND NOT EXISTS (SELECT 1 FROM dest_match AS d WHERE d.target_id = ?1 AND d.entity = ?2 AND d.final_key = f.` + key + `)`
}

// addDest adds the existing records that carry no marker of ours.
func (m *matcher) addDest(entity string, n int, record func(int) (key string, keys []string), f *block.Finder) error {
	marked, err := pairsOf(m.tx, "SELECT pipedrive_id, final_key FROM dest_match WHERE target_id = ? AND entity = ? AND rule = 'marker'", m.target, entity)
	if err != nil {
		return err
	}
	for i := range n {
		key, keys := record(i)
		if marked[destID(key)] != "" {
			continue
		}
		if err := f.AddOther(int64(i), keys); err != nil {
			return err
		}
	}
	return nil
}

// pairsOf reads two columns as a map.
func pairsOf(tx *sql.Tx, query string, args ...any) (map[string]string, error) {
	rows, err := tx.Query(query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[string]string{}
	for rows.Next() {
		var k, v string
		if err := rows.Scan(&k, &v); err != nil {
			return nil, err
		}
		out[k] = v
	}
	return out, rows.Err()
}

// eachFinal reads final records as they are compared.
func eachFinal[T any](m *matcher, s side[T], where string, args []any, fn func(id int64, record T) error) error {
	for _, source := range s.sources {
		rows, err := m.tx.QueryContext(m.ctx, "SELECT "+strings.Join(s.columns, ", ")+" FROM ("+source+") "+where, args...)
		if err != nil {
			return err
		}
		err = matchrow.Each(rows, matchrow.Index(s.columns), func(r matchrow.Row) error {
			record, err := s.read(r)
			if err != nil {
				return err
			}
			return fn(r.ID(), record)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// compareBatch keeps what is the same or may be. Two records that contradict
// each other are two, though they share something.
func compareBatch[T any](m *matcher, s side[T], dest []T, pairs []block.Pair, in *warehouse.Inserter) error {
	ids := make([]string, len(pairs))
	for i, p := range pairs {
		ids[i] = fmt.Sprint(p.A)
	}
	slices.Sort(ids)
	finals := map[int64]T{}
	err := eachFinal(m, s, "WHERE row_id IN (SELECT value FROM json_each(?))", []any{"[" + strings.Join(slices.Compact(ids), ",") + "]"},
		func(id int64, record T) error {
			finals[id] = record
			return nil
		})
	if err != nil {
		return err
	}
	for _, p := range pairs {
		v := s.compare(finals[p.A], dest[p.B])
		if v.Decision == match.Distinct || v.Contradicts {
			continue
		}
		err := in.Add(m.target, s.entity, s.keyOf(finals[p.A]), destID(s.keyOf(dest[p.B])), string(v.Decision), v.Rule, v.Why)
		if err != nil {
			return err
		}
	}
	return nil
}

// settle lets a final record and an existing one match only each other: what
// matches several is for a person to decide. Where exactly one record matches
// for sure, others that might match do not matter.
func (m *matcher) settle(entity string) error {
	doubts, err := m.doubts(entity)
	if err != nil {
		return err
	}
	for _, d := range doubts {
		if _, err := m.tx.Exec(`UPDATE dest_match SET decision = 'review', why = ? || '; ' || why
			WHERE target_id = ? AND entity = ? AND final_key = ? AND pipedrive_id = ?`, d.reason, m.target, entity, d.final, d.id); err != nil {
			return err
		}
	}
	_, err = m.tx.Exec(`DELETE FROM dest_match WHERE target_id = ?1 AND entity = ?2 AND decision = 'review' AND final_key IN (
		SELECT final_key FROM dest_match WHERE target_id = ?1 AND entity = ?2 AND decision = 'merge')`, m.target, entity)
	return err
}

// doubt is a match that is not the only one.
type doubt struct{ final, id, reason string }

func (m *matcher) doubts(entity string) ([]doubt, error) {
	rows, err := m.tx.Query(`SELECT final_key, pipedrive_id, CASE
			WHEN owner IS NOT NULL THEN 'it is already the record of ' || owner
			WHEN finals > 1 THEN 'it matches ' || finals || ' final records'
			ELSE 'one of ' || dests || ' records that match' END
		FROM (SELECT d.*, l.final_key AS owner, own.final_key AS self,
				count(*) OVER (PARTITION BY d.pipedrive_id) AS finals, count(*) OVER (PARTITION BY d.final_key) AS dests
			FROM dest_match AS d
			LEFT JOIN link AS l ON l.target_id = d.target_id AND l.entity = d.entity AND l.pipedrive_id = d.pipedrive_id
				AND l.state = 'live' AND l.final_key <> d.final_key
			LEFT JOIN link AS own ON own.target_id = d.target_id AND own.entity = d.entity AND own.final_key = d.final_key AND own.state = 'live'
			WHERE d.target_id = ?1 AND d.entity = ?2 AND d.decision = 'merge')
		WHERE self IS NULL AND (owner IS NOT NULL OR finals > 1 OR dests > 1)`, m.target, entity)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []doubt
	for rows.Next() {
		var d doubt
		if err := rows.Scan(&d.final, &d.id, &d.reason); err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	return out, rows.Err()
}
