package stages

import (
	"context"
	"database/sql"
	"path/filepath"
	"testing"
	"time"

	nextcrmsample "nextpipe/fixtures/nextcrm"
	"nextpipe/fixtures/nextcrm/pgtest"
	"nextpipe/fixtures/sandbox"
)

// databaseEnv is the sample database of the newest shape before a local account.
func databaseEnv(t *testing.T, server *pgtest.Server) (*Env, *sandbox.Account) {
	t.Helper()
	script, err := nextcrmsample.DatabaseSQL("latest")
	if err != nil {
		t.Fatal(err)
	}
	a, err := sandbox.New(sandbox.Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	url, stop, err := a.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	e, err := Open(context.Background(), Options{DB: filepath.Join(t.TempDir(), "np.db"), Source: server.NewDatabase(t, script), Target: url, Token: a.Token(),
		Yes: true, OverrideCampaigns: nextcrmsample.ActiveCampaigns["open-source"], By: "test", Now: a.Clock().Now, Wait: a.Clock().Sleep, Timeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e, a
}

func TestContractsAndSubscriptionsReachTheAccountTheWayTheMapSays(t *testing.T) {
	server, err := pgtest.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Stop() })
	for as, want := range map[string]map[string]string{
		// Two of eight contracts have no organization: only a deal can stand alone.
		"note": {"contract deals": "0", "contract notes": "6", "subscription notes": "6", "documented contracts": "2"},
		"deal": {"contract deals": "8", "contract notes": "8", "subscription notes": "6", "documented contracts": "0"},
	} {
		t.Run("contracts as "+as, func(t *testing.T) {
			e, account := databaseEnv(t, server)
			err := e.DB.Write(t.Context(), func(tx *sql.Tx) error {
				_, err := tx.Exec(`INSERT INTO decide_map (map_table, map_key, column_name, value, by_name)
					VALUES ('map_setting', 'contracts', 'value', ?, 'test'), ('map_setting', 'subscriptions', 'value', 'note', 'test')`, as)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			if err := upTo(e, "verify"); err != nil && ExitCode(err) != 3 {
				t.Fatal(err)
			}
			const live = "SELECT count(*) FROM link WHERE state = 'live' AND part = '' AND "
			for name, query := range map[string]string{
				"contract deals":       live + "entity = 'deal' AND final_key LIKE 'contract:%'",
				"contract notes":       live + "entity = 'note' AND final_key LIKE 'note:contract:%'",
				"subscription notes":   live + "entity = 'note' AND final_key LIKE 'note:subscription:%'",
				"documented contracts": "SELECT count(*) FROM xw_item WHERE object = 'contract' AND fate = 'documented'",
			} {
				if got := scalar(t, e, query); got != want[name] {
					t.Errorf("%s: %s, want %s", name, got, want[name])
				}
			}
			if n := scalar(t, e, "SELECT (SELECT count(*) FROM difference) + (SELECT coalesce(sum(abs(off_by)), 0) FROM reconcile_source)"); n != "0" {
				t.Errorf("%s differences and rows that nothing accounts for", n)
			}
			writes := len(account.Writes())
			if err := upTo(e, "verify"); err != nil && ExitCode(err) != 3 {
				t.Fatal(err)
			}
			if more := len(account.Writes()) - writes; more != 0 {
				t.Errorf("the second run sent %d writes", more)
			}
		})
	}
}
