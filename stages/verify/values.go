package verify

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"nextpipe/stages/internal/entity"
	"nextpipe/stages/internal/journal"
	"nextpipe/stages/internal/target"
)

// linked is a linked record as it was sent and answered, and as it was seen now.
type linked struct{ kind, key, id, sent, echoed, seen string }

// compareValues compares each linked record with everything we sent for it.
// Pages of rows are read and closed before differences are written.
func compareValues(ctx context.Context, tx *sql.Tx, s *target.Session, people *keeper) error {
	const pageSize = 1000
	for kind, key := "", ""; ; {
		page, err := readLinked(ctx, tx, s.ID, kind, key, pageSize)
		if err != nil {
			return err
		}
		for _, r := range page {
			if err := compareOne(ctx, tx, s, people, r); err != nil {
				return fmt.Errorf("compare %s %s: %w", r.kind, r.key, err)
			}
		}
		if len(page) < pageSize {
			return nil
		}
		kind, key = page[len(page)-1].kind, page[len(page)-1].key
	}
}

func readLinked(ctx context.Context, tx *sql.Tx, targetID int64, kind, key string, most int) ([]linked, error) {
	rows, err := tx.QueryContext(ctx, `SELECT l.entity, l.final_key, l.pipedrive_id, l.sent, l.echoed, r.data FROM link AS l
		JOIN seen_record AS r ON r.target_id = l.target_id AND r.entity = l.entity AND r.pipedrive_id = l.pipedrive_id
		WHERE l.target_id = ? AND l.state = 'live' AND (l.entity, l.final_key) > (?, ?) ORDER BY l.entity, l.final_key LIMIT ?`,
		targetID, kind, key, most)
	if err != nil {
		return nil, err
	}
	var page []linked
	for rows.Next() {
		var r linked
		if err := rows.Scan(&r.kind, &r.key, &r.id, &r.sent, &r.echoed, &r.seen); err != nil {
			return nil, errors.Join(err, rows.Close())
		}
		page = append(page, r)
	}
	return page, errors.Join(rows.Err(), rows.Close())
}

func compareOne(ctx context.Context, tx *sql.Tx, s *target.Session, people *keeper, r linked) error {
	e, _ := entity.Of(r.kind)
	diffs, err := journal.Compare([]byte(r.seen), e.Meant([]byte(r.sent)))
	if err != nil {
		return err
	}
	for _, d := range diffs {
		same, err := isNamed(ctx, tx, s.ID, r.kind, d)
		if err == nil && !same {
			same, err = people.keep(ctx, tx, r, d)
		}
		if err != nil {
			return err
		}
		if same {
			continue
		}
		if _, err := tx.Exec("INSERT INTO difference VALUES (?, ?, ?, ?, 'value', ?, ?, ?)", s.ID, r.kind, r.key, r.id, d.Field, d.Want, d.Got); err != nil {
			return err
		}
	}
	return nil
}
