package target

import (
	"context"
	"fmt"
	"sync"
	"time"

	"nextpipe/stages/internal/pipedrive"
	"nextpipe/stages/internal/warehouse"
)

const (
	// budgetDay is longer than any day of the account's: when it begins is not
	// documented, and one in autumn has 25 hours.
	budgetDay = 25 * time.Hour
	// underway is how long a request may be on its way: what was heard earlier is
	// older than any answer that comes now.
	underway = 2 * time.Minute
	// asking is set aside of our share, so that a day's last commands can still
	// ask whether the next one has begun: 2 tokens each.
	asking = 48
	// seatTokens are what one seat of the smallest plan brings a day.
	seatTokens = 30_000
)

// multipliers tell a plan's tokens by its burst limit (pipedrive-api.md, section 2).
var multipliers = map[int]int{20: 1, 40: 2, 80: 3, 100: 5, 120: 7}

// allowance keeps a run within its part of the account's daily tokens and
// within its time. What it grants counts as spent, so that several requests
// under way never go over together.
//
// When the account's day begins is not known. So everything of the last 25 hours
// counts, until answers show that a new day has begun: more is left than before.
type allowance struct {
	share float64 // above 0 and at most 1
	until time.Time
	wall  func() time.Time
	clock *clock

	mu     sync.Mutex
	daily  int // the account's budget as its answers say, -1 while unknown
	left   int // of it, as the last answer said; -1 while unknown
	open   int // tokens of requests under way
	room   int // what is left, less what was granted since and what may not be counted yet
	burst  int
	turned bool   // this process has seen that a new day has begun
	ledger ledger // ours
}

// remember adds what earlier runs have spent, and what they knew.
func (a *allowance) remember(ctx context.Context, db *warehouse.DB, targetID int64) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	// budget holds what was left by the last answer that told; its tokens are in the log.
	rows, err := db.Read().QueryContext(ctx, `SELECT substr(at, 1, 19) || 'Z', sum(tokens), max(remaining) FROM (
			SELECT at, tokens, -1 AS remaining FROM http_log WHERE target_id = ?1 AND at > ?2
			UNION ALL SELECT updated_at, 0, remaining FROM budget WHERE target_id = ?1 AND remaining IS NOT NULL AND updated_at > ?2)
		GROUP BY 1 ORDER BY 1`, targetID, stamp(a.clock.Now().Add(-budgetDay)))
	if err != nil {
		return err
	}
	defer rows.Close()
	var earlier ledger
	for rows.Next() {
		var at string
		var p portion
		if err := rows.Scan(&at, &p.tokens, &p.left); err != nil {
			return err
		}
		if p.at, err = time.Parse(time.RFC3339, at); err != nil {
			return err
		}
		earlier = append(earlier, p)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	a.ledger = append(earlier, a.ledger...)
	if a.left >= 0 {
		a.correct()
		return nil
	}
	return db.Read().QueryRowContext(ctx, `SELECT coalesce((SELECT daily_limit FROM budget
		WHERE target_id = ? AND daily_limit IS NOT NULL ORDER BY day DESC LIMIT 1), -1)`, targetID).Scan(&a.daily)
}

// permit is asked before each sending.
func (a *allowance) permit(c pipedrive.Call) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if now := a.wall(); !a.until.IsZero() && !now.Before(a.until) {
		return spent(c, time.Time{}, fmt.Sprintf("it is %s, the time that --until names; the same command goes on", a.until.Format("15:04")))
	}
	now := a.clock.Now()
	a.ledger.forget(now.Add(-budgetDay))
	granted := a.granted()
	if c.Entity == "me" {
		granted += asking
	}
	if a.share < 1 && a.ledger.sum()+int64(c.Cost) > granted {
		return spent(c, a.resume(now), fmt.Sprintf("our share of a day's tokens is spent: %d of %d (%.0f %% of %d less %d to ask with)",
			a.ledger.sum(), a.granted(), 100*a.share, a.budget(), asking))
	}
	if a.left >= 0 && c.Cost > a.room {
		// Asking all the same would bring a 429 to every request under way, and a block.
		return spent(c, a.resume(now), fmt.Sprintf("the day's tokens are spent but for %d of %d", a.room, a.daily))
	}
	a.ledger.at(now).tokens += int64(c.Cost)
	a.open += c.Cost
	a.room -= c.Cost
	return nil
}

// heard learns from an answer what a day has, and what is left of it.
func (a *allowance) heard(c pipedrive.Call) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.open -= c.Cost
	a.burst = max(a.burst, c.Limits.Burst)
	if c.Limits.Daily < 0 || c.Limits.DailyLeft < 0 {
		return
	}
	a.daily, a.left, a.room = c.Limits.Daily, c.Limits.DailyLeft, c.Limits.DailyLeft-a.open
	a.correct()
	a.ledger.at(a.clock.Now()).left = a.left
}

// correct drops what belongs to an earlier day of the account's.
func (a *allowance) correct() {
	a.turned = a.ledger.turn(a.left, a.clock.Now().Add(-underway)) || a.turned
}

// isUnsure tells that it is not known whether what counts as spent was spent in
// the account's current day.
func (a *allowance) isUnsure() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.share < 1 && a.left < 0 && len(a.ledger) > 1
}

// budget is a day's tokens: as told, else the least that the plan can have.
func (a *allowance) budget() int {
	if a.daily >= 0 {
		return a.daily
	}
	return seatTokens * max(1, multipliers[a.burst])
}

// granted is what a day may take.
func (a *allowance) granted() int64 {
	if a.share >= 1 {
		return int64(a.budget())
	}
	return int64(a.share*float64(a.budget())) - asking
}

// resume is when the same command may go on. The account's day most likely ends
// at midnight UTC; when one has passed and answers show no new day since, it does
// not, and asking every hour finds out.
func (a *allowance) resume(now time.Time) time.Time {
	midnight := now.UTC().Truncate(24 * time.Hour)
	if (a.left >= 0 || a.share < 1) && !a.turned && len(a.ledger) > 0 && a.ledger[0].at.Before(midnight) {
		return nextHour(now)
	}
	return midnight.Add(24 * time.Hour)
}

func nextHour(now time.Time) time.Time { return now.UTC().Truncate(time.Hour).Add(time.Hour) }

// spent ends a run like a spent budget does: nothing is lost.
func spent(c pipedrive.Call, until time.Time, why string) error {
	return &pipedrive.Error{Kind: pipedrive.BudgetSpent, Until: until,
		Failure: pipedrive.Failure{Entity: c.Entity, Method: c.Method, Path: c.Path, Message: why}}
}
