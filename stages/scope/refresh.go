package scope

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"

	"nextpipe/stages/internal/entity"
	"nextpipe/stages/internal/pipedrive"
	"nextpipe/stages/internal/stage"
	"nextpipe/stages/internal/target"
)

// foreign tells that a record r is not one of ours: nothing is linked to it and
// no create that may have been carried out had its marker. One that carries a marker of this
// source all the same was made by another copy of the warehouse; plan sees to
// it. ?1 target.
const foreign = `NOT EXISTS (SELECT 1 FROM link AS l WHERE l.target_id = ?1 AND l.entity = r.entity AND l.pipedrive_id = r.pipedrive_id AND l.state = 'live')
	AND NOT EXISTS (SELECT 1 FROM load_op AS o WHERE o.target_id = ?1 AND o.entity = r.entity AND o.final_key = substr(r.marker, instr(r.marker, '/') + 1)
		AND (o.state IN ('intent', 'in_doubt', 'done', 'quarantined') OR o.looks > 0) AND r.marker LIKE (SELECT source_tag FROM setup) || '/%')`

// refresh brings the snapshot up to date once we have written to the account:
// people go on working there, and what they make must be matched, not made
// again. What the last verify saw costs nothing; only what changed since is read.
func refresh(ctx context.Context, s *target.Session, res *stage.Result) error {
	if err := s.DB.Write(ctx, func(tx *sql.Tx) error { return fromVerify(ctx, tx, s) }); err != nil {
		return fmt.Errorf("take over what verify saw: %w", err)
	}
	for _, e := range entity.All {
		if !e.Snapshot {
			continue
		}
		n, err := changed(ctx, s, e)
		if err != nil {
			return fmt.Errorf("%s: %w", e.Name, err)
		}
		res.Add(e.Plural()+" of others changed", n)
		res.Rows += n
	}
	return nil
}

// fromVerify takes over other people's records as the last whole verify saw
// them, and forgets those that were gone by then.
func fromVerify(ctx context.Context, tx *sql.Tx, s *target.Session) error {
	const verified = "EXISTS (SELECT 1 FROM verification WHERE target_id = ?1)"
	if _, err := tx.ExecContext(ctx, `DELETE FROM dest_record AS r WHERE r.target_id = ?1 AND r.taken_at < (SELECT min(seen_at) FROM seen_record WHERE target_id = ?1)
		AND `+verified+` AND `+foreign+` AND NOT EXISTS (SELECT 1 FROM seen_record AS n
			WHERE n.target_id = ?1 AND n.entity = r.entity AND n.pipedrive_id = r.pipedrive_id)`, s.ID); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `INSERT OR REPLACE INTO dest_record (target_id, entity, pipedrive_id, marker, name, data, taken_at)
		SELECT r.target_id, r.entity, r.pipedrive_id, r.marker, coalesce(r.data ->> '$.name', r.data ->> '$.title', ''), r.data, r.seen_at
		FROM seen_record AS r WHERE r.target_id = ?1 AND r.entity IN ('organization', 'person', 'product', 'deal') AND `+verified+` AND `+foreign, s.ID)
	return err
}

// changed reads what changed since the newest record that is known, by the
// account's own clock.
func changed(ctx context.Context, s *target.Session, e entity.Entity) (n int64, err error) {
	code, err := existingMarkerField(ctx, s, e.Name)
	if err != nil {
		return 0, err
	}
	var since sql.NullString
	if err := s.DB.Read().QueryRowContext(ctx, `SELECT max(update_time) FROM (
		SELECT max(data ->> '$.update_time') AS update_time FROM dest_record WHERE target_id = ?1 AND entity = ?2
		UNION ALL SELECT max(data ->> '$.update_time') FROM seen_record WHERE target_id = ?1 AND entity = ?2
			AND EXISTS (SELECT 1 FROM verification WHERE target_id = ?1))`, s.ID, e.Name).Scan(&since); err != nil {
		return 0, err
	}
	q := url.Values{}
	if since.Valid {
		q.Set("updated_since", since.String)
	}
	for _, list := range pipedrive.ListsOf(e.Name) {
		stored, err := changedIn(ctx, s, e, list, q, code)
		n += stored
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

func changedIn(ctx context.Context, s *target.Session, e entity.Entity, list string, q url.Values, code string) (n int64, err error) {
	for cursor := ""; ; {
		page, next, err := s.Client.Page(ctx, list, q, cursor)
		if err != nil {
			return n, err
		}
		stored, err := storeForeign(ctx, s, e, code, page)
		n += stored
		if err != nil || next == "" {
			return n, err
		}
		cursor = next
	}
}

func storeForeign(ctx context.Context, s *target.Session, e entity.Entity, code string, page []pipedrive.Record) (n int64, err error) {
	err = s.DB.Write(ctx, func(tx *sql.Tx) error {
		for _, rec := range page {
			res, err := tx.ExecContext(ctx, `INSERT OR REPLACE INTO dest_record (target_id, entity, pipedrive_id, marker, name, data, taken_at)
				SELECT r.target_id, r.entity, r.pipedrive_id, r.marker, coalesce(r.data ->> '$.name', r.data ->> '$.title', ''), r.data, r.taken_at
				FROM (SELECT ?1 AS target_id, ?2 AS entity, ?3 AS pipedrive_id, ?4 AS marker, ?5 AS data, ?6 AS taken_at) AS r
				WHERE `+foreign+` AND NOT EXISTS (SELECT 1 FROM dest_record AS d WHERE d.target_id = ?1 AND d.entity = ?2 AND d.pipedrive_id = ?3 AND d.data = ?5)`,
				s.ID, e.Name, rec.ID, e.Marker(rec.Data, code), string(rec.Data), s.DB.Now())
			if err != nil {
				return fmt.Errorf("record %s: %w", rec.ID, err)
			}
			stored, err := res.RowsAffected()
			if err != nil {
				return err
			}
			n += stored
		}
		return nil
	})
	return n, err
}
