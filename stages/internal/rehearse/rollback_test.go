package rehearse_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nextpipe/fixtures/process"
	"nextpipe/fixtures/sandbox"
	"nextpipe/stages/internal/rehearse"
	"nextpipe/stages/rollback"
)

func TestRollback_StoppedAtEveryRequestAndRunAgain(t *testing.T) {
	const workers = 4
	for w := 1; w <= workers; w++ {
		t.Run(fmt.Sprintf("every %dth from %d", workers, w), func(t *testing.T) {
			t.Parallel()
			for k := w; rollsBackStoppedAt(t, k); k += workers * process.Stride {
			}
		})
	}
}

// rollsBackStoppedAt loads into an account that was not empty, stops the
// rollback at its k-th request, and runs it again. It tells whether there was
// a k-th request.
func rollsBackStoppedAt(t *testing.T, k int) bool {
	t.Helper()
	db, a := rehearse.Warehouse(t, 2), rehearse.Account(t, 1)
	existing(t, a, nil)
	if err := a.Populate(2, 2, 2); err != nil {
		t.Fatal(err)
	}
	before := a.Dump(marker)
	if err := through(t, db, a); err != nil {
		t.Fatal(err)
	}
	s := rehearse.Connect(t, db, a)
	a.Script(sandbox.Fault{Nth: k, Do: sandbox.Cloudflare})
	_, err := rollback.Run(context.Background(), s, rollback.Part{}, false)
	a.Script()
	a.Clock().Advance(20 * time.Minute)
	if res, again := rollback.Run(context.Background(), rehearse.Connect(t, db, a), rollback.Part{}, false); again != nil || res.Left != 0 {
		t.Fatalf("request %d: the second rollback left %d: %v", k, res.Left, again)
	}
	if diff := cmp.Diff(before, a.Dump(marker)); diff != "" {
		t.Fatalf("request %d left traces (-before +after):\n%s", k, diff)
	}
	return err != nil
}

func TestRollback_AndLoadAgain(t *testing.T) {
	want, _ := undisturbed(t, 3)
	db, a := rehearse.Warehouse(t, 3), rehearse.Account(t, 1)
	for range 2 {
		if err := through(t, db, a); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, a.Dump(marker)); diff != "" {
			t.Fatalf("the account differs from an undisturbed one:\n%s", diff)
		}
		if _, err := rollback.Run(context.Background(), rehearse.Connect(t, db, a), rollback.Part{}, false); err != nil {
			t.Fatal(err)
		}
	}
}

func TestRollback_ADryRunSendsNothingAndNamesThePriceOfTheRealOne(t *testing.T) {
	db, a := rehearse.Warehouse(t, 3), rehearse.Account(t, 1)
	if err := through(t, db, a); err != nil {
		t.Fatal(err)
	}
	id := int64(count(t, db, "SELECT CAST(pipedrive_id AS INTEGER) FROM link WHERE final_key = 'contact:1'"))
	if err := a.Edit("persons", id, map[string]any{"name": "Edited"}); err != nil {
		t.Fatal(err)
	}
	writes := len(a.Writes())
	dry, err := rollback.Run(context.Background(), rehearse.Connect(t, db, a), rollback.Part{}, true)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(a.Writes()) - writes; n != 0 {
		t.Errorf("a dry run sent %d writes", n)
	}
	real, err := rollback.Run(context.Background(), rehearse.Connect(t, db, a), rollback.Part{}, false)
	if err != nil {
		t.Fatal(err)
	}
	if dry.Rows != 7 || real.Rows != dry.Rows {
		t.Errorf("the dry run promised %d records (%s), the real one took back %d (%s), want 7", dry.Rows, dry, real.Rows, real)
	}
	if tokens := dry.Counts[len(dry.Counts)-1]; tokens.Name != "tokens" || tokens.N == 0 {
		t.Errorf("the dry run names no price: %s", dry)
	}
}

func TestRollback_NeverDeletesWhatTheJournalDoesNotKnow(t *testing.T) {
	db, a := rehearse.Warehouse(t, 1), rehearse.Account(t, 1)
	if err := through(t, db, a); err != nil {
		t.Fatal(err)
	}
	id, err := a.Create("organizations", map[string]any{"name": "Somebody else's"})
	if err != nil {
		t.Fatal(err)
	}
	exec(t, db, `UPDATE link SET pipedrive_id = ?, sent = '{}', echoed = '{"name":"Somebody else''s"}' WHERE final_key = 'account:1'`, id)
	if _, err := rollback.Run(context.Background(), rehearse.Connect(t, db, a), rollback.Part{}, false); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Record("organizations", id); err != nil || len(a.Records("organizations")) != 2 {
		t.Errorf("a link that somebody changed by hand led to a deletion: %d organizations (%v)", len(a.Records("organizations")), err)
	}
}

func TestRollback_KeepsWhatUsersTouchedAndWhatForeignRecordsReferTo(t *testing.T) {
	db, a := rehearse.Warehouse(t, 3), rehearse.Account(t, 1)
	if err := through(t, db, a); err != nil {
		t.Fatal(err)
	}
	id := func(key string) int64 {
		return int64(count(t, db, "SELECT CAST(pipedrive_id AS INTEGER) FROM link WHERE final_key = ?", key))
	}
	if err := a.Edit("persons", id("contact:1"), map[string]any{"name": "Edited"}); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Create("persons", map[string]any{"name": "Foreign", "org_id": id("account:2")}); err != nil {
		t.Fatal(err)
	}
	res, err := rollback.Run(context.Background(), rehearse.Connect(t, db, a), rollback.Part{}, false)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(a.Records("organizations")); n != 2 {
		t.Errorf("%d organizations are left (%s), want the edited person's and the foreign person's", n, res)
	}
	if n := len(a.Records("persons")); n != 2 {
		t.Errorf("%d persons are left, want the edited and the foreign one", n)
	}
	if n := count(t, db, "SELECT count(*) FROM kept_record WHERE entity IN ('person', 'organization')"); n != 3 {
		t.Errorf("%d kept records are listed, want 3", n)
	}
	if res.Left == 0 {
		t.Error("a rollback that kept something is green")
	}
}
