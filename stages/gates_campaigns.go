package stages

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"nextpipe/stages/internal/target"
	"nextpipe/stages/internal/warehouse"
	"nextpipe/stages/load"
)

// campaign is one that NextCRM would still send.
type campaign struct {
	key, id, title, state, hash string
	isOverridden                bool // for this account, as it stands now
}

func (c campaign) String() string { return fmt.Sprintf("%q (id %s, %s)", c.title, c.id, c.state) }

// isCalled tells whether a name on the command line means it.
func (c campaign) isCalled(name string) bool {
	return strings.EqualFold(name, c.title) || name == c.id || name == c.key
}

// requireQuietCampaigns keeps the account closed while NextCRM is about to mail
// people: after the move their answers, clicks and unsubscribes would reach a
// system that nobody works in any more. A person may let a campaign pass by
// name; that holds for one account and until the campaign changes.
func (e *Env) requireQuietCampaigns(ctx context.Context) error {
	s, err := e.session(ctx)
	if err != nil {
		return err
	}
	active, err := e.activeCampaigns(ctx, s.ID)
	if err != nil {
		return err
	}
	if err := e.refuseUnknownCampaigns(ctx); err != nil {
		return err
	}
	var open, words []string
	for _, c := range active {
		switch {
		case c.isOverridden:
		case !e.isNamed(c):
			open, words = append(open, c.String()), append(words, fmt.Sprintf("--override-campaign %q", c.title))
		default:
			if err := e.overrideCampaign(ctx, s, c); err != nil {
				return err
			}
		}
	}
	if len(open) == 0 {
		return nil
	}
	return fmt.Errorf("%w: NextCRM would go on sending %s: pause it there and extract again, or let it pass by name: %s --by NAME",
		load.ErrGate, strings.Join(open, ", "), strings.Join(words, " "))
}

func (e *Env) isNamed(c campaign) bool {
	for _, name := range e.opt.OverrideCampaigns {
		if c.isCalled(name) {
			return true
		}
	}
	return false
}

// activeCampaigns are those that are scheduled or sending, whatever the day: a
// scheduled one of the past may still start when the old system is woken up.
func (e *Env) activeCampaigns(ctx context.Context, targetID int64) ([]campaign, error) {
	rows, err := e.DB.Read().QueryContext(ctx, `SELECT c.campaign_key, coalesce(c.source_id, 'none'), c.title, c.state, c.row_hash,
			EXISTS (SELECT 1 FROM gate AS g WHERE g.name = 'campaign_overridden' AND g.target_id = ? AND g.seal = c.campaign_key || ' ' || c.row_hash AND g.is_open = 1)
		FROM clean_campaign AS c WHERE c.is_active ORDER BY c.row_id`, targetID)
	if err != nil {
		return nil, fmt.Errorf("look for active campaigns: %w", err)
	}
	defer rows.Close()
	var all []campaign
	for rows.Next() {
		var c campaign
		if err := rows.Scan(&c.key, &c.id, &c.title, &c.state, &c.hash, &c.isOverridden); err != nil {
			return nil, fmt.Errorf("look for active campaigns: %w", err)
		}
		all = append(all, c)
	}
	return all, rows.Err()
}

// refuseUnknownCampaigns keeps a typing error from looking like a decision.
func (e *Env) refuseUnknownCampaigns(ctx context.Context) error {
	for _, name := range e.opt.OverrideCampaigns {
		var n int
		err := e.DB.Read().QueryRowContext(ctx, `SELECT count(*) FROM clean_campaign
			WHERE lower(title) = lower(?1) OR source_id = ?1 OR campaign_key = ?1`, name).Scan(&n)
		if err != nil {
			return fmt.Errorf("look for campaign %q: %w", name, err)
		}
		if n == 0 {
			return fmt.Errorf("%w: --override-campaign: there is no campaign with the title or id %q", ErrUsage, name)
		}
	}
	return nil
}

// overrideCampaign records who let a campaign pass, into which account.
func (e *Env) overrideCampaign(ctx context.Context, s *target.Session, c campaign) error {
	return e.DB.Write(ctx, func(tx *sql.Tx) error {
		return e.DB.Decide(tx, warehouse.Decision{Gate: "campaign_overridden", TargetID: s.ID, Seal: c.key + " " + c.hash,
			By: e.opt.By, Reason: "--override-campaign " + c.title + ", which is " + c.state})
	})
}
