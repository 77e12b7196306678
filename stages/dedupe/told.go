package dedupe

import (
	"context"
	"database/sql"
	"fmt"

	"nextpipe/stages/internal/match"
)

// ruleTold is the rule of pairs that the source itself calls one person.
const ruleTold = "contact.same_by_source"

// toldContacts are targets, and people found for targets, that became a contact.
const toldContacts = `SELECT s.prospect_key, s.contact_key, p.row_id, c.row_id, s.why FROM clean_same_person AS s
	JOIN clean_contact AS p ON p.contact_key = s.prospect_key JOIN clean_contact AS c ON c.contact_key = s.contact_key`

// told is what the source says about pairs of records: as certain as an
// identity, and only a person's word is above it.
type told struct {
	pairs [][2]int64
	whys  map[[2]string]string
	parts map[string]bool // keys of records that are part of another one
}

func whatTheSourceSays(ctx context.Context, db *sql.DB, query string) (told, error) {
	t := told{whys: map[[2]string]string{}, parts: map[string]bool{}}
	if query == "" {
		return t, nil
	}
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return t, fmt.Errorf("read what the source calls one: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var part, whole, why string
		var pair [2]int64
		if err := rows.Scan(&part, &whole, &pair[0], &pair[1], &why); err != nil {
			return t, err
		}
		t.pairs = append(t.pairs, pair)
		t.whys[[2]string{min(part, whole), max(part, whole)}] = why
		t.parts[part] = true
	}
	return t, rows.Err()
}

func (t told) verdict(a, b string) (match.Verdict, bool) {
	if len(t.whys) == 0 {
		return match.Verdict{}, false
	}
	why, ok := t.whys[[2]string{min(a, b), max(a, b)}]
	return match.Verdict{Decision: match.Merge, Rule: ruleTold, Confidence: 1, Why: why, Identity: true}, ok
}

// weigh takes the veto from a record that is part of another one. The contact
// may have been renamed since: what its old target was called must not undo
// what is known about the contact itself, which keeps its own veto.
func (t told) weigh(a, b string, v match.Verdict) match.Verdict {
	if v.Contradicts && (t.parts[a] || t.parts[b]) {
		v.Contradicts = false
	}
	return v
}
