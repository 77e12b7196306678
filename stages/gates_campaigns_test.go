package stages

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"

	"nextpipe/stages/load"
)

// upTo runs the stages of a run up to the named one.
func upTo(e *Env, last string) error {
	var names []string
	for _, s := range All {
		names = append(names, s.Name)
		if s.Name == last {
			break
		}
	}
	return e.Execute(context.Background(), "test", names...)
}

func scalar(t *testing.T, e *Env, query string) (text string) {
	t.Helper()
	if err := e.DB.Read().QueryRow(query).Scan(&text); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return text
}

func TestAnActiveCampaignStopsTheRunBeforeAnythingIsWrittenToTheAccount(t *testing.T) {
	e := sampleEnv(t)
	e.opt.OverrideCampaigns = nil
	err := upTo(e, "provision")
	if !errors.Is(err, load.ErrGate) || ExitCode(err) != 4 {
		t.Fatalf("got %v, exit %d, want a closed gate", err, ExitCode(err))
	}
	for _, want := range []string{`"Winter Teaser" (id 4, scheduled)`, `--override-campaign "Winter Teaser" --by NAME`, "pause it there and extract again"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the message lacks %s: %v", want, err)
		}
	}
	if n := scalar(t, e, "SELECT (SELECT count(*) FROM load_op) + (SELECT count(*) FROM provisioned)"); n != "0" {
		t.Errorf("%s things were written before the gate", n)
	}
	if err := e.Execute(context.Background(), "test", "load"); !errors.Is(err, load.ErrGate) {
		t.Errorf("load alone: got %v, want a closed gate", err)
	}
}

func TestAPersonLetsACampaignPassByNameUntilItChanges(t *testing.T) {
	e := sampleEnv(t)
	e.opt.OverrideCampaigns = []string{"Winter Taeser"}
	if err := upTo(e, "provision"); ExitCode(err) != 2 || !strings.Contains(err.Error(), "Winter Taeser") {
		t.Fatalf("a typing error: got %v, want a refusal that names it", err)
	}
	e.opt.OverrideCampaigns = []string{"winter teaser"}
	if err := e.Execute(context.Background(), "test", "provision"); err != nil {
		t.Fatal(err)
	}
	if got := scalar(t, e, "SELECT by_name || ': ' || reason FROM gate WHERE name = 'campaign_overridden'"); got != "test: --override-campaign Winter Teaser, which is scheduled" {
		t.Errorf("recorded: %s", got)
	}
	e.opt.OverrideCampaigns = nil
	if err := e.Execute(context.Background(), "test", "provision"); err != nil {
		t.Errorf("the word holds: %v", err)
	}
	err := e.DB.Write(context.Background(), func(tx *sql.Tx) error {
		_, err := tx.Exec("UPDATE clean_campaign SET row_hash = 'other' WHERE source_id = '4'")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Execute(context.Background(), "test", "provision"); !errors.Is(err, load.ErrGate) {
		t.Errorf("the campaign has changed: got %v, want a closed gate", err)
	}
}

func TestAPausedCampaignStopsNothing(t *testing.T) {
	e := sampleEnv(t)
	e.opt.OverrideCampaigns = nil
	err := upTo(e, "extract")
	if err == nil {
		err = e.DB.Write(context.Background(), func(tx *sql.Tx) error {
			_, err := tx.Exec("INSERT INTO fix_value (object, source_id, field, value, by_name) VALUES ('campaign', '4', 'status', 'paused', 'test')")
			return err
		})
	}
	if err == nil {
		err = e.Execute(context.Background(), "test", "clean", "dedupe", "map", "build", "plan", "provision")
	}
	if err != nil && ExitCode(err) != 3 {
		t.Fatal(err)
	}
}

func TestFindingsOnCampaignsAndAutomationsAreExplained(t *testing.T) {
	e := sampleEnv(t)
	if err := upTo(e, "clean"); err != nil && ExitCode(err) != 3 {
		t.Fatal(err)
	}
	for _, code := range []string{"campaign_active", "automation.webhook_get", "clean_campaign", "map_campaign"} {
		if lines, err := e.Explain(context.Background(), code); err != nil || len(lines) == 0 {
			t.Errorf("%s: %v, %v", code, lines, err)
		}
	}
}
