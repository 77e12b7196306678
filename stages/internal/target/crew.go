package target

import (
	"context"
	"fmt"
	"slices"

	"nextpipe/stages/internal/pipedrive"
	"nextpipe/stages/internal/stage"
	"nextpipe/stages/internal/warehouse"
)

// crew asks whose the further tokens are. All must belong to one company and to
// users who are alike: what one of them does not see would be made a second time.
func crew(ctx context.Context, client *pipedrive.Client, me pipedrive.Me) (others []pipedrive.Me, err error) {
	known := []string{me.UserID}
	for n := 1; n < client.Tokens(); n++ {
		u, err := client.UserOf(ctx, n)
		if err != nil {
			return nil, fmt.Errorf("ask whose token number %d is: %w", n+1, err)
		}
		if u.CompanyID != me.CompanyID {
			return nil, fmt.Errorf("%w: the first token is of %s, token number %d of %s; all must be of one company",
				warehouse.ErrDrift, me.CompanyDomain, n+1, u.CompanyDomain)
		}
		if slices.Contains(known, u.UserID) {
			return nil, stage.Input(fmt.Errorf("token number %d is of %s, as one before it: two tokens of one user share one burst window", n+1, u.Email))
		}
		if why := unlike(me, u); why != "" {
			return nil, stage.Input(fmt.Errorf("%s may not share the work of %s: %s", u.Email, me.Email, why))
		}
		known, others = append(known, u.UserID), append(others, u)
	}
	return others, nil
}

// unlike tells in what a user differs so that records would come out otherwise,
// or not be seen; "" when in nothing.
func unlike(me, other pipedrive.Me) string {
	if !me.Active {
		return "the first token's user is not active"
	}
	for _, app := range me.AdminOf {
		if !slices.Contains(other.AdminOf, app) && !slices.Contains(other.AdminOf, "global") {
			return "is no admin of " + app
		}
	}
	switch {
	case !other.Active:
		return "is not active"
	case other.Timezone != me.Timezone:
		return "has another time zone, " + other.Timezone
	case other.Currency != me.Currency:
		return "has another currency, " + other.Currency
	}
	return ""
}
