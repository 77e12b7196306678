package plan

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"nextpipe/stages/internal/entity"
	"nextpipe/stages/internal/pipedrive"
	"nextpipe/stages/internal/target"
)

// gone plans what becomes of records of ours that have no final record any
// more, because NextCRM has lost them or because the map changed. What hangs
// inside a record (lines, participants, followers) is part of what that record
// says and is taken away; whole records are kept, unless setting gone_records
// says delete.
func gone(ctx context.Context, tx *sql.Tx, s *target.Session, planID int64) error {
	policy, limit, err := goneSettings(ctx, tx)
	if err != nil {
		return err
	}
	for _, e := range entity.All {
		action, reason := "delete", "NextCRM no longer has it"
		switch {
		case e.Under != "":
		case keeps[e.Name]:
			action, reason = "kept", "NextCRM no longer has it; others may hang on it, so it is never deleted: do it in Pipedrive"
		case policy != "delete":
			action, reason = "kept", "NextCRM no longer has it; setting gone_records = keep leaves it"
		}
		if action == "delete" {
			tooMany, err := brake(ctx, tx, s.ID, e, limit)
			if err != nil {
				return err
			}
			if tooMany != "" {
				action, reason = "blocked", tooMany
			}
		}
		if _, err := tx.ExecContext(ctx, entity.ForOne(planGone, e.Name), planID, s.ID, e.Name, action, reason, pipedrive.Cost(e.Name, pipedrive.Delete)); err != nil {
			return fmt.Errorf("what is gone of %s: %w", e.Plural(), err)
		}
	}
	return nil
}

// keeps are kinds that too much may hang on for a program to judge.
var keeps = map[string]bool{"organization": true, "person": true, "product": true}

// isGone picks live records of ours without a final record. What was there
// before us is never taken away.
// ?2 target, ?3 entity.
const isGone = `FROM link AS l WHERE l.target_id = ?2 AND l.entity = ?3 AND l.part = '' AND l.state = 'live' AND l.origin = 'created'
	AND NOT EXISTS (SELECT 1 FROM final_item AS f WHERE f.entity = ?3 AND f.final_key = l.final_key)`

// ?1 plan, ?4 action, ?5 reason, ?6 price of a delete.
const planGone = `INSERT INTO plan_op (plan_id, seq, entity, final_key, action, pipedrive_id, reason, tokens)
SELECT ?1, (SELECT coalesce(max(seq), 0) FROM plan_op WHERE plan_id = ?1) + row_number() OVER (ORDER BY l.final_key),
	?3, l.final_key, ?4, l.pipedrive_id, ?5, iif(?4 = 'delete', ?6, 0) ` + isGone

// fewGone are so few that no brake is needed.
const fewGone = 10

// brake stops deletes that are more likely a broken extract than a wish.
func brake(ctx context.Context, tx *sql.Tx, targetID int64, e entity.Entity, limit int64) (string, error) {
	var n, all int64
	if err := tx.QueryRowContext(ctx, entity.ForOne("SELECT count(*), (SELECT count(*) FROM link WHERE target_id = ?2 AND entity = ?3 AND state = 'live') "+isGone, e.Name),
		nil, targetID, e.Name).Scan(&n, &all); err != nil {
		return "", err
	}
	if n <= fewGone || n*100 <= all*limit {
		return "", nil
	}
	return fmt.Sprintf("%d of %d %s are gone from NextCRM, more than setting gone_limit allows (%d %%): is the source whole?", n, all, e.Plural(), limit), nil
}

// goneSettings reads what the map says; 20 % where it does not say how many may go.
func goneSettings(ctx context.Context, tx *sql.Tx) (policy string, limit int64, err error) {
	limit = 20
	var text string
	err = tx.QueryRowContext(ctx, `SELECT coalesce((SELECT value FROM map_setting WHERE map_key = 'gone_records'), 'keep'),
		coalesce((SELECT value FROM map_setting WHERE map_key = 'gone_limit'), '')`).Scan(&policy, &text)
	if err != nil || strings.TrimSpace(text) == "" {
		return policy, limit, err
	}
	n, wrong := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	if wrong != nil || n < 0 || n > 100 {
		return "", 0, errors.New("map_setting gone_limit takes a percentage from 0 to 100")
	}
	return policy, n, nil
}
