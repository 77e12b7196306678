package rehearse_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"nextpipe/stages/internal/rehearse"
	"nextpipe/stages/internal/stage"
	"nextpipe/stages/rollback"
)

func TestRollback_RefusesAPartThatNobodyCanHaveMeant(t *testing.T) {
	db, a, other := rehearse.Warehouse(t, 1), rehearse.Account(t, 1), rehearse.Account(t, 2)
	throughAs(t, db, a)
	elsewhere := throughAs(t, db, other)
	offline, err := db.BeginRun(t.Context(), "clean")
	if err != nil {
		t.Fatal(err)
	}
	full := a.Dump(marker)
	for _, c := range []struct {
		name, says string
		part       rollback.Part
	}{
		{"a run that never was", "there is no run 999", rollback.Part{Run: 999}},
		{"a run of another account", "name that account with --target", rollback.Part{Run: elsewhere}},
		{"a run without an account", "never met an account", rollback.Part{Run: offline.ID}},
		{"an unknown kind", `"people" is no kind`, rollback.Part{Only: []string{"person", "people"}}},
		{"a time to come", "lies in the future", rollback.Part{Since: a.Clock().Now().Add(time.Hour)}},
	} {
		_, err := rollback.Run(t.Context(), rehearse.Connect(t, db, a), c.part, false)
		if !errors.Is(err, stage.ErrInput) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", c.name, err, c.says)
		}
	}
	same(t, "a refused rollback wrote", full, a.Dump(marker))
}
