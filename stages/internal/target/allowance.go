package target

import (
	"context"
	"fmt"
	"sync"
	"time"

	"nextpipe/stages/internal/pipedrive"
	"nextpipe/stages/internal/warehouse"
)

// allowance keeps a run within its part of the account's daily tokens and
// within its time. What it grants counts as spent, so that several requests
// under way never go over together.
type allowance struct {
	share float64 // above 0 and at most 1
	until time.Time
	now   func() time.Time
	daily func() int // the account's budget as its answers say, -1 while unknown

	mu    sync.Mutex
	day   string // UTC, as table budget counts
	spent int64  // ours, on that day
}

// remember adds what earlier runs have spent today.
func (a *allowance) remember(ctx context.Context, db *warehouse.DB, targetID int64) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.day = a.now().UTC().Format(time.DateOnly)
	var earlier int64
	err := db.Read().QueryRowContext(ctx, "SELECT coalesce(sum(spent), 0) FROM budget WHERE target_id = ? AND day = ?", targetID, a.day).Scan(&earlier)
	a.spent += earlier
	return err
}

// permit is asked before each sending.
func (a *allowance) permit(c pipedrive.Call) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.now()
	if !a.until.IsZero() && !now.Before(a.until) {
		return a.stop(c, now, fmt.Sprintf("it is %s, the time that --until names; the same command goes on", a.until.Format("15:04")))
	}
	if day := now.UTC().Format(time.DateOnly); day != a.day {
		a.day, a.spent = day, 0
	}
	daily := a.daily()
	if granted := int64(a.share * float64(daily)); daily >= 0 && a.share < 1 && a.spent+int64(c.Cost) > granted {
		return a.stop(c, now, fmt.Sprintf("our share of today's tokens is spent: %d of %d (%.0f %% of %d)", a.spent, granted, 100*a.share, daily))
	}
	a.spent += int64(c.Cost)
	return nil
}

// stop ends a run like a spent budget does: nothing is lost, and the same
// command goes on after midnight.
func (a *allowance) stop(c pipedrive.Call, now time.Time, why string) error {
	midnight := now.UTC().Truncate(24 * time.Hour).Add(24 * time.Hour)
	return &pipedrive.Error{Kind: pipedrive.BudgetSpent, Until: midnight,
		Failure: pipedrive.Failure{Entity: c.Entity, Method: c.Method, Path: c.Path, Message: why}}
}
