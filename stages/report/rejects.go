package report

import (
	"context"
	"fmt"

	"nextpipe/stages/internal/entity"
	"nextpipe/stages/internal/warehouse"
)

// Reject is one record that was left out, with its reason.
type Reject struct {
	Object   string `json:"object"`    // account, contact, deal; or the entity when Pipedrive refused it
	SourceID string `json:"source_id"` // several, comma-separated, of merged rows; or the final key
	Rule     string `json:"rule"`
	Reason   string `json:"reason"`
}

func (r Reject) String() string {
	return fmt.Sprintf("%s %s: %s (%s)", r.Object, r.SourceID, r.Reason, r.Rule)
}

// Rejects lists the source rows of which nothing could be made, and the records
// that the account of targetID refused or that could not be sent.
func Rejects(ctx context.Context, db *warehouse.DB, targetID int64) ([]Reject, error) {
	rows, err := db.Read().QueryContext(ctx, `
		SELECT object, coalesce(source_id, 'row ' || row_id), rule, reason FROM clean_drop WHERE fate = 'rejected'
		UNION ALL SELECT object, coalesce(source_id, 'row ' || row_id), coalesce(rule, ''), reason FROM xw_item WHERE fate = 'rejected'
		UNION ALL SELECT entity, coalesce(source_ids, final_key), coalesce(error_code, state), coalesce(message, hint, '') FROM v_rejects WHERE target_id = ?1
		UNION ALL SELECT p.entity, p.final_key, 'held_back_by_plan', p.reason FROM plan_op AS p JOIN plan AS c ON c.plan_id = p.plan_id
			WHERE c.target_id = ?1 AND c.is_current = 1 AND p.action = 'blocked' AND NOT EXISTS (SELECT 1 FROM v_rejects AS v
				WHERE v.target_id = ?1 AND v.entity = p.entity AND v.final_key = p.final_key)
		ORDER BY 1, 2`, targetID)
	if err != nil {
		return nil, fmt.Errorf("read rejects: %w", err)
	}
	defer rows.Close()
	var out []Reject
	for rows.Next() {
		var r Reject
		if err := rows.Scan(&r.Object, &r.SourceID, &r.Rule, &r.Reason); err != nil {
			return nil, fmt.Errorf("read rejects: %w", err)
		}
		out = append(out, r)
	}
	return out, rows.Err()
}

// Bill is what an account cost so far, in tokens, against the least that any
// correct run would have spent.
type Bill struct {
	Spent     int64 `json:"spent"`
	Creates   int64 `json:"creates"`   // records created, at the documented price
	ReadBack  int64 `json:"read_back"` // one full read of every entity by list pages
	Structure int64 `json:"structure"` // metadata and provisioning, as spent
}

// Floor is the least a correct run spends.
func (b Bill) Floor() int64 { return b.Creates + b.ReadBack + b.Structure }

// TokenBill reads the request log of one run: calls to the record endpoints
// are weighed against the floor, everything else is itemised as structure.
func TokenBill(ctx context.Context, db *warehouse.DB, runID int64) (Bill, error) {
	var b Bill
	err := db.Read().QueryRowContext(ctx, `
		WITH c AS (SELECT *, path GLOB '/api/v2/organizations*' OR path GLOB '/api/v2/persons*' OR path GLOB '/api/v2/deals*'
				OR path GLOB '/api/v2/products*' OR path GLOB '/api/v2/activities*' OR path GLOB '/api/v1/deals/*' OR path GLOB '/api/v1/leads*'
				OR path GLOB '/api/v1/notes*' OR path GLOB '/api/v1/files*' OR path GLOB '/api/v1/filters*'
				OR path GLOB '/api/v1/organizationRelationships*' AS is_record
			FROM http_log WHERE run_id = ?1)
		SELECT (SELECT coalesce(sum(tokens), 0) FROM c),
			(SELECT coalesce(sum(tokens), 0) FROM c WHERE is_record AND method = 'POST' AND status BETWEEN 200 AND 299),
			(SELECT coalesce(sum(tokens), 0) FROM c WHERE NOT is_record)`, runID).Scan(&b.Spent, &b.Creates, &b.Structure)
	if err == nil {
		b.ReadBack, err = readBack(ctx, db, runID)
	}
	if err != nil {
		return b, fmt.Errorf("read token bill: %w", err)
	}
	return b, nil
}

// readBack prices one full look at everything that the last verify saw.
func readBack(ctx context.Context, db *warehouse.DB, runID int64) (sum int64, err error) {
	for _, e := range entity.All {
		var n, parents int64
		if err := db.Read().QueryRowContext(ctx, `SELECT count(*), count(DISTINCT data ->> ?3) FROM seen_record
			WHERE target_id = (SELECT target_id FROM run WHERE run_id = ?1) AND entity = ?2`, runID, e.Name, e.Parent()).Scan(&n, &parents); err != nil {
			return 0, err
		}
		sum += e.ReadBack(n, parents)
	}
	return sum, nil
}
