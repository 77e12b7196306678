package rollback

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"nextpipe/stages/internal/entity"
	"nextpipe/stages/internal/journal"
	"nextpipe/stages/internal/pipedrive"
)

// lapse is by how much the account's clock may be ahead of ours.
const lapse = time.Minute

// stripped is a deal that stays without lines or discounts of ours, which moved
// its value when they went.
type stripped struct{ key, id, value, until string }

// mendValues gives deals that stay the value back that they had with our lines:
// each line that goes moves it, and the last one leaves it there. Where others
// have lines, or somebody changed the deal since, it is theirs to say.
func (u *undoer) mendValues(ctx context.Context) error {
	if u.dryRun {
		return nil
	}
	deals, err := u.strippedDeals(ctx)
	if err != nil || len(deals) == 0 {
		return err
	}
	var ids []string
	for _, d := range deals {
		ids = append(ids, d.id)
	}
	lined := map[string]bool{}
	line, _ := entity.Of("deal_product")
	if err := u.WalkInside(ctx, line, ids, func(recs []pipedrive.Record) error {
		for _, rec := range recs {
			lined[journal.TextAt(rec.Data, "deal_id")] = true
		}
		return nil
	}); err != nil {
		return fmt.Errorf("read lines: %w", err)
	}
	for _, d := range deals {
		if lined[d.id] {
			continue
		}
		if err := u.mendValue(ctx, d); err != nil {
			return fmt.Errorf("%s: %w", d.key, err)
		}
	}
	return u.j.SettleAll(ctx, "deal")
}

func (u *undoer) mendValue(ctx context.Context, d stripped) error {
	recs, err := u.remaining(ctx, "deal", []counted{{finalKey: d.key, id: d.id}})
	if err != nil || len(recs) == 0 {
		return err
	}
	body := []byte(`{"value":` + d.value + `}`)
	same, err := journal.Holds(recs[0].Data, body)
	if err != nil || same || u.changedAfter(recs[0], d.until) {
		return err
	}
	op := &journal.Op{Entity: "deal", FinalKey: d.key, Verb: journal.Update, PipedriveID: d.id, Body: body, Before: &recs[0]}
	if op.Symbolic, err = json.Marshal(way{}); err != nil {
		return err
	}
	return u.j.Send(ctx, op)
}

// changedAfter tells that a record changed after our last operation on it, or
// that this cannot be told.
func (u *undoer) changedAfter(rec pipedrive.Record, until string) bool {
	changed, errChanged := time.Parse(time.RFC3339, journal.TextAt(rec.Data, "update_time"))
	end, errEnd := time.Parse(time.RFC3339, until)
	return errChanged != nil || errEnd != nil || changed.After(end.Add(lapse))
}

// strippedDeals lists these deals, with the value that we sent.
func (u *undoer) strippedDeals(ctx context.Context) ([]stripped, error) {
	rows, err := u.DB.Read().QueryContext(ctx, `WITH gone AS MATERIALIZED (
			SELECT substr(pipedrive_id, 1, instr(pipedrive_id, '/') - 1) AS deal, max(op_id) AS op, max(ended_at) AS until FROM load_op
			WHERE target_id = ?1 AND entity IN ('deal_product', 'deal_discount') AND purpose = 'rollback' AND state = 'done' GROUP BY 1)
		SELECT k.final_key, k.pipedrive_id, k.sent -> '$.value', g.until FROM gone AS g
		JOIN link AS k ON k.target_id = ?1 AND k.entity = 'deal' AND k.pipedrive_id = g.deal AND k.state = 'live' AND k.sent ->> '$.value' IS NOT NULL
		WHERE NOT EXISTS (SELECT 1 FROM load_op AS o WHERE o.target_id = ?1 AND o.entity = 'deal' AND o.final_key = k.final_key AND o.op_id > g.op
			AND o.state = 'done' AND o.body ->> '$.value' IS NOT NULL)`, u.ID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []stripped
	for rows.Next() {
		var d stripped
		if err := rows.Scan(&d.key, &d.id, &d.value, &d.until); err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	return out, rows.Err()
}
