package verify

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"nextpipe/stages/internal/entity"
	"nextpipe/stages/internal/target"
	"nextpipe/stages/internal/warehouse"
)

// sourceLedger states where every staging row of one object went.
// A row without a crosswalk row is unaccounted for, and so is a surplus one.
// Rows beyond those of staging are persons made of leads and targets: their
// objects have ledgers of their own, from xw_item.
const sourceLedger = `INSERT INTO reconcile_source
SELECT ?1, '%[1]s', e.extracted, x.final, x.merged, x.rejected, x.excluded, x.documented,
    e.extracted - x.final - x.merged - x.rejected - x.excluded - x.documented + x.dangling
FROM (SELECT count(*) AS extracted FROM stg_%[1]s) AS e,
    (SELECT count(*) FILTER (WHERE w.fate = 'final') AS final, count(*) FILTER (WHERE w.fate = 'merged') AS merged,
        count(*) FILTER (WHERE w.fate = 'rejected') AS rejected, count(*) FILTER (WHERE w.fate = 'excluded') AS excluded,
        count(*) FILTER (WHERE w.fate = 'documented') AS documented,
        count(*) FILTER (WHERE w.final_key IS NOT NULL AND f.final_key IS NULL) AS dangling
     FROM xw_%[1]s AS w LEFT JOIN final_%[2]s AS f ON f.final_key = w.final_key
     WHERE w.row_id <= (SELECT ifnull(max(row_id), 0) FROM stg_%[1]s)) AS x`

// finalLedger states what became of every final record of one entity in one
// account: linked, or why not. One with a field in conflict is there, but not
// as NextCRM says: it counts as blocked.
const finalLedger = `INSERT INTO reconcile_final
SELECT ?1, ?2, count(*), count(*) FILTER (WHERE what = 'done'), count(*) FILTER (WHERE what = 'refused'),
    count(*) FILTER (WHERE what = 'blocked'), count(*) FILTER (WHERE what = 'quarantined'),
    count(*) FILTER (WHERE what = 'pending'), 0
FROM (SELECT f.final_key,
        CASE
            WHEN l.state = 'live' AND l.symbolic = f.payload THEN 'done'
            WHEN EXISTS (SELECT 1 FROM conflict AS q WHERE q.target_id = ?1 AND q.entity = ?2 AND q.final_key = f.final_key AND q.resolved_at IS NULL) THEN 'blocked'
            WHEN o.state IN ('refused', 'blocked', 'quarantined') THEN o.state
            WHEN p.action IN ('blocked', 'kept') THEN 'blocked'
            ELSE 'pending'
        END AS what
    FROM final_item AS f
    LEFT JOIN link AS l ON l.target_id = ?1 AND l.entity = f.entity AND l.final_key = f.final_key AND l.part = ''
    LEFT JOIN plan AS c ON c.target_id = ?1 AND c.is_current = 1
    LEFT JOIN plan_op AS p ON p.plan_id = c.plan_id AND p.entity = f.entity AND p.final_key = f.final_key
    LEFT JOIN load_op AS o ON o.op_id = (SELECT max(n.op_id) FROM load_op AS n
        WHERE n.target_id = ?1 AND n.entity = f.entity AND n.final_key = f.final_key AND n.purpose = 'load')
    WHERE f.entity = ?2)
HAVING count(*) > 0`

// itemLedger states the same of every other object, whose fates are in xw_item.
const itemLedger = `INSERT INTO reconcile_source
SELECT ?1, ?2, e.extracted, x.final, x.merged, x.rejected, x.excluded, x.documented,
    e.extracted - x.final - x.merged - x.rejected - x.excluded - x.documented + x.dangling
FROM (SELECT count(*) AS extracted FROM %[1]s) AS e,
    (SELECT count(*) FILTER (WHERE w.fate = 'final') AS final, count(*) FILTER (WHERE w.fate = 'merged') AS merged,
        count(*) FILTER (WHERE w.fate = 'rejected') AS rejected, count(*) FILTER (WHERE w.fate = 'excluded') AS excluded,
        count(*) FILTER (WHERE w.fate = 'documented') AS documented,
        count(*) FILTER (WHERE w.fate = 'final' AND NOT EXISTS (SELECT 1 FROM final_item AS f WHERE f.entity = w.entity AND f.final_key = w.final_key)
            OR NOT EXISTS (SELECT 1 FROM %[1]s AS s WHERE s.row_id = w.row_id)) AS dangling
     FROM xw_item AS w WHERE w.object = ?2) AS x
WHERE e.extracted > 0`

// itemLedgers writes a ledger for every staging table besides the three that
// have a crosswalk of their own: one that nobody accounts for shows as off.
func itemLedgers(ctx context.Context, tx *sql.Tx, targetID int64) error {
	rows, err := tx.QueryContext(ctx, `SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE 'stg\_%' ESCAPE '\'
		AND name NOT IN ('stg_account', 'stg_contact', 'stg_deal') ORDER BY name`)
	if err != nil {
		return err
	}
	defer rows.Close()
	var tables []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return err
		}
		tables = append(tables, name)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	for _, table := range tables {
		object := strings.TrimPrefix(table, "stg_")
		if _, err := tx.ExecContext(ctx, fmt.Sprintf(itemLedger, warehouse.Quote(table)), targetID, object); err != nil {
			return fmt.Errorf("source ledger of %s: %w", object, err)
		}
	}
	return nil
}

// reconcile writes both ledgers and returns by how many records they are off.
func reconcile(ctx context.Context, s *target.Session) (int64, error) {
	var off int64
	err := s.DB.Write(ctx, func(tx *sql.Tx) error {
		for _, o := range [][2]string{{"account", "organization"}, {"contact", "person"}, {"deal", "deal"}} {
			if _, err := tx.ExecContext(ctx, fmt.Sprintf(sourceLedger, o[0], o[1]), s.ID); err != nil {
				return fmt.Errorf("source ledger of %s: %w", o[0], err)
			}
		}
		if err := itemLedgers(ctx, tx, s.ID); err != nil {
			return err
		}
		for _, name := range entity.Names() {
			if _, err := tx.ExecContext(ctx, entity.ForOne(finalLedger, name), s.ID, name); err != nil {
				return fmt.Errorf("final ledger of %s: %w", name, err)
			}
		}
		if _, err := tx.Exec(`UPDATE reconcile_final SET off_by = planned - done - refused - blocked - quarantined - pending WHERE target_id = ?`, s.ID); err != nil {
			return err
		}
		return tx.QueryRow(`SELECT (SELECT coalesce(sum(abs(off_by)), 0) FROM reconcile_source WHERE target_id = ?1)
			+ (SELECT coalesce(sum(abs(off_by)), 0) FROM reconcile_final WHERE target_id = ?1)`, s.ID).Scan(&off)
	})
	return off, err
}
