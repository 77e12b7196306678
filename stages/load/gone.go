package load

import (
	"context"
	"errors"
	"fmt"

	"nextpipe/stages/internal/entity"
	"nextpipe/stages/internal/journal"
	"nextpipe/stages/internal/pipedrive"
)

// takeAway deletes what the plan says NextCRM no longer has. Each record is
// read first: what somebody changed in Pipedrive stays, and is reported.
func (l *loader) takeAway(ctx context.Context, e entity.Entity) error {
	planned, err := l.pendingDeletes(ctx, e.Name)
	if err != nil {
		return err
	}
	for _, p := range planned {
		if err := l.takeAwayOne(ctx, e, p); err != nil {
			return fmt.Errorf("%s: %w", p.finalKey, err)
		}
	}
	return l.j.SettleAll(ctx, e.Name)
}

func (l *loader) takeAwayOne(ctx context.Context, e entity.Entity, p planned) error {
	op := &journal.Op{Entity: e.Name, FinalKey: p.finalKey, Verb: journal.Delete, PipedriveID: p.pipedriveID}
	now, err := l.Client.Get(ctx, e.Name, p.pipedriveID)
	var refused *pipedrive.Error
	if errors.As(err, &refused) && refused.NotFound() || err == nil && journal.IsDeleted(now.Data) {
		return l.drop(ctx, op, "gone")
	}
	if err != nil {
		return err
	}
	diffs, err := journal.Compare(now.Data, p.sent)
	if err != nil {
		return err
	}
	if len(diffs) > 0 {
		return l.j.Block(ctx, op, "changed_in_pipedrive", "NextCRM no longer has it, and somebody changed "+diffs[0].Field+" in Pipedrive: it stays")
	}
	op.Before = &now
	return l.j.Send(ctx, op)
}

// pendingDeletes lists the planned deletes that are not carried out.
func (l *loader) pendingDeletes(ctx context.Context, kind string) ([]planned, error) {
	rows, err := l.DB.Read().QueryContext(ctx, `SELECT p.final_key, p.pipedrive_id, k.sent FROM plan_op AS p
		JOIN link AS k ON k.target_id = ?2 AND k.entity = ?3 AND k.final_key = p.final_key AND k.state = 'live' AND k.pipedrive_id = p.pipedrive_id
		WHERE p.plan_id = ?1 AND p.entity = ?3 AND p.action = 'delete'
			AND NOT EXISTS (SELECT 1 FROM load_op AS o WHERE o.target_id = ?2 AND o.entity = ?3 AND o.final_key = p.final_key
				AND (o.state IN ('intent', 'in_doubt', 'quarantined') OR o.op_id > ?4 AND o.state IN ('refused', 'blocked')))
		ORDER BY p.seq`, l.planID, l.ID, kind, l.after)
	if err != nil {
		return nil, fmt.Errorf("read planned deletes: %w", err)
	}
	defer rows.Close()
	var out []planned
	for rows.Next() {
		var p planned
		if err := rows.Scan(&p.finalKey, &p.pipedriveID, &p.sent); err != nil {
			return nil, fmt.Errorf("read planned deletes: %w", err)
		}
		out = append(out, p)
	}
	return out, rows.Err()
}
