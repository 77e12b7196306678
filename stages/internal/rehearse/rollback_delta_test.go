package rehearse_test

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nextpipe/fixtures/sandbox"
	"nextpipe/stages/internal/rehearse"
	"nextpipe/stages/internal/stage"
	"nextpipe/stages/internal/warehouse"
	"nextpipe/stages/rollback"
)

// changedSources changes a record of every kind that the API can change.
const changedSources = `
UPDATE final_organization SET payload = json_set(payload, '$.name', 'Org One', '$.website', 'https://one.example') WHERE final_key = 'account:1';
UPDATE final_person SET payload = json_remove(json_set(payload, '$.emails[0].value', 'new@example.com', '$.phones', json('[{"value":"+4930777","primary":true}]'),
	'$.custom_fields."@field:person.tier"', json('{"@ref":"option:person.tier:Free"}')), '$.label_ids') WHERE final_key = 'contact:1';
UPDATE final_product SET payload = json_set(payload, '$.name', 'Set-up', '$.prices[0].price', 6.75);
UPDATE final_deal SET payload = json_set(payload, '$.title', 'Deal One', '$.value', 16.75, '$.org_id."@ref"', 'organization:account:2') WHERE final_key = 'deal:1';
UPDATE final_deal SET payload = json_set(payload, '$.status', 'won', '$.won_time', '2024-01-02T03:04:05Z', '$.stage_id."@ref"', 'stage:sales/won') WHERE final_key = 'deal:2';
UPDATE final_deal_product SET payload = json_set(payload, '$.quantity', 3) WHERE final_key = 'deal_line:1';
UPDATE final_lead SET payload = json_set(payload, '$.title', 'Very interested', '$.value.amount', 8.5);
UPDATE final_project SET payload = json_set(payload, '$.title', 'New roof', '$.phase_id."@ref"', 'phase:nextcrm/done');
UPDATE final_project_task SET payload = json_set(payload, '$.title', 'Measure again', '$.done', 0);
UPDATE final_activity SET payload = json_set(payload, '$.subject', 'Long visit', '$.duration', '02:30:00', '$.done', json('false'));
UPDATE final_note SET payload = json_set(payload, '$.content', replace(payload ->> '$.content', 'a &amp; b', 'a, b &amp; c'));
UPDATE final_filter SET payload = json_set(payload, '$.name', 'NextCRM list: Old news');`

var numberOne = regexp.MustCompile(`\b(account|contact|deal|product|deal_line|deal_discount|lead|board|board_task|activity|note|document|follower):1\b`)

// openDeal is a deal that changedSources wins.
const openDeal = `UPDATE final_deal SET payload = json_remove(json_set(payload, '$.status', 'open', '$.stage_id."@ref"', 'stage:renewals/due'), '$.won_time') WHERE final_key = 'deal:2'`

// addThirds adds to every kind a copy of its first record that hangs on the
// copies of the others.
func addThirds(t *testing.T, db *warehouse.DB) {
	t.Helper()
	for _, table := range []string{"organization", "person", "product", "deal", "deal_product", "deal_discount", "follower", "lead", "project", "project_task",
		"activity", "note", "file"} {
		copyFirst(t, db, "final_"+table)
	}
	write(t, db, `INSERT INTO final_participant SELECT 'participant:3|2', 30, replace(marker, '1|2', '3|2'), 'deal:3', 'contact:2', json_set(payload, '$.deal_id."@ref"', 'deal:deal:3') FROM final_participant;
		INSERT INTO final_relationship SELECT 'relationship:2|3', 30, replace(marker, '1|2', '2|3'), 'account:2', 'account:3',
			'{"type":"parent","rel_owner_org_id":{"@ref":"organization:account:2"},"rel_linked_org_id":{"@ref":"organization:account:3"}}' FROM final_relationship;
		INSERT INTO final_filter SELECT 'filter:list:more', 30, replace(marker, 'news', 'more'), 'NextCRM list: More', json_set(payload, '$.name', 'NextCRM list: More') FROM final_filter;
		INSERT INTO final_option VALUES ('person', 'tier', 'Gold', 3); INSERT INTO final_label VALUES ('deal', 'Cold', 2);
		INSERT INTO final_stage VALUES ('renewals/lost', 'renewals', 'Lost', 2, 10); INSERT INTO final_field VALUES ('size', 'deal', 'Size', 'double', NULL, 5);
		UPDATE final_person SET payload = json_set(payload, '$.custom_fields."@field:person.tier"', json('{"@ref":"option:person.tier:Gold"}')) WHERE final_key = 'contact:3';
		UPDATE final_deal SET payload = json_set(payload, '$.custom_fields."@field:deal.size"', 4) WHERE final_key IN ('deal:2', 'deal:3')`)
}

func copyFirst(t *testing.T, db *warehouse.DB, table string) {
	t.Helper()
	err := db.Write(t.Context(), func(tx *sql.Tx) error {
		rows, err := tx.Query("SELECT * FROM " + table + " ORDER BY seq LIMIT 1")
		if err != nil {
			return err
		}
		defer rows.Close()
		names, err := rows.Columns()
		if err != nil || !rows.Next() {
			return fmt.Errorf("nothing to copy: %w", err)
		}
		values, into := make([]any, len(names)), make([]any, len(names))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return err
		}
		for i, v := range values {
			if text, ok := v.(string); ok {
				values[i] = numberOne.ReplaceAllString(text, "${1}:3")
			}
			if names[i] == "seq" {
				values[i] = 30
			}
		}
		_, err = tx.Exec("INSERT INTO "+table+" VALUES (?"+strings.Repeat(", ?", len(names)-1)+")", values...)
		return err
	})
	if err != nil {
		t.Fatal(table, err)
	}
}

// throughAs is through; it returns the run that did it.
func throughAs(t *testing.T, db *warehouse.DB, a *sandbox.Account) int64 {
	t.Helper()
	s := rehearse.Connect(t, db, a)
	if err := loadInto(t, s); err != nil {
		t.Fatal(err, differences(t, db), rejects(t, db))
	}
	return s.RunID
}

func takeBack(t *testing.T, db *warehouse.DB, a *sandbox.Account, part rollback.Part) stage.Result {
	t.Helper()
	res, err := rollback.Run(t.Context(), rehearse.Connect(t, db, a), part, false)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// twoRuns is an account that two runs have filled: the second changed, added
// and provisioned. The dumps are those after each.
func twoRuns(t *testing.T) (db *warehouse.DB, a *sandbox.Account, runs [2]int64, dumps [2]string) {
	t.Helper()
	db, a = rehearse.BroadWarehouse(t), rehearse.Account(t, 1)
	runs, dumps = runTwice(t, db, a)
	return db, a, runs, dumps
}

func runTwice(t *testing.T, db *warehouse.DB, a *sandbox.Account) (runs [2]int64, dumps [2]string) {
	t.Helper()
	if err := a.Populate(2, 2, 2); err != nil {
		t.Fatal(err)
	}
	existing(t, a, nil)
	write(t, db, openDeal)
	for i := range runs {
		if i == 1 {
			a.Clock().Advance(time.Hour)
			addThirds(t, db)
			write(t, db, changedSources)
		}
		runs[i], dumps[i] = throughAs(t, db, a), a.Dump(marker)
		// What was provisioned is timed by this machine's clock, the rest by the account's.
		exec(t, db, "UPDATE provisioned SET made_at = ? WHERE run_id = ?", a.Clock().Now().Format("2006-01-02T15:04:05.000Z"), runs[i])
	}
	return runs, dumps
}

// saved is what twoRuns gives, in files: loops need it dozens of times.
type saved struct {
	folder string
	now    time.Time
	runs   [2]int64
	dumps  [2]string
}

func saveTwoRuns(t *testing.T) saved {
	t.Helper()
	s := saved{folder: t.TempDir()}
	db, a := rehearse.BroadWarehouse(t), rehearse.AccountWith(t, sandbox.Options{Seed: 1, Journal: filepath.Join(s.folder, "account")})
	s.runs, s.dumps = runTwice(t, db, a)
	s.now = a.Clock().Now()
	a.Close()
	if err := errors.Join(db.Close(), os.CopyFS(filepath.Join(s.folder, "np.db.files"), os.DirFS(db.Path()+".files")),
		os.Rename(db.Path(), filepath.Join(s.folder, "np.db"))); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s saved) open(t *testing.T) (*warehouse.DB, *sandbox.Account) {
	t.Helper()
	folder := t.TempDir()
	if err := os.CopyFS(folder, os.DirFS(s.folder)); err != nil {
		t.Fatal(err)
	}
	db, err := warehouse.Open(t.Context(), filepath.Join(folder, "np.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	a := rehearse.AccountWith(t, sandbox.Options{Seed: 1, Journal: filepath.Join(folder, "account"), Clock: sandbox.NewClock(s.now)})
	t.Cleanup(a.Close)
	return db, a
}

// refusals is what the account said to a rollback.
func refusals(t *testing.T, db *warehouse.DB) (out string) {
	t.Helper()
	if err := db.Read().QueryRow("SELECT coalesce(group_concat(final_key || ' ' || coalesce(message, '') || ' ' || coalesce(body, ''), char(10)), '') FROM load_op WHERE purpose = 'rollback' AND state <> 'done'").Scan(&out); err != nil {
		t.Fatal(err)
	}
	return out
}

func same(t *testing.T, what, want, got string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}
