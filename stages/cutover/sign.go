package cutover

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"nextpipe/stages/internal/warehouse"
)

// ErrClosed means that a gate of the cutover is closed, or that the cutover
// itself closes the account.
var ErrClosed = errors.New("gate is closed")

// Freeze records that from now on nobody writes to NextCRM.
func Freeze(ctx context.Context, db *warehouse.DB, f Facts, by string) error {
	s, err := Look(ctx, db, f)
	if err != nil {
		return err
	}
	if s.SignedAt != "" {
		return fmt.Errorf("%w: the cutover is signed: `nextpipe cutover --reopen --by NAME --reason TEXT` comes before a new freeze", ErrClosed)
	}
	return db.Write(ctx, func(tx *sql.Tx) error {
		var source string
		if err := tx.QueryRow("SELECT source_id FROM setup").Scan(&source); err != nil {
			return fmt.Errorf("freeze: %w", err)
		}
		return db.Decide(tx, warehouse.Decision{Gate: freezeGate, TargetID: f.TargetID, Seal: source, By: by, Reason: "nobody writes to NextCRM any more"})
	})
}

// Sign records that Pipedrive is the system of record, if every gate is open or
// was accepted by this person.
func Sign(ctx context.Context, db *warehouse.DB, f Facts, by, accept string) (State, error) {
	s, err := Look(ctx, db, f)
	if err != nil {
		return s, err
	}
	if s.SignedAt != "" {
		return s, fmt.Errorf("%w: it was signed by %s at %s", ErrClosed, s.SignedBy, s.SignedAt)
	}
	var closed, accepted []string
	for _, g := range s.Gates {
		switch {
		case g.Open:
		case g.Acceptable && accept != "":
			accepted = append(accepted, g.Name+" ("+g.Detail+")")
		default:
			closed = append(closed, g.Name+": "+g.Detail+"; "+g.Next)
		}
	}
	if len(closed) > 0 {
		return s, fmt.Errorf("%w: the cutover of %s cannot be signed:\n%s", ErrClosed, s.Domain, strings.Join(closed, "\n"))
	}
	err = db.Write(ctx, func(tx *sql.Tx) error {
		if len(accepted) > 0 {
			if err := db.Decide(tx, warehouse.Decision{Gate: acceptedGate, TargetID: f.TargetID, Seal: f.Seal, By: by, Reason: accept + ": " + strings.Join(accepted, ", ")}); err != nil {
				return err
			}
		}
		return db.Decide(tx, warehouse.Decision{Gate: s.gateName(), TargetID: f.TargetID, Seal: f.Seal, By: by, Reason: "Pipedrive is the system of record"})
	})
	if err != nil {
		return s, err
	}
	return Look(ctx, db, f)
}

// Reopen takes back signature and freeze: everything has to be shown anew.
func Reopen(ctx context.Context, db *warehouse.DB, f Facts, by, reason string) error {
	s, err := Look(ctx, db, f)
	if err != nil {
		return err
	}
	if s.SignedAt == "" && s.FrozenAt == "" {
		return fmt.Errorf("%w: the cutover of %s has not begun", ErrClosed, s.Domain)
	}
	return db.Write(ctx, func(tx *sql.Tx) error {
		back := warehouse.Decision{Gate: s.gateName(), TargetID: f.TargetID, Seal: f.Seal, Closes: true, By: by, Reason: reason}
		if s.SignedAt != "" {
			if err := db.Decide(tx, back); err != nil {
				return err
			}
		}
		back.Gate = freezeGate
		return db.Decide(tx, back)
	})
}

// Refuse keeps writes away from an account that has become the system of record.
func Refuse(ctx context.Context, db *warehouse.DB, targetID int64) error {
	for _, name := range []string{signedGate, rehearsedGate} {
		at, by, err := holds(ctx, db, name, targetID)
		if err != nil {
			return err
		}
		if at != "" {
			return fmt.Errorf("%w: Pipedrive is the system of record since %s, signed by %s: nothing is written to it from NextCRM any more. "+
				"`nextpipe delta --report-only` lists what differs; `nextpipe cutover --reopen --by NAME --reason TEXT` takes the cutover back", ErrClosed, at, by)
		}
	}
	return nil
}
