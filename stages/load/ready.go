package load

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"nextpipe/stages/internal/bind"
	"nextpipe/stages/internal/entity"
	"nextpipe/stages/internal/target"
	"nextpipe/stages/internal/warehouse"
)

// prepare checks everything that must hold before the first byte is sent.
func (l *loader) prepare(ctx context.Context, override string) error {
	if err := l.DB.Check(ctx); err != nil {
		return err
	}
	if err := Gate(ctx, l.Session, override); err != nil {
		return err
	}
	if err := l.currentPlan(ctx); err != nil {
		return err
	}
	if err := l.refuseRollback(ctx); err != nil {
		return err
	}
	b, err := bind.New(ctx, l.Session)
	if err != nil {
		return err
	}
	l.binder = b
	for _, name := range entity.Names() {
		if l.hiID[name], err = l.highest(ctx, name); err != nil {
			return err
		}
	}
	return l.j.Adopt(ctx)
}

// Gate keeps production shut until a rehearsal was verified and signed: of these
// very rows, or by the same rules, of which gate rows_since_signoff tells.
// A sign-off of a stand-in on this machine opens no real account.
func Gate(ctx context.Context, s *target.Session, override string) error {
	if s.Role != target.Production {
		return nil
	}
	var planned string
	var signed int
	err := s.DB.Read().QueryRowContext(ctx, `SELECT p.seal, (SELECT count(*) FROM signoff AS g JOIN target AS t ON t.target_id = g.target_id
			WHERE t.role = 'rehearsal' AND g.seal = p.seal AND (t.is_local = 0 OR ?2))
		+ (SELECT count(*) FROM gate AS g WHERE g.name = 'rows_since_signoff' AND g.target_id = ?1 AND g.seal = p.seal AND g.is_open = 1)
		FROM plan AS p WHERE p.target_id = ?1 AND p.is_current = 1`, s.ID, s.Local).Scan(&planned, &signed)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil // no plan: nothing is signed, and nothing can be sent
	}
	if err != nil || signed > 0 {
		return err
	}
	if override == "" {
		return fmt.Errorf("%w: %s is production and no rehearsal with this map was signed off; "+
			"load a rehearsal account, verify it, and sign it with `nextpipe signoff --by NAME`", ErrGate, s.Me.CompanyDomain)
	}
	return s.DB.Write(ctx, func(tx *sql.Tx) error {
		return s.DB.DecideOnce(tx, warehouse.Decision{Gate: "rehearsal_overridden", TargetID: s.ID, Seal: planned, By: override, Reason: override})
	})
}

func (l *loader) currentPlan(ctx context.Context) error {
	err := l.DB.Read().QueryRowContext(ctx, "SELECT plan_id, after_op FROM plan WHERE target_id = ? AND is_current = 1", l.ID).Scan(&l.planID, &l.after)
	if errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("there is no plan for this account yet: run `nextpipe plan`")
	}
	if err != nil {
		return err
	}
	if err := l.findWork(ctx); err != nil {
		return err
	}
	var missing int
	err = l.DB.Read().QueryRowContext(ctx, `SELECT count(*) FROM plan_op AS p WHERE p.plan_id = ? AND p.action IN ('create', 'update')
		AND NOT EXISTS (SELECT 1 FROM final_item AS f WHERE f.entity = p.entity AND f.final_key = p.final_key)`, l.planID).Scan(&missing)
	if err == nil && missing > 0 {
		return fmt.Errorf("%w: %d planned records are no longer among the final ones; run `nextpipe plan` again", warehouse.ErrDrift, missing)
	}
	return err
}

// findWork notes the kinds that the plan has something to do for: most runs touch
// few of them, and the others need not be asked about again and again.
func (l *loader) findWork(ctx context.Context) error {
	rows, err := l.DB.Read().QueryContext(ctx, "SELECT DISTINCT entity FROM plan_op WHERE plan_id = ? AND action IN ('create', 'update', 'delete')", l.planID)
	if err != nil {
		return err
	}
	defer rows.Close()
	l.work = map[string]bool{}
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return err
		}
		l.work[name] = true
	}
	return rows.Err()
}

// refuseRollback stops while a rollback is open, and when one was made since
// the plan: the plan takes for granted what is gone.
func (l *loader) refuseRollback(ctx context.Context) error {
	var open, newer int
	err := l.DB.Read().QueryRowContext(ctx, `SELECT
			(SELECT count(*) FROM load_op WHERE target_id = ?1 AND purpose = 'rollback' AND state IN ('intent', 'in_doubt')),
			EXISTS (SELECT 1 FROM load_op WHERE target_id = ?1 AND purpose = 'rollback' AND op_id > ?2)`, l.ID, l.after).Scan(&open, &newer)
	switch {
	case err != nil:
		return err
	case open > 0:
		return fmt.Errorf("%w: a rollback was interrupted and %d of its operations are in doubt; run `nextpipe rollback` first, it settles them", warehouse.ErrDrift, open)
	case newer > 0:
		return fmt.Errorf("%w: the account was rolled back since the plan was made; run `nextpipe scope`, then plan again", warehouse.ErrDrift)
	}
	return nil
}

// highest is the highest id of an entity that we know of. Every create that we
// send from now on gets a higher one, so a look-up need not go back further.
func (l *loader) highest(ctx context.Context, entity string) (string, error) {
	var id sql.NullString
	err := l.DB.Read().QueryRowContext(ctx, `SELECT max(CAST(pipedrive_id AS INTEGER)) FROM (
		SELECT pipedrive_id FROM dest_record WHERE target_id = ?1 AND entity = ?2
		UNION ALL SELECT pipedrive_id FROM link WHERE target_id = ?1 AND entity = ?2
		UNION ALL SELECT pipedrive_id FROM load_op WHERE target_id = ?1 AND entity = ?2 AND pipedrive_id IS NOT NULL)`, l.ID, entity).Scan(&id)
	if err != nil || !id.Valid {
		return "0", err
	}
	return id.String, nil
}
