package rehearse_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nextpipe/fixtures/process"
	"nextpipe/fixtures/sandbox"
	"nextpipe/stages/internal/entity"
	"nextpipe/stages/internal/journal"
	"nextpipe/stages/internal/pipedrive"
	"nextpipe/stages/internal/rehearse"
	"nextpipe/stages/internal/target"
	"nextpipe/stages/internal/warehouse"
	"nextpipe/stages/load"
	"nextpipe/stages/provision"
	"nextpipe/stages/rollback"
)

// whole is BroadWarehouse with what it lacks of the kinds of records and structure.
const whole = `INSERT INTO final_label VALUES ('organization', 'Key account', 1), ('deal', 'From NextCRM', 2), ('lead', 'From NextCRM', 2);
INSERT INTO final_follower VALUES
	('follower:2', 2, 'abc123/follower:2', 'person', 'contact:1', 'sam@sandbox.example', '{"person_id":{"@ref":"person:contact:1"},"user_id":{"@ref":"member:sam@sandbox.example"}}'),
	('follower:3', 3, 'abc123/follower:3', 'deal', 'deal:1', 'sam@sandbox.example', '{"deal_id":{"@ref":"deal:deal:1"},"user_id":{"@ref":"member:sam@sandbox.example"}}');`

// moreDelta changes what delta leaves as it is.
const moreDelta = delta + `;
UPDATE final_project SET payload = json_set(payload, '$.title', 'Roof and cellar');
UPDATE final_project_task SET payload = json_set(payload, '$.title', 'Measure again');
UPDATE final_filter SET payload = json_set(payload, '$.name', 'NextCRM list: Newest');`

// gone takes everything out of the source again but what others stand on.
const gone = `INSERT INTO map_setting VALUES ('gone_records', 'delete', 'test', NULL, 'test'), ('gone_limit', '100', 'test', NULL, 'test');
DELETE FROM final_relationship; DELETE FROM final_deal_product; DELETE FROM final_deal_discount; DELETE FROM final_participant; DELETE FROM final_follower;
DELETE FROM final_lead; DELETE FROM final_project_task; DELETE FROM final_project; DELETE FROM final_activity; DELETE FROM final_note; DELETE FROM final_file;
DELETE FROM final_filter; DELETE FROM final_product; DELETE FROM final_deal; DELETE FROM final_person; DELETE FROM final_organization;`

// life is a part of a migration that may end at any commit.
type life struct {
	name   string
	before func(t *testing.T, db *warehouse.DB, a *sandbox.Account)
	live   func(context.Context, *target.Session) error
}

func loads(ctx context.Context, s *target.Session) error {
	return errors.Join(provision.Settle(ctx, s), loadWith(ctx, s)) // as scope does in a run
}

func rollsBack(ctx context.Context, s *target.Session) error {
	if err := errors.Join(load.Settle(ctx, s), provision.Settle(ctx, s)); err != nil {
		return err
	}
	res, err := rollback.Run(ctx, s, rollback.Part{}, false)
	if err == nil && res.Left > 0 {
		err = fmt.Errorf("%d records are left", res.Left)
	}
	return err
}

func loadedWith(statements string) func(*testing.T, *warehouse.DB, *sandbox.Account) {
	return func(t *testing.T, db *warehouse.DB, a *sandbox.Account) {
		t.Helper()
		if err := through(t, db, a); err != nil {
			t.Fatal(err)
		}
		exec(t, db, statements)
	}
}

var lives = []life{
	{"load", func(*testing.T, *warehouse.DB, *sandbox.Account) {}, loads},
	{"delta", loadedWith(moreDelta), loads},
	{"gone", loadedWith(gone), loads},
	{"rollback", loadedWith(""), rollsBack},
}

// expected are the operations that a migration, its deltas and its rollback consist of.
func expected() []string {
	var all []string
	for _, e := range entity.All {
		all = append(all, "load create "+e.Name, "rollback delete "+e.Name)
		if pipedrive.Cost(e.Name, pipedrive.Update) > 0 {
			all = append(all, "load update "+e.Name)
		}
		if !slices.Contains([]string{"organization", "person", "product"}, e.Name) { // a delta never deletes these
			all = append(all, "load delete "+e.Name)
		}
	}
	for _, name := range journal.Structure {
		all = append(all, "provision create "+name, "rollback delete "+name)
	}
	return all
}

// met are the moments at which a process died.
type met struct {
	mu sync.Mutex
	at map[moment]bool
}

func (m *met) note(at moment) {
	m.mu.Lock()
	defer m.mu.Unlock()
	at.nth = 0
	m.at[at] = true
}

// complete proves that no kind of operation was passed over.
func (m *met) complete(t *testing.T) {
	t.Helper()
	for _, operation := range expected() {
		for _, when := range []string{beforeIntent, afterIntent, beforeOutcome} {
			if !m.at[moment{when: when, operation: operation}] {
				t.Errorf("no process died %s %s", when, operation)
			}
		}
	}
}

// A process may end between any two of its commits: before the intent, after
// it, and before the outcome of what was sent. The next one goes on, and the
// account is in the end as if nothing had happened.
func TestDeath_BetweenAnyTwoCommitsNeitherLosesNorDuplicates(t *testing.T) {
	seen := &met{at: map[moment]bool{}}
	t.Run("of", func(t *testing.T) {
		for _, l := range lives {
			t.Run(l.name, func(t *testing.T) {
				t.Parallel()
				l.everyDeath(t, seen)
			})
		}
	})
	if process.Stride == 1 && !t.Failed() {
		seen.complete(t)
	}
}

func (l life) everyDeath(t *testing.T, seen *met) {
	t.Helper()
	from := l.prepare(t)
	want, moments := l.undisturbed(t, from)
	if len(moments) < 40 {
		t.Errorf("only %d moments were found: the hooks do not see the commits", len(moments))
	}
	for i := 0; i < len(moments); i += process.Stride {
		t.Run(moments[i].String(), func(t *testing.T) {
			if l.dies(t, from, moments[i], want) {
				seen.note(moments[i])
			}
		})
	}
}

// start is what a life begins with: the folder of a warehouse and the journal
// of an account. It is made once and copied for each.
type start string

func (l life) prepare(t *testing.T) start {
	t.Helper()
	db := rehearse.BroadWarehouse(t)
	dir := filepath.Dir(db.Path())
	a := rehearse.AccountWith(t, sandbox.Options{Seed: 1, Journal: filepath.Join(dir, "account")})
	exec(t, db, whole)
	l.before(t, db, a)
	a.Close()
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return start(dir)
}

// begin brings a copy to life.
func (s start) begin(t *testing.T) (*warehouse.DB, *sandbox.Account) {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(string(s))); err != nil {
		t.Fatal(err)
	}
	db, err := warehouse.Open(t.Context(), filepath.Join(dir, "np.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	a := rehearse.AccountWith(t, sandbox.Options{Seed: 1, Journal: filepath.Join(dir, "account")})
	t.Cleanup(a.Close)
	return db, a
}

// undisturbed lives to the end and tells what the account is then, and the moments on the way.
func (l life) undisturbed(t *testing.T, from start) (want string, moments []moment) {
	t.Helper()
	db, a := from.begin(t)
	s := rehearse.Connect(t, db, a)
	ctx, d := dieAt(t, db, a, moment{})
	if err := l.live(ctx, s); err != nil {
		t.Fatal(err, differences(t, db), rejects(t, db))
	}
	d.over(db)
	return a.Dump(marker), d.moments()
}

// dies ends one at a moment and lives it again. It tells whether the moment came.
func (l life) dies(t *testing.T, from start, at moment, want string) bool {
	t.Helper()
	db, a := from.begin(t)
	s := rehearse.Connect(t, db, a)
	ctx, d := dieAt(t, db, a, at)
	if err := l.live(ctx, s); err == nil && d.dead() {
		t.Error("a process that cannot commit says that all is well")
	}
	d.over(db)
	if err := l.live(t.Context(), rehearse.Connect(t, db, a)); err != nil {
		t.Errorf("the next run: %v %s %s", err, differences(t, db), rejects(t, db))
	}
	if diff := cmp.Diff(want, a.Dump(marker)); diff != "" {
		t.Errorf("the account differs from an undisturbed one:\n%s", diff)
	}
	return d.dead()
}
