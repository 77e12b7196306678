// Package plan decides, before anything is sent, what happens to every final
// record in one account, and what it costs.
//
//	reads   seen_record final_* golden_* xw_account link load_op dest_* bind
//	does    matches what the account had before us by dedupe's rules; compares what should be there with what is linked; prices it in tokens; seals it
//	writes  dest_match plan plan_op plan_change plan_price plan_forecast
package plan

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"

	"nextpipe/stages/internal/entity"
	"nextpipe/stages/internal/pipedrive"
	"nextpipe/stages/internal/stage"
	"nextpipe/stages/internal/target"
	"nextpipe/stages/internal/warehouse"
)

// Run replaces the current plan of the account.
func Run(ctx context.Context, s *target.Session) (stage.Result, error) { return run(ctx, s, 0) }

func run(ctx context.Context, s *target.Session, limit int64) (stage.Result, error) {
	if err := requireSnapshot(ctx, s); err != nil {
		return stage.Result{}, fmt.Errorf("plan: %w", err)
	}
	if err := refuseAhead(ctx, s); err != nil {
		return stage.Result{}, fmt.Errorf("plan: %w", err)
	}
	seal, err := Seal(ctx, s.DB)
	if err != nil {
		return stage.Result{}, fmt.Errorf("plan: %w", err)
	}
	var res stage.Result
	err = s.DB.Write(ctx, func(tx *sql.Tx) error {
		skipped, err := matchExisting(ctx, tx, s.ID)
		if err != nil {
			return err
		}
		id, err := begin(tx, s, seal)
		if err != nil {
			return err
		}
		if err := fill(ctx, tx, s, id); err != nil {
			return err
		}
		leftOut, err := applyLimit(ctx, tx, id, limit)
		if err != nil {
			return err
		}
		if err := price(tx, id); err != nil {
			return err
		}
		if res, err = summarise(tx, id); err != nil {
			return err
		}
		err = forecast(ctx, tx, s, id, &res)
		if leftOut > 0 {
			res.Add("left out by the limit", leftOut)
		}
		if skipped > 0 {
			res.Add("keys too common to match", skipped)
		}
		return err
	})
	if err != nil {
		return res, fmt.Errorf("plan: %w", err)
	}
	return res, nil
}

// requireSnapshot refuses to plan blind: what the account already has would be
// created a second time.
func requireSnapshot(ctx context.Context, s *target.Session) error {
	var taken bool
	err := s.DB.Read().QueryRowContext(ctx, "SELECT snapshot_at IS NOT NULL FROM target WHERE target_id = ?", s.ID).Scan(&taken)
	if err == nil && !taken {
		return stage.Input(fmt.Errorf("what %s already holds is not known yet: run `nextpipe scope` first", s.Me.CompanyDomain))
	}
	return err
}

// refuseAhead stops when the account holds records of this source that this
// warehouse knows nothing of: an older copy would make them a second time.
func refuseAhead(ctx context.Context, s *target.Session) error {
	var n int
	var example sql.NullString
	err := s.DB.Read().QueryRowContext(ctx, `SELECT count(*), min(f.final_key) FROM dest_record AS d
		JOIN final_item AS f ON f.entity = d.entity AND f.final_key = substr(d.marker, instr(d.marker, '/') + 1) AND f.marker = d.marker
		WHERE d.target_id = ?1 AND d.marker LIKE (SELECT source_tag FROM setup) || '/%'
			AND NOT EXISTS (SELECT 1 FROM link AS l WHERE l.target_id = ?1 AND l.entity = d.entity AND l.state = 'live'
				AND (l.final_key = f.final_key OR l.pipedrive_id = d.pipedrive_id))`, s.ID).Scan(&n, &example)
	if err == nil && n > 0 {
		err = fmt.Errorf("%w: %s holds %d records of this source that this warehouse knows nothing of, %s for one: another copy of the warehouse made them. "+
			"Use the newest copy, or run `nextpipe relink` to adopt them", warehouse.ErrDrift, s.Me.CompanyDomain, n, example.String)
	}
	return err
}

// Seal is a hash over everything that final records say. A plan holds only as
// long as it stays the same.
func Seal(ctx context.Context, db *warehouse.DB) (string, error) {
	rows, err := db.Read().QueryContext(ctx, `SELECT entity, final_key, payload FROM final_item ORDER BY entity, seq, final_key`)
	if err != nil {
		return "", fmt.Errorf("seal: %w", err)
	}
	defer rows.Close()
	h := sha256.New()
	var entity, key, payload sql.RawBytes
	for rows.Next() {
		if err := rows.Scan(&entity, &key, &payload); err != nil {
			return "", fmt.Errorf("seal: %w", err)
		}
		for _, b := range [][]byte{entity, {0}, key, {0}, payload, {0}} {
			h.Write(b)
		}
	}
	return hex.EncodeToString(h.Sum(nil)), rows.Err()
}

// begin makes the new plan the account's current one; earlier plans are dropped,
// since load_op tells what became of them.
func begin(tx *sql.Tx, s *target.Session, seal string) (int64, error) {
	if _, err := tx.Exec("DELETE FROM plan WHERE target_id = ?", s.ID); err != nil {
		return 0, err
	}
	res, err := tx.Exec(`INSERT INTO plan (target_id, seal, tokens, floor, after_op, made_at, is_current)
		SELECT ?, ?, 0, 0, coalesce(max(op_id), 0), ?, 1 FROM load_op`, s.ID, seal, s.DB.Now())
	if err != nil {
		return 0, err
	}
	return res.LastInsertId()
}

// fill writes one operation for every final record, parents before children.
// What is already linked and unchanged costs nothing; what differs is worked
// out key by key in Go.
func fill(ctx context.Context, tx *sql.Tx, s *target.Session, planID int64) error {
	for _, name := range entity.Names() {
		again := pipedrive.Cost(name, pipedrive.Delete) + pipedrive.Cost(name, pipedrive.Create) + readPrice(name)
		e, _ := entity.Of(name)
		if _, err := tx.ExecContext(ctx, entity.ForOne(decide, name), planID, s.ID, name, pipedrive.Cost(name, pipedrive.Create), updatePrice(name),
			pipedrive.Cost(name, pipedrive.Update) > 0, e.ParentRef(), again); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	if err := gone(ctx, tx, s, planID); err != nil {
		return err
	}
	if err := reconsider(ctx, tx, s, planID); err != nil {
		return fmt.Errorf("what was refused: %w", err)
	}
	return spellOut(ctx, tx, s, planID)
}

// decide gives every final record of one entity its action. Updates get the
// body '{}' here and their real one from spellOut.
// ?1 plan, ?2 target, ?3 entity, ?4 price of a create, ?5 price of an update,
// ?6 whether the API can change one, ?7 where a payload names the record it
// hangs on, ?8 price of making one anew.
const decide = `
WITH linked AS (SELECT * FROM link WHERE target_id = ?2 AND entity = ?3 AND part = ''),
matched AS (
    SELECT final_key, max(CASE WHEN decision = 'merge' THEN pipedrive_id END) AS pipedrive_id,
        count(*) AS candidates, max(decision = 'review') AS needs_review, max(why) AS why
    FROM dest_match WHERE target_id = ?2 AND entity = ?3 GROUP BY final_key),
-- What waits: for a correction when it was refused, for a person when its outcome is unknown.
waiting AS (
    SELECT o.final_key, o.state, o.symbolic, o.message, o.hint FROM load_op AS o
    WHERE o.target_id = ?2 AND o.entity = ?3 AND o.purpose = 'load'
      AND o.state IN ('refused', 'quarantined', 'blocked') AND o.state <> 'blocked' -- the terms of the index load_op_bad
      AND o.error_code IS NOT '` + pipedrive.LocalFile + `' -- the file may be there again
      AND o.op_id = (SELECT max(n.op_id) FROM load_op AS n
        WHERE n.target_id = ?2 AND n.entity = ?3 AND n.final_key = o.final_key AND n.purpose = 'load')),
judged AS (
    SELECT f.seq, f.final_key, coalesce(l.pipedrive_id, m.pipedrive_id) AS pipedrive_id,
        CASE
            WHEN l.state = 'gone' THEN 'kept'
            WHEN l.state = 'live' AND l.symbolic = f.payload THEN 'unchanged'
            WHEN w.state = 'quarantined' THEN 'blocked'
            WHEN w.symbolic = f.payload THEN 'blocked'
            WHEN l.state = 'live' AND l.symbolic ->> ?7 IS NOT f.payload ->> ?7 THEN 'delete'
            WHEN l.state = 'live' THEN iif(?6, 'update', 'delete')
            WHEN m.candidates > 1 OR m.needs_review THEN 'blocked'
            WHEN m.pipedrive_id IS NOT NULL THEN 'update'
            ELSE 'create'
        END AS action,
        CASE
            WHEN l.state = 'gone' THEN 'deleted or merged in Pipedrive by somebody: never created again'
            WHEN l.state = 'live' AND l.symbolic = f.payload THEN NULL
            WHEN w.state = 'quarantined' THEN 'it is not known whether it exists: ' || coalesce(w.hint, '')
            WHEN w.symbolic = f.payload THEN 'refused before and not changed since: ' || coalesce(w.message, '')
            WHEN l.state = 'live' AND l.symbolic ->> ?7 IS NOT f.payload ->> ?7 THEN 'it hangs on another record now: it is made anew there'
            WHEN l.state = 'live' THEN 'changed since it was sent' || iif(?6, '', ', and the API cannot change one: it is made anew')
            WHEN m.candidates > 1 THEN 'matches ' || m.candidates || ' records the account already has: decide which'
            WHEN m.needs_review THEN 'may be a record the account already has: ' || m.why
            WHEN m.pipedrive_id IS NOT NULL THEN 'matches a record the account already has: ' || m.why
        END AS reason
    FROM final_item AS f
    LEFT JOIN linked AS l ON l.final_key = f.final_key AND l.state <> 'removed'
    LEFT JOIN matched AS m ON m.final_key = f.final_key
    LEFT JOIN waiting AS w ON w.final_key = f.final_key
    WHERE f.entity = ?3)
INSERT INTO plan_op (plan_id, seq, entity, final_key, action, pipedrive_id, body, reason, tokens)
SELECT ?1, (SELECT coalesce(max(seq), 0) FROM plan_op WHERE plan_id = ?1) + row_number() OVER (ORDER BY seq, final_key),
    ?3, final_key, action, pipedrive_id, CASE WHEN action = 'update' THEN '{}' END, reason,
    CASE action WHEN 'create' THEN ?4 WHEN 'update' THEN ?5 WHEN 'delete' THEN ?8 ELSE 0 END
FROM judged`

func summarise(tx *sql.Tx, planID int64) (stage.Result, error) {
	var res stage.Result
	rows, err := tx.Query("SELECT action, count(*) FROM plan_op WHERE plan_id = ? GROUP BY action ORDER BY action", planID)
	if err != nil {
		return res, err
	}
	defer rows.Close()
	for rows.Next() {
		var action string
		var n int64
		if err := rows.Scan(&action, &n); err != nil {
			return res, err
		}
		res.Add(action, n)
		res.Rows += n
		if action == "blocked" {
			res.Left += n
		}
	}
	if err := rows.Err(); err != nil {
		return res, err
	}
	var tokens int64
	err = tx.QueryRow("SELECT tokens FROM plan WHERE plan_id = ?", planID).Scan(&tokens)
	res.Add("tokens", tokens)
	return res, err
}
