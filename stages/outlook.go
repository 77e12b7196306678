package stages

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"nextpipe/stages/internal/pipedrive"
	"nextpipe/stages/plan"
)

// SpentError ends a run because a day's tokens are spent, and tells how it goes on.
type SpentError struct {
	plan.Outlook
	why error
}

// Error says why, and when to go on.
func (e *SpentError) Error() string { return fmt.Sprintf("%v; %s", e.why, e.Outlook) }

// Unwrap returns what the account said.
func (e *SpentError) Unwrap() error { return e.why }

// foresee adds to a spent budget when to go on and when all will be done. A run
// that stopped at an hour of the day goes on when its user likes.
func (e *Env) foresee(ctx context.Context, why error) error {
	var stopped *pipedrive.Error
	if e.account == nil || !errors.As(why, &stopped) || stopped.Kind != pipedrive.BudgetSpent ||
		stopped.Until.IsZero() && stopped.Status != http.StatusTooManyRequests {
		return why
	}
	out, err := plan.Foresee(ctx, e.account)
	if err != nil {
		return errors.Join(why, err)
	}
	return &SpentError{Outlook: out, why: why}
}

// settled is the error of a stage once its requests are in the log.
func (e *Env) settled(ctx context.Context, err error) error {
	if e.account == nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	if logged := e.account.Meter.Flush(ctx); logged != nil {
		return errors.Join(err, logged)
	}
	return e.foresee(ctx, err)
}
