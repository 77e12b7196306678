// Package verify reads back what the account holds and proves that it is what
// was meant.
//
//	reads   Pipedrive: every record of every entity, by list pages; link final_* load_op conflict plan plan_op xw_* stg_*
//	does    compares every field that was sent, by type; tells apart what people keep; counts both ledgers
//	writes  seen_record difference kept_value reconcile_source reconcile_final verification
package verify

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"nextpipe/stages/internal/entity"
	"nextpipe/stages/internal/journal"
	"nextpipe/stages/internal/pipedrive"
	"nextpipe/stages/internal/stage"
	"nextpipe/stages/internal/target"
)

// Errors that decide an exit code.
var (
	// ErrDifferences means that the account does not hold what it should.
	ErrDifferences = errors.New("verify found differences")
	// ErrLedger means that a ledger does not add up: records are unaccounted for.
	ErrLedger = errors.New("a ledger does not add up")
)

// Run reads everything back and compares. Differences are rows of table
// difference and ErrDifferences.
func Run(ctx context.Context, s *target.Session) (stage.Result, error) {
	var res stage.Result
	people, err := whatPeopleKeep(ctx, s)
	if err != nil {
		return res, fmt.Errorf("verify: %w", err)
	}
	if err := forget(ctx, s); err != nil {
		return res, fmt.Errorf("verify: %w", err)
	}
	for _, e := range entity.All {
		involved, err := involved(ctx, s, e.Name)
		if err != nil {
			return res, fmt.Errorf("verify %s: %w", e.Plural(), err)
		}
		if !involved {
			continue
		}
		n, err := see(ctx, s, e)
		if err != nil {
			return res, fmt.Errorf("verify %s: %w", e.Plural(), err)
		}
		res.Add(e.Plural()+" read", n)
		res.Rows += n
	}
	differences, err := compareAll(ctx, s, people)
	if err != nil {
		return res, fmt.Errorf("verify: %w", err)
	}
	if err := confirmMissing(ctx, s, &res); err != nil {
		return res, fmt.Errorf("verify: %w", err)
	}
	if n := people.count(); n > 0 {
		res.Add("values kept by users", n)
	}
	res.Add("differences", differences)
	off, err := reconcile(ctx, s)
	if err != nil {
		return res, fmt.Errorf("verify: %w", err)
	}
	if err := errors.Join(sign(ctx, s, differences, off), s.Meter.Flush(ctx)); err != nil {
		return res, err
	}
	if off > 0 {
		return res, fmt.Errorf("%w: %d records are unaccounted for, see reconcile_source and reconcile_final", ErrLedger, off)
	}
	if differences > 0 {
		return res, fmt.Errorf("%w: %d, see table difference", ErrDifferences, differences)
	}
	return res, nil
}

// sign notes which plan was compared, so that nothing else can be signed off.
func sign(ctx context.Context, s *target.Session, differences, off int64) error {
	return s.DB.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec(`INSERT INTO verification SELECT target_id, seal, ?, ?, ? FROM plan WHERE target_id = ? AND is_current = 1`,
			differences, off, s.DB.Now(), s.ID)
		return err
	})
}

func forget(ctx context.Context, s *target.Session) error {
	return s.DB.Write(ctx, func(tx *sql.Tx) error {
		for _, table := range []string{"seen_record", "difference", "reconcile_source", "reconcile_final", "verification"} {
			if _, err := tx.Exec("DELETE FROM "+table+" WHERE target_id = ?", s.ID); err != nil {
				return err
			}
		}
		return nil
	})
}

// involved tells whether a kind is to be read: its list costs tokens even where
// we never had anything to do with it.
func involved(ctx context.Context, s *target.Session, name string) (yes bool, err error) {
	err = s.DB.Read().QueryRowContext(ctx, entity.ForOne(`SELECT EXISTS (SELECT 1 FROM final_item WHERE entity = ?2)
		OR EXISTS (SELECT 1 FROM link WHERE target_id = ?1 AND entity = ?2)
		OR EXISTS (SELECT 1 FROM load_op WHERE target_id = ?1 AND entity = ?2)`, name), s.ID, name).Scan(&yes)
	return yes, err
}

// see stores every live record of one kind, a transaction a page.
func see(ctx context.Context, s *target.Session, e entity.Entity) (int64, error) {
	var code string
	err := s.DB.Read().QueryRowContext(ctx, "SELECT pipedrive_id FROM bind WHERE target_id = ? AND kind = 'field' AND symbol = ?",
		s.ID, e.Name+".nextcrm_id").Scan(&code)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, err
	}
	marker, err := recogniser(ctx, s, e, code)
	if err != nil {
		return 0, err
	}
	var n int64
	err = s.Walk(ctx, e, func(page []pipedrive.Record) error {
		n += int64(len(page))
		s.Report("verify", e.Name, n, 0)
		return store(ctx, s, e, marker, page)
	})
	return n, err
}

// recogniser gives what ties a record to us. What can carry no marker gets that
// of a create that was ever looked for in vain and would say the same: such a
// create may have been carried out late.
func recogniser(ctx context.Context, s *target.Session, e entity.Entity, code string) (func(pipedrive.Record) *string, error) {
	if e.IsMarked() {
		return func(rec pipedrive.Record) *string { return e.Marker(rec.Data, code) }, nil
	}
	rows, err := s.DB.Read().QueryContext(ctx, `SELECT marker, body, coalesce(hi_id, '0') FROM load_op
		WHERE target_id = ? AND entity = ? AND verb = 'create' AND looks > 0`, s.ID, e.Name)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	type late struct {
		marker, hiID string
		part         []byte
	}
	var all []late
	for rows.Next() {
		var l late
		var body []byte
		if err := rows.Scan(&l.marker, &body, &l.hiID); err != nil {
			return nil, err
		}
		if l.part, err = e.Part(body); err != nil {
			return nil, err
		}
		all = append(all, l)
	}
	return func(rec pipedrive.Record) *string {
		for _, l := range all {
			if same, err := journal.Holds(rec.Data, l.part); err == nil && same && (e.Under != "" || isNewer(rec.ID, l.hiID)) {
				return &l.marker
			}
		}
		return nil
	}, rows.Err()
}

// isNewer compares ids that are numbers.
func isNewer(id, than string) bool {
	return len(id) > len(than) || len(id) == len(than) && id > than
}

func store(ctx context.Context, s *target.Session, e entity.Entity, marker func(pipedrive.Record) *string, page []pipedrive.Record) error {
	return s.DB.Write(ctx, func(tx *sql.Tx) error {
		for _, rec := range page {
			if _, err := tx.Exec("INSERT OR REPLACE INTO seen_record VALUES (?, ?, ?, ?, ?, ?)", s.ID, e.Name, rec.ID, marker(rec),
				string(rec.Data), s.DB.Now()); err != nil {
				return err
			}
		}
		return nil
	})
}

// compareAll writes every difference: linked records that are gone or hold
// other values than people gave them, and records with a marker of ours that no link knows.
func compareAll(ctx context.Context, s *target.Session, people *keeper) (int64, error) {
	var n int64
	err := s.DB.Write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.Exec(`INSERT INTO difference (target_id, entity, final_key, pipedrive_id, kind)
			SELECT l.target_id, l.entity, l.final_key, l.pipedrive_id, 'missing' FROM link AS l
			WHERE l.target_id = ? AND l.state = 'live' AND NOT EXISTS (SELECT 1 FROM seen_record AS r
				WHERE r.target_id = l.target_id AND r.entity = l.entity AND r.pipedrive_id = l.pipedrive_id)`, s.ID); err != nil {
			return err
		}
		if _, err := tx.Exec(surplus, s.ID); err != nil {
			return err
		}
		if err := compareValues(ctx, tx, s, people); err != nil {
			return err
		}
		if err := people.store(ctx, tx); err != nil {
			return err
		}
		return tx.QueryRow("SELECT count(*) FROM difference WHERE target_id = ?", s.ID).Scan(&n)
	})
	return n, err
}

// confirmMissing reads what the lists did not show, one by one. What somebody
// has deleted is a difference this once; from then on the warehouse knows that
// it is gone, and it is never made again.
func confirmMissing(ctx context.Context, s *target.Session, res *stage.Result) error {
	missing, err := missingRecords(ctx, s)
	if err != nil || len(missing) > mostConfirmed {
		return err
	}
	j, deleted := s.Journal("load"), map[string]int64{}
	for _, m := range missing {
		rec, err := s.Client.Get(ctx, m.kind, m.id)
		var refused *pipedrive.Error
		isGone := errors.As(err, &refused) && refused.NotFound() || err == nil && journal.IsDeleted(rec.Data)
		if err != nil && !isGone {
			return err
		}
		if !isGone {
			continue
		}
		if err := s.DB.Write(ctx, func(tx *sql.Tx) error { return j.DropLink(tx, m.kind, m.key, "gone") }); err != nil {
			return err
		}
		deleted[m.kind]++
	}
	for _, e := range entity.All {
		if n := deleted[e.Name]; n > 0 {
			res.Add(e.Plural()+" deleted in Pipedrive", n)
		}
	}
	return nil
}

// mostConfirmed bounds what is read one by one: where more is missing, something
// else is wrong than that people tidied up.
const mostConfirmed = 500

type missingRecord struct{ kind, key, id string }

func missingRecords(ctx context.Context, s *target.Session) ([]missingRecord, error) {
	rows, err := s.DB.Read().QueryContext(ctx, "SELECT entity, final_key, pipedrive_id FROM difference WHERE target_id = ? AND kind = 'missing'", s.ID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []missingRecord
	for rows.Next() {
		var m missingRecord
		if err := rows.Scan(&m.kind, &m.key, &m.id); err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	return out, rows.Err()
}

// surplus are records with a marker of ours that no link knows: their final
// record has no other, or was being sent within a day of their last change.
// Later copies of our records have our marker too and are people's own.
const surplus = `INSERT INTO difference (target_id, entity, pipedrive_id, kind, field, got)
SELECT r.target_id, r.entity, r.pipedrive_id, 'surplus', 'NextCRM ID', r.marker FROM seen_record AS r
WHERE r.target_id = ?1 AND r.marker LIKE (SELECT source_tag FROM setup) || '/%'
	AND NOT EXISTS (SELECT 1 FROM link AS l WHERE l.target_id = ?1 AND l.entity = r.entity AND l.pipedrive_id = r.pipedrive_id AND l.state = 'live')
	AND (NOT EXISTS (SELECT 1 FROM link AS l WHERE l.target_id = ?1 AND l.entity = r.entity AND l.marker = r.marker AND l.state = 'live')
		OR EXISTS (SELECT 1 FROM load_op AS o WHERE o.target_id = ?1 AND o.entity = r.entity AND o.marker = r.marker AND o.verb = 'create'
			AND julianday(coalesce(r.data ->> '$.update_time', r.data ->> '$.add_time'))
				BETWEEN julianday(o.intent_at) - 1 AND julianday(coalesce(o.ended_at, o.intent_at)) + 1))`

// isNamed tells that a difference is none: the category of a product is sent by
// its id and may be answered by its name.
func isNamed(ctx context.Context, tx *sql.Tx, targetID int64, kind string, d journal.Difference) (same bool, err error) {
	if kind != "product" || d.Field != "category" {
		return false, nil
	}
	err = tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM bind WHERE target_id = ? AND kind = 'label' AND pipedrive_id = ?
		AND lower(symbol) = lower('product:' || json_extract(?, '$')))`, targetID, d.Want, d.Got).Scan(&same)
	return same, err
}
