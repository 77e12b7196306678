package load

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"nextpipe/stages/internal/journal"
	"nextpipe/stages/internal/pipedrive"
)

// renewValues takes note of what deals are worth after their lines: the answer
// to the deal itself came before them. Without it the next run would take our
// own change for somebody else's.
func (l *loader) renewValues(ctx context.Context) error {
	deals, err := l.movedByLines(ctx)
	if err != nil {
		return err
	}
	for _, d := range deals {
		if err := l.renewValue(ctx, d); err != nil {
			return fmt.Errorf("%s: %w", d.key, err)
		}
	}
	return nil
}

// movedDeal is a deal of which the account once answered another value than was sent.
type movedDeal struct {
	key, id      string
	sent, echoed []byte
}

// movedByLines lists the deals whose lines this run has changed.
func (l *loader) movedByLines(ctx context.Context) ([]movedDeal, error) {
	rows, err := l.DB.Read().QueryContext(ctx, `SELECT d.final_key, d.pipedrive_id, d.sent, d.echoed FROM link AS d
		WHERE d.target_id = ?1 AND d.entity = 'deal' AND d.state = 'live' AND d.sent ->> '$.value' IS NOT d.echoed ->> '$.value'
			AND EXISTS (SELECT 1 FROM load_op AS o WHERE o.target_id = ?1 AND o.entity IN ('deal_product', 'deal_discount') AND o.run_id = ?2
				AND (o.body ->> '$.deal_id' = CAST(d.pipedrive_id AS INTEGER) OR o.pipedrive_id LIKE d.pipedrive_id || '/%'))`, l.ID, l.RunID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var deals []movedDeal
	for rows.Next() {
		var d movedDeal
		if err := rows.Scan(&d.key, &d.id, &d.sent, &d.echoed); err != nil {
			return nil, err
		}
		deals = append(deals, d)
	}
	return deals, rows.Err()
}

// renewValue keeps the value of a deal as its lines made it. Another value than
// was meant is somebody else's word and stays a difference.
func (l *loader) renewValue(ctx context.Context, d movedDeal) error {
	now, err := l.Client.Get(ctx, "deal", d.id)
	var refused *pipedrive.Error
	if errors.As(err, &refused) && refused.NotFound() {
		return nil // verify reports it
	}
	if err != nil {
		return err
	}
	meant, err := json.Marshal(map[string]json.RawMessage{"value": json.RawMessage(journal.TextAt(d.sent, "value"))})
	if err != nil {
		return err
	}
	if same, err := journal.Holds(now.Data, meant); err != nil || !same {
		return err
	}
	echoed, err := journal.Overlay(d.echoed, now.Data, meant)
	if err != nil {
		return err
	}
	return l.DB.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec("UPDATE link SET echoed = ? WHERE target_id = ? AND entity = 'deal' AND final_key = ?", string(echoed), l.ID, d.key)
		return err
	})
}
