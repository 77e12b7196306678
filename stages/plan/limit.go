package plan

import (
	"context"
	"database/sql"
	"fmt"

	"nextpipe/stages/internal/stage"
	"nextpipe/stages/internal/target"
)

// LeftOut begins the reason of every operation that a limit leaves out.
const LeftOut = "left out by --limit"

// RunLimited is Run for a trial: of each kind of record it plans to create the
// first n that are not there yet, and every record that these refer to. The
// others are held back, each with its reason, until a plan without limit.
func RunLimited(ctx context.Context, s *target.Session, n int64) (stage.Result, error) {
	return run(ctx, s, n)
}

// limit holds back what is not among the first n of each kind, nor anything that
// these need. ?2 is n.
const limit = `WITH RECURSIVE
first AS (SELECT entity, final_key, row_number() OVER (PARTITION BY entity ORDER BY seq) AS place FROM plan_op WHERE plan_id = ?1 AND action = 'create'),
chosen (entity, final_key) AS (
	SELECT entity, final_key FROM first WHERE place <= ?2
	UNION
	SELECT p.entity, p.final_key FROM chosen AS c
	JOIN final_item AS f ON f.entity = c.entity AND f.final_key = c.final_key
	JOIN json_tree(f.payload) AS r ON r.key = '@ref'
	JOIN plan_op AS p ON p.plan_id = ?1 AND p.entity = substr(r.atom, 1, instr(r.atom, ':') - 1) AND p.final_key = substr(r.atom, instr(r.atom, ':') + 1))
UPDATE plan_op SET action = 'blocked', reason = ?3, tokens = 0
WHERE plan_id = ?1 AND action = 'create' AND (entity, final_key) NOT IN (SELECT entity, final_key FROM chosen)`

// applyLimit returns how many records it has left out.
func applyLimit(ctx context.Context, tx *sql.Tx, planID, n int64) (int64, error) {
	if n == 0 {
		return 0, nil
	}
	res, err := tx.ExecContext(ctx, limit, planID, n, fmt.Sprintf("%s %d: run without it to load the rest", LeftOut, n))
	if err != nil {
		return 0, fmt.Errorf("limit the plan: %w", err)
	}
	return res.RowsAffected()
}
