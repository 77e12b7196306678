package report

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"nextpipe/stages/internal/entity"
	"nextpipe/stages/internal/warehouse"
)

// Plan is what a person approves before anything is sent.
type Plan struct {
	Entities  []PlanEntity
	Samples   []PlanSample
	Total     PlanTotal
	Forecasts []PlanForecast
	Losses    []PlanLoss
}

// PlanEntity is what happens to one kind of records.
type PlanEntity struct {
	Entity   string  `json:"entity"`
	Actions  []Count `json:"actions"`
	Tokens   int64   `json:"tokens"`
	Requests int64   `json:"requests"`
}

// PlanTotal is what the whole plan takes.
type PlanTotal struct {
	Account  string `json:"account"`
	MadeAt   string `json:"made_at"`
	Tokens   int64  `json:"tokens"`
	Floor    int64  `json:"floor"` // the least any correct run spends
	Requests int64  `json:"requests"`
	Minutes  int64  `json:"minutes,omitempty"`       // of sending at the burst limit, where it is known
	Days     int64  `json:"days,omitempty"`          // where the account's budget is known
	Finish   string `json:"finish,omitempty"`        // date
	TopUp    int64  `json:"top_up,omitempty"`        // tokens that, bought once, make it one day
	SeatMore int64  `json:"one_seat_more,omitempty"` // days with one seat more
}

// PlanForecast is how long it takes on one of Pipedrive's plans.
type PlanForecast struct {
	Plan        string `json:"plan"`
	Seats       int64  `json:"seats"`
	DailyTokens int64  `json:"daily_tokens"`
	Days        int64  `json:"days"`
	Minutes     int64  `json:"minutes"`
	TopUp       int64  `json:"top_up"`
}

// PlanLoss is something that does not arrive as it was, and where it stands.
type PlanLoss struct {
	What  string `json:"what"`
	N     int64  `json:"n,omitempty"`
	Where string `json:"where"`
}

// PlanOptions say how much of a plan is shown.
type PlanOptions struct {
	Samples int    // of each kind and action
	Only    string // one kind of records; all when empty
}

// ErrNoPlan means that there is nothing to show yet.
var ErrNoPlan = errors.New("there is no plan yet: run `nextpipe plan`")

// ReadPlan reads the current plan of an account.
func ReadPlan(ctx context.Context, db *warehouse.DB, targetID int64, opt PlanOptions) (Plan, error) {
	var p Plan
	id, err := p.readTotal(ctx, db, targetID)
	if errors.Is(err, sql.ErrNoRows) {
		return p, ErrNoPlan
	}
	if err == nil {
		err = p.readForecasts(ctx, db, id)
	}
	if err == nil {
		p.Entities, err = planEntities(ctx, db, id, opt.Only)
	}
	if err == nil {
		p.Samples, err = planSamples(ctx, db, targetID, id, opt)
	}
	if err == nil {
		p.Losses, err = planLosses(ctx, db, id)
	}
	if err != nil {
		return p, fmt.Errorf("read plan: %w", err)
	}
	return p, nil
}

func (p *Plan) readTotal(ctx context.Context, db *warehouse.DB, targetID int64) (id int64, err error) {
	t := &p.Total
	err = db.Read().QueryRowContext(ctx, `SELECT p.plan_id, t.domain, p.made_at, p.tokens, p.floor, (SELECT coalesce(sum(requests), 0) FROM plan_price AS r WHERE r.plan_id = p.plan_id)
		FROM plan AS p JOIN target AS t USING (target_id) WHERE p.target_id = ? AND p.is_current = 1`, targetID).
		Scan(&id, &t.Account, &t.MadeAt, &t.Tokens, &t.Floor, &t.Requests)
	return id, err
}

// thisAccount is the forecast for the account as it is.
const thisAccount = "this account"

func (p *Plan) readForecasts(ctx context.Context, db *warehouse.DB, planID int64) error {
	rows, err := db.Read().QueryContext(ctx, "SELECT plan_name, seats, daily_tokens, days, minutes, top_up FROM plan_forecast WHERE plan_id = ? ORDER BY daily_tokens, plan_name", planID)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var f PlanForecast
		if err := rows.Scan(&f.Plan, &f.Seats, &f.DailyTokens, &f.Days, &f.Minutes, &f.TopUp); err != nil {
			return err
		}
		if f.Plan != thisAccount {
			p.Forecasts = append(p.Forecasts, f)
		} else if err := p.Total.take(f); err != nil {
			return err
		}
	}
	return rows.Err()
}

// take says when the plan is done on the account as it is, and with one seat more.
func (t *PlanTotal) take(f PlanForecast) error {
	made, err := time.Parse(time.RFC3339, t.MadeAt)
	if err != nil {
		return fmt.Errorf("when the plan was made: %w", err)
	}
	t.Days, t.Minutes, t.TopUp = f.Days, f.Minutes, f.TopUp
	t.Finish = made.AddDate(0, 0, int(max(f.Days, 1))-1).Format(time.DateOnly)
	if more := f.DailyTokens + f.DailyTokens/max(f.Seats, 1); more > 0 {
		t.SeatMore = (t.Tokens + more - 1) / more
	}
	return nil
}

// planEntities counts the actions of each kind, in the order of sending.
func planEntities(ctx context.Context, db *warehouse.DB, planID int64, only string) ([]PlanEntity, error) {
	var out []PlanEntity
	for _, name := range entity.Names() {
		if only != "" && name != only {
			continue
		}
		actions, err := countActions(ctx, db, planID, name)
		if err != nil {
			return nil, err
		}
		if len(actions) == 0 {
			continue
		}
		e := PlanEntity{Entity: name, Actions: actions}
		if err := db.Read().QueryRowContext(ctx, "SELECT tokens, requests FROM plan_price WHERE plan_id = ? AND entity = ?", planID, name).
			Scan(&e.Tokens, &e.Requests); err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, nil
}

func countActions(ctx context.Context, db *warehouse.DB, planID int64, name string) ([]Count, error) {
	rows, err := db.Read().QueryContext(ctx, "SELECT action, count(*) FROM plan_op WHERE plan_id = ? AND entity = ? GROUP BY action ORDER BY action", planID, name)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Count
	for rows.Next() {
		var c Count
		if err := rows.Scan(&c.Name, &c.N); err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, rows.Err()
}
