package stages

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"nextpipe/stages/internal/warehouse"
	"nextpipe/stages/load"
)

// noPlan says that nothing was planned yet, if that is what err means.
func noPlan(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("%w: there is nothing to sign yet: `nextpipe run` comes first", load.ErrGate)
	}
	return err
}

// Signoff records that a named person accepts the rehearsal that was verified
// last. It is refused while verify has differences, a ledger is off or a
// record is left over: a sign-off must never cover what nobody has looked at.
func (e *Env) Signoff(ctx context.Context, by, note string) error {
	id, err := e.lastTarget(ctx)
	if err != nil {
		return err
	}
	if id == 0 {
		return noPlan(sql.ErrNoRows)
	}
	if err := e.refuseTrial(ctx, id); err != nil {
		return err
	}
	rules, err := e.rules(ctx)
	if err != nil {
		return err
	}
	return e.DB.Write(ctx, func(tx *sql.Tx) error {
		var role, domain, seal string
		if err := tx.QueryRow(`SELECT t.role, t.domain, p.seal FROM target AS t JOIN plan AS p ON p.target_id = t.target_id AND p.is_current = 1
			WHERE t.target_id = ?`, id).Scan(&role, &domain, &seal); err != nil {
			return noPlan(err)
		}
		var verified string
		err := tx.QueryRow("SELECT seal FROM verification WHERE target_id = ?", id).Scan(&verified)
		if err == nil && verified != seal {
			return fmt.Errorf("%w: %s was verified before the plan was made that is current now: `nextpipe run --from plan`, then sign", load.ErrGate, domain)
		}
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		var ledgers, off, differences, pending int64
		if err := tx.QueryRow("SELECT ledgers, off_by, differences, pending + quarantined FROM v_verified WHERE target_id = ?", id).
			Scan(&ledgers, &off, &differences, &pending); err != nil {
			return err
		}
		if ledgers == 0 || off > 0 || differences > 0 || pending > 0 {
			return fmt.Errorf("%w: %s is not ready to be signed: verified %t, ledgers off by %d, differences %d, pending or quarantined %d",
				load.ErrGate, domain, ledgers > 0, off, differences, pending)
		}
		if _, err = tx.Exec("INSERT INTO signoff (target_id, seal, by_name, note, at) VALUES (?, ?, ?, nullif(?, ''), ?)", id, seal, by, note, e.DB.Now()); err != nil {
			return err
		}
		return e.DB.Decide(tx, warehouse.Decision{Gate: "rehearsal_signed", TargetID: id, Seal: rules, By: by, Reason: note})
	})
}
