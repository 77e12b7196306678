package rehearse_test

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"modernc.org/sqlite"

	"nextpipe/fixtures/process"
	"nextpipe/stages/internal/rehearse"
)

var programDir string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "nextpipe-test")
	if err != nil {
		panic(err)
	}
	programDir = dir
	sqlite.RegisterConnectionHook(mortal)
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// built makes nextpipe itself when a test first needs it.
var built = sync.OnceValues(func() (string, error) {
	path := filepath.Join(programDir, "nextpipe")
	return path, process.Build(path)
})

func program(t *testing.T) string {
	t.Helper()
	path, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// broadRun is a run whose warehouse already holds final records of every kind.
func broadRun(t *testing.T) *process.Run {
	t.Helper()
	r := process.New(t, program(t), t.TempDir())
	db := rehearse.BroadWarehouse(t)
	r.DB = db.Path()
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRun_EveryKindOfRecordSurvivesAKillAtEveryRequestBoundary(t *testing.T) {
	whole := func(r *process.Run) {
		r.MustRun("scope")
		r.MustRun("run", "--from", "plan", "--to", "verify")
	}
	undisturbed := broadRun(t)
	whole(undisturbed)
	want := undisturbed.Account.Dump("NextCRM ID")
	process.EachBoundary(t, func(t *testing.T, n int64) bool {
		r := broadRun(t)
		r.MustRun("scope")
		if !r.KilledAt(n, "run", "--from", "plan", "--to", "load") {
			return false
		}
		whole(r)
		if diff := cmp.Diff(want, r.Account.Dump("NextCRM ID")); diff != "" {
			t.Fatalf("killed at boundary %d, the account differs from an undisturbed one:\n%s", n, diff)
		}
		return true
	})
}
