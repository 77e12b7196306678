package report

import (
	"context"
	"fmt"

	"nextpipe/stages/internal/warehouse"
)

// unkept is what Pipedrive's API takes of no record of a kind.
var unkept = []struct{ entity, what, where string }{
	{"organization", "time of the last change", "Pipedrive says when it was loaded"},
	{"person", "time of the last change", "Pipedrive says when it was loaded"},
	{"deal", "time of creation and the history of stages", "in fields of the deal and in the documents of nextpipe report"},
	{"deal", "time of the last change", "Pipedrive says when it was loaded"},
	{"lead", "time of creation", "Pipedrive says when it was loaded"},
	{"activity", "time of creation and author", "in the last lines of its text"},
	{"note", "author", "in the last lines of its text"},
	{"file", "author and time", "in a note beside it"},
}

// planLosses lists what does not arrive as it was: what the API does not take of
// the kinds that the plan creates, what is in no field and stands in texts, and
// rows that are documented, excluded or rejected instead of moved.
func planLosses(ctx context.Context, db *warehouse.DB, planID int64) ([]PlanLoss, error) {
	var out []PlanLoss
	for _, u := range unkept {
		l := PlanLoss{What: u.entity + ": " + u.what, Where: u.where}
		if err := db.Read().QueryRowContext(ctx, "SELECT count(*) FROM plan_op WHERE plan_id = ? AND entity = ? AND action = 'create'", planID, u.entity).Scan(&l.N); err != nil {
			return nil, err
		}
		if l.N > 0 {
			out = append(out, l)
		}
	}
	rows, err := db.Read().QueryContext(ctx, `
		SELECT object || ': rows ' || fate, count(*), CASE fate WHEN 'documented' THEN 'in the documents of nextpipe report'
			ELSE coalesce(rule, '') || ', see nextpipe report' END FROM (
			SELECT 'account' AS object, fate, rule FROM xw_account UNION ALL SELECT 'contact', fate, rule FROM xw_contact
			UNION ALL SELECT 'deal', fate, rule FROM xw_deal UNION ALL SELECT object, fate, rule FROM xw_item)
		WHERE fate IN ('documented', 'excluded', 'rejected') GROUP BY object, fate, CASE fate WHEN 'documented' THEN '' ELSE rule END ORDER BY 1, 3`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var l PlanLoss
		if err := rows.Scan(&l.What, &l.N, &l.Where); err != nil {
			return nil, fmt.Errorf("read what is not moved: %w", err)
		}
		out = append(out, l)
	}
	return out, rows.Err()
}
