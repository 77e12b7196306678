package stages

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nextpipe/stages/load"
)

func TestRun_ALimitLoadsSomeOfEachKindWithWhatTheyReferTo(t *testing.T) {
	e, ctx := sampleEnv(t), t.Context()
	e.opt.Limit = 3
	if err := e.Execute(ctx, "run", wholeRun...); ExitCode(err) != 3 {
		t.Fatalf("a trial ended with %v, it must not be green", err)
	}
	list, err := e.strings(ctx, `SELECT concat_ws(' ', entity, planned - done - blocked, off_by, done >= min(3, planned), blocked = (SELECT count(*) FROM plan_op AS p WHERE p.entity = r.entity AND p.reason LIKE 'left out by --limit 3%'))
		FROM reconcile_final AS r WHERE entity IN ('organization', 'person', 'deal', 'note', 'activity') ORDER BY 1`)
	if diff := cmp.Diff([]string{"activity 0 0 1 1", "deal 0 0 1 1", "note 0 0 1 1", "organization 0 0 1 1", "person 0 0 1 1"}, list); diff != "" || err != nil {
		t.Errorf("%v ledger (-want +got):\n%s", err, diff)
	}
	if list, err = e.strings(ctx, "SELECT count(*) FROM load_op WHERE state <> 'done'"); err != nil || list[0] != "0" {
		t.Errorf("%v operations without their parents, %v", list, err)
	}
	if list, err = e.strings(ctx, "SELECT count(*) FROM link WHERE entity = 'deal'"); err != nil || len(list) != 1 || list[0] == "63" {
		t.Errorf("%v deals were loaded, %v: that is no trial", list, err)
	}
	if err := e.Signoff(ctx, "Ana", ""); !errors.Is(err, load.ErrGate) {
		t.Errorf("a trial was signed: %v", err)
	}
	e.opt.Limit = 0
	if err := e.Execute(ctx, "run", wholeRun...); ExitCode(err) != 3 {
		t.Fatal(err)
	}
	if list, err = e.strings(ctx, "SELECT DISTINCT concat_ws(' ', planned - done, blocked, off_by) FROM reconcile_final"); err != nil || cmp.Diff([]string{"0 0 0"}, list) != "" {
		t.Errorf("after the whole run the ledger says %v, %v", list, err)
	}
	if err := e.Signoff(ctx, "Ana", ""); err != nil {
		t.Errorf("the whole run cannot be signed: %v", err)
	}
}

func TestRun_ALimitIsRefusedForProduction(t *testing.T) {
	m := smallEnv(t, "production")
	m.opt.Limit = 1
	if err := m.Execute(t.Context(), "run", wholeRun...); ExitCode(err) != 4 {
		t.Errorf("a trial on production ended with %v", err)
	}
}
