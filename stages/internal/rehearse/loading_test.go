package rehearse_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nextpipe/fixtures/sandbox"
	"nextpipe/stages/internal/rehearse"
	"nextpipe/stages/internal/stage"
	"nextpipe/stages/internal/target"
	"nextpipe/stages/internal/warehouse"
	"nextpipe/stages/load"
	"nextpipe/stages/plan"
	"nextpipe/stages/provision"
	"nextpipe/stages/rollback"
	"nextpipe/stages/scope"
	"nextpipe/stages/verify"
)

const marker = "NextCRM ID"

// through runs the loading side from scope to verify in a session of its own.
func through(t testing.TB, db *warehouse.DB, a *sandbox.Account) error {
	t.Helper()
	s := rehearse.Connect(t, db, a)
	return loadInto(t, s)
}

func loadInto(t testing.TB, s *target.Session) error {
	t.Helper()
	return loadWith(context.Background(), s, func(step string, res stage.Result) { t.Logf("%s: %s", step, res) })
}

// loadWith is the loading side; told hears what each step did.
func loadWith(ctx context.Context, s *target.Session, told ...func(step string, res stage.Result)) error {
	var errs []error
	for _, step := range []struct {
		name string
		run  func(context.Context, *target.Session) (stage.Result, error)
	}{{"scope", scope.Run}, {"plan", plan.Run}, {"provision", provision.Run},
		{"load", func(ctx context.Context, s *target.Session) (stage.Result, error) { return load.Run(ctx, s, "") }}, {"verify", verify.Run}} {
		res, err := step.run(ctx, s)
		for _, tell := range told {
			tell(step.name, res)
		}
		if err != nil {
			errs = append(errs, err)
			break
		}
	}
	return errors.Join(errs...)
}

func TestLoad_ArrivesOnceAndTheSecondRunWritesNothing(t *testing.T) {
	db, a := rehearse.Warehouse(t, 5), rehearse.Account(t, 1)
	if err := through(t, db, a); err != nil {
		t.Fatal(err)
	}
	if n := len(a.Records("persons")); n != 5 {
		t.Errorf("the account holds %d persons, want 5", n)
	}
	writes := len(a.Writes())
	if err := through(t, db, a); err != nil {
		t.Fatal(err)
	}
	if more := a.Writes()[writes:]; len(more) != 0 {
		t.Errorf("the second run sent %d writes, first %+v", len(more), more[0])
	}
}

func TestRollback_LeavesTheAccountAsItWas(t *testing.T) {
	db, a := rehearse.Warehouse(t, 4), rehearse.Account(t, 1)
	if err := a.Populate(3, 3, 3); err != nil {
		t.Fatal(err)
	}
	before := a.Dump(marker)
	if err := through(t, db, a); err != nil {
		t.Fatal(err)
	}
	if a.Dump(marker) == before {
		t.Fatal("the load changed nothing")
	}
	s := rehearse.Connect(t, db, a)
	res, err := rollback.Run(context.Background(), s, rollback.Part{}, false)
	if err != nil {
		t.Fatalf("%s: %v", res, err)
	}
	if diff := cmp.Diff(before, a.Dump(marker)); diff != "" {
		t.Errorf("rollback left traces (-before +after):\n%s", diff)
	}
}
