package plan

import (
	"context"
	"database/sql"
	"fmt"

	"nextpipe/stages/internal/stage"
	"nextpipe/stages/internal/target"
)

// offer is one of Pipedrive's plans (pipedrive-api.md, section 2).
type offer struct {
	name       string
	multiplier int64
	burst      int64 // tokens of one user in two seconds
}

var offers = []offer{{"lite", 1, 20}, {"growth", 2, 40}, {"premium", 5, 100}, {"ultimate", 7, 120}}

// seatTokens are what one seat brings a day, times the plan's multiplier.
const seatTokens = 30_000

// forecast tells how long the plan takes: on the account, when its answers say
// what it has, and on every plan with the seats that it has.
func forecast(ctx context.Context, tx *sql.Tx, s *target.Session, planID int64, res *stage.Result) error {
	var tokens, seats int64
	if err := tx.QueryRowContext(ctx, `SELECT tokens, (SELECT count(*) FROM dest_user WHERE target_id = ?2 AND is_active = 1)
		FROM plan WHERE plan_id = ?1`, planID, s.ID).Scan(&tokens, &seats); err != nil {
		return err
	}
	plan, bought, err := s.Contract(ctx)
	if err != nil {
		return err
	}
	if seats = max(seats, 1); bought > 0 {
		seats = bought
	}
	if daily, burst, known := limits(s, plan, bought); known {
		f := predict(tokens, daily, burst, s.Share())
		if err := f.store(ctx, tx, planID, "this account", seats); err != nil {
			return err
		}
		res.Add("days", f.days)
		res.Add("minutes of sending", f.minutes)
	}
	for _, o := range offers {
		f := predict(tokens, seatTokens*o.multiplier*seats, o.burst, s.Share())
		if err := f.store(ctx, tx, planID, o.name, seats); err != nil {
			return err
		}
	}
	return nil
}

// limits are what the account's answers tell, else what was said of its contract.
func limits(s *target.Session, plan string, seats int64) (daily, burst int64, known bool) {
	if told := s.Meter.Limits(); told.Daily > 0 && told.Burst > 0 {
		return int64(told.Daily), int64(told.Burst), true
	}
	for _, o := range offers {
		if o.name == plan && seats > 0 {
			return seatTokens * o.multiplier * seats, o.burst, true
		}
	}
	return 0, 0, false
}

// duration is how long some tokens take.
type duration struct{ daily, days, minutes, topUp int64 }

// predict divides tokens by what a day and two seconds may take.
func predict(tokens, daily, burst int64, share float64) duration {
	d := duration{daily: int64(float64(daily) * share)}
	if d.daily > 0 {
		d.days = (tokens + d.daily - 1) / d.daily
	}
	if burst > 0 {
		d.minutes = (2*tokens/burst + 59) / 60
	}
	d.topUp = max(0, tokens-d.daily)
	return d
}

func (d duration) store(ctx context.Context, tx *sql.Tx, planID int64, name string, seats int64) error {
	_, err := tx.ExecContext(ctx, "INSERT INTO plan_forecast VALUES (?, ?, ?, ?, ?, ?, ?)", planID, name, seats, d.daily, d.days, d.minutes, d.topUp)
	if err != nil {
		return fmt.Errorf("store forecast: %w", err)
	}
	return nil
}
