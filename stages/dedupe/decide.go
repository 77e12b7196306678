package dedupe

import (
	"context"
	"database/sql"
	"fmt"

	"nextpipe/stages/internal/match"
	"nextpipe/stages/internal/stage"
)

// Rules of decisions, beside those of package match.
const (
	ruleJoin  = "decision.join"
	ruleSplit = "decision.split"
)

// ruling is one row of decide_cluster whose two records are there.
type ruling struct {
	match.Ruling
	aRow, bRow int64
	why        string
}

type rulings struct {
	list []ruling
	by   map[[2]string]ruling
}

// verdict is a person's word on two records.
func (r rulings) verdict(a, b string) (match.Verdict, bool) {
	if len(r.by) == 0 {
		return match.Verdict{}, false
	}
	d, ok := r.by[[2]string{min(a, b), max(a, b)}]
	if !ok {
		return match.Verdict{}, false
	}
	if d.Kind == match.Join {
		return match.Verdict{Decision: match.Merge, Rule: ruleJoin, Confidence: 1, Why: d.why}, true
	}
	return match.Verdict{Decision: match.Distinct, Rule: ruleSplit, Confidence: 1, Why: d.why}, true
}

// among returns the rulings about two of the given records.
func (r rulings) among(present map[string]bool) []match.Ruling {
	var out []match.Ruling
	for _, d := range r.list {
		if present[d.A] && present[d.B] {
			out = append(out, d.Ruling)
		}
	}
	return out
}

// decisions reads decide_cluster. A decision about a record that is gone or was
// dropped has no effect and is counted; a key that never was a record's is an
// error, because a typing error would otherwise undo a person's word in silence.
func decisions(ctx context.Context, db *sql.DB, object, entity string) (rulings, int64, error) {
	rows, err := db.QueryContext(ctx, fmt.Sprintf(`
		WITH gone (key) AS (
			SELECT '%[1]s:' || source_id FROM clean_drop WHERE object = '%[1]s'
			UNION SELECT %[1]s_key FROM xw_%[1]s WHERE %[1]s_key IN (SELECT a_key FROM decide_cluster UNION SELECT b_key FROM decide_cluster)
			UNION SELECT final_key FROM link WHERE entity = '%[2]s')
		SELECT d.decision_id, d.action, d.a_key, d.b_key, coalesce(a.row_id, -1), coalesce(b.row_id, -1),
			'decided by ' || d.by_name || coalesce(': ' || d.why, ''),
			CASE WHEN a.row_id IS NULL AND d.a_key NOT IN (SELECT key FROM gone WHERE key IS NOT NULL) THEN d.a_key
				WHEN b.row_id IS NULL AND d.b_key NOT IN (SELECT key FROM gone WHERE key IS NOT NULL) THEN d.b_key ELSE '' END
		FROM decide_cluster AS d
		LEFT JOIN clean_%[1]s AS a ON a.%[1]s_key = d.a_key
		LEFT JOIN clean_%[1]s AS b ON b.%[1]s_key = d.b_key
		WHERE d.object = '%[1]s' ORDER BY d.decision_id`, object, entity))
	if err != nil {
		return rulings{}, 0, fmt.Errorf("read decisions: %w", err)
	}
	defer rows.Close()
	out, moot := rulings{by: map[[2]string]ruling{}}, int64(0)
	for rows.Next() {
		var r ruling
		var id int64
		var unknown string
		if err := rows.Scan(&id, &r.Kind, &r.A, &r.B, &r.aRow, &r.bRow, &r.why, &unknown); err != nil {
			return out, 0, err
		}
		switch {
		case unknown != "":
			return out, 0, stage.Input(fmt.Errorf("decide_cluster row %d (%s %s and %s): no %s has the key %q; correct or delete the row", id, r.Kind, r.A, r.B, object, unknown))
		case r.A == r.B:
			return out, 0, stage.Input(fmt.Errorf("decide_cluster row %d: it names %s twice; name two different records", id, r.A))
		case r.aRow < 0 || r.bRow < 0:
			moot++
		default:
			out.list = append(out.list, r)
			out.by[[2]string{min(r.A, r.B), max(r.A, r.B)}] = r
		}
	}
	return out, moot, rows.Err()
}
