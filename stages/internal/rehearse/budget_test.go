package rehearse_test

import (
	"errors"
	"testing"
	"time"

	"nextpipe/fixtures/sandbox"
	"nextpipe/stages/internal/pipedrive"
	"nextpipe/stages/internal/rehearse"
	"nextpipe/stages/internal/target"
)

// Half of a small budget is ours, and somebody else takes two fifths of it: the
// same command goes on day after day, within its share, for as long as it said.
func TestBudget_ALoadOfSeveralDaysStaysWithinItsShareAndItsForecast(t *testing.T) {
	const daily, share = 2600, 0.5
	db := rehearse.Warehouse(t, 220)
	a := rehearse.AccountWith(t, sandbox.Options{Seed: 1, DailyTokens: daily, OtherShare: 0.4})
	var forecast, days int
	for {
		days++
		s := rehearse.ConnectWith(t, db, a, target.Config{Share: share})
		err := loadInto(t, s)
		if days == 1 {
			if err := db.Read().QueryRow("SELECT days FROM plan_forecast AS f JOIN plan USING (plan_id) WHERE is_current = 1 AND plan_name = 'this account'").Scan(&forecast); err != nil {
				t.Fatal(err)
			}
		}
		if err == nil {
			break
		}
		if !errors.Is(err, pipedrive.ErrBudgetSpent) {
			t.Fatalf("day %d: %v", days, err)
		}
		if days > 10 {
			t.Fatal("it does not get on")
		}
		now := a.Clock().Now().UTC()
		a.Clock().Advance(now.Truncate(24 * time.Hour).Add(24*time.Hour + time.Minute).Sub(now))
	}
	rows, err := db.Read().Query("SELECT day, spent FROM budget")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var day string
		var spent int
		if err := rows.Scan(&day, &spent); err != nil {
			t.Fatal(err)
		}
		if float64(spent) > share*daily {
			t.Errorf("%s: %d tokens were spent, our share is %.0f", day, spent, share*daily)
		}
	}
	if days < 3 || days < forecast || days > forecast+1 {
		t.Errorf("it took %d days, the forecast was %d", days, forecast)
	}
}

func TestBudget_NothingIsSentAfterTheHourThatWasNamed(t *testing.T) {
	db, a := rehearse.Warehouse(t, 20), rehearse.Account(t, 1)
	until := a.Clock().Now().Add(-time.Second)
	s := rehearse.ConnectWith(t, db, a, target.Config{})
	if err := loadInto(t, s); err != nil {
		t.Fatal(err)
	}
	writes := len(a.Writes())
	defer func() {
		if n := len(a.Writes()) - writes; n != 0 {
			t.Errorf("%d writes after the hour", n)
		}
	}()
	run, err := db.BeginRun(t.Context(), "test")
	if err != nil {
		t.Fatal(err)
	}
	url, stop, err := a.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	_, err = target.Connect(t.Context(), db, run, target.Config{URL: url, Token: a.Token(), Until: until, Now: a.Clock().Now, Wait: a.Clock().Sleep})
	if !errors.Is(err, pipedrive.ErrBudgetSpent) {
		t.Errorf("after the hour: %v, want a clean stop", err)
	}
}
