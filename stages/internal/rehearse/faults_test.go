package rehearse_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nextpipe/fixtures/process"
	"nextpipe/fixtures/sandbox"
	"nextpipe/stages/internal/rehearse"
	"nextpipe/stages/rollback"
)

// undisturbed is what an account holds after a load without faults.
func undisturbed(t *testing.T, n int) (dump string, writes int) {
	t.Helper()
	a := rehearse.Account(t, 1)
	if err := through(t, rehearse.Warehouse(t, n), a); err != nil {
		t.Fatal(err)
	}
	return a.Dump(marker), len(a.Writes())
}

// lostAnswers are faults after which nobody can tell from the answer whether
// the write was carried out.
var lostAnswers = []sandbox.Fault{
	{Do: sandbox.DropBefore}, {Do: sandbox.DropAfter}, {Do: sandbox.Truncate},
	{Do: sandbox.FailBefore, Status: 502}, {Do: sandbox.FailAfter, Status: 500}, {Do: sandbox.FailAfter, Status: 504},
	{Do: sandbox.Hold, LookUps: 1},
}

func TestLoad_EveryWriteMayLoseItsAnswer(t *testing.T) {
	const n = 2
	want, writes := undisturbed(t, n)
	for _, fault := range lostAnswers {
		for k := 1; k <= writes; k += process.Stride {
			t.Run(fmt.Sprintf("%s %d at write %d", fault.Do, fault.Status, k), func(t *testing.T) {
				t.Parallel()
				db, a := rehearse.Warehouse(t, n), rehearse.Account(t, 1)
				nth := fault // each of the parallel tests has its own
				nth.Writes, nth.Nth = true, k
				a.Script(nth)
				if err := through(t, db, a); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, a.Dump(marker)); diff != "" {
					t.Errorf("the account differs from an undisturbed one:\n%s", diff)
				}
			})
		}
	}
}

func TestLoad_ATwinThatIsCarriedOutAfterBothLooksIsRemoved(t *testing.T) {
	want, writes := undisturbed(t, 2)
	for k := 1; k <= writes; k += process.Stride {
		db, a := rehearse.Warehouse(t, 2), rehearse.Account(t, 1)
		a.Script(sandbox.Fault{Writes: true, Path: "/api/v2/persons", Nth: k, Do: sandbox.Hold, LookUps: 2})
		if err := through(t, db, a); err != nil {
			t.Fatalf("write %d: %v", k, err)
		}
		a.ReleaseAll()
		if err := through(t, db, a); err != nil {
			t.Fatalf("write %d, second run: %v", k, err)
		}
		if diff := cmp.Diff(want, a.Dump(marker)); diff != "" {
			t.Errorf("write %d: the account differs from an undisturbed one:\n%s", k, diff)
		}
	}
}

func TestRollback_EveryWriteMayLoseItsAnswer(t *testing.T) {
	for _, fault := range []sandbox.Fault{{Do: sandbox.DropBefore}, {Do: sandbox.FailAfter, Status: 502}, {Do: sandbox.Hold, LookUps: 1}} {
		t.Run(string(fault.Do), func(t *testing.T) {
			t.Parallel()
			for k := 1; rollsBackDespite(t, fault, k); k += process.Stride {
			}
		})
	}
}

// rollsBackDespite loads, rolls back with a fault at the k-th write, and tells
// whether there was a k-th write.
func rollsBackDespite(t *testing.T, fault sandbox.Fault, k int) bool {
	t.Helper()
	db, a := rehearse.Warehouse(t, 2), rehearse.Account(t, 1)
	before := a.Dump(marker)
	if err := through(t, db, a); err != nil {
		t.Fatal(err)
	}
	loaded := len(a.Writes())
	fault.Writes, fault.Nth = true, k
	a.Script(fault)
	if _, err := rollback.Run(context.Background(), rehearse.Connect(t, db, a), rollback.Part{}, false); err != nil {
		t.Fatalf("write %d: %v", k, err)
	}
	if diff := cmp.Diff(before, a.Dump(marker)); diff != "" {
		t.Fatalf("write %d left traces (-before +after):\n%s", k, diff)
	}
	return len(a.Writes())-loaded >= k
}
