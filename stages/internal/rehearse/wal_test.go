package rehearse_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nextpipe/stages/internal/rehearse"
	"nextpipe/stages/internal/warehouse"
	"nextpipe/stages/relink"
)

// A copy without its -wal file is an older warehouse: it knows nothing of what
// the log held, and must write nothing before it has learnt.
func TestRelink_ACopyWithoutItsLogIsRefusedBeforeAnyWriteAndThenAdopts(t *testing.T) {
	db, a := rehearse.BroadWarehouse(t), rehearse.Account(t, 1)
	if err := through(t, db, a); err != nil {
		t.Fatal(err)
	}
	want, writes := a.Dump(marker), len(a.Writes())
	copied := withoutLog(t, db)
	if n := count(t, copied, "SELECT count(*) FROM link"); n != 0 {
		t.Fatalf("the copy knows %d links: its log held nothing, so this shows nothing", n)
	}
	if err := through(t, copied, a); !errors.Is(err, warehouse.ErrDrift) {
		t.Errorf("the copy was used: %v", err)
	}
	if more := a.Writes()[writes:]; len(more) != 0 {
		t.Errorf("it wrote %d times, first %+v", len(more), more[0])
	}
	if _, err := relink.Run(t.Context(), rehearse.Connect(t, copied, a)); err != nil {
		t.Fatal(err)
	}
	if err := through(t, copied, a); err != nil {
		t.Fatal(err, differences(t, copied), rejects(t, copied))
	}
	if diff := cmp.Diff(want, a.Dump(marker)); diff != "" {
		t.Errorf("the account has changed:\n%s", diff)
	}
}

// withoutLog opens a copy of the file alone, and of its documents.
func withoutLog(t *testing.T, db *warehouse.DB) *warehouse.DB {
	t.Helper()
	path := filepath.Join(t.TempDir(), "np.db")
	data, err := os.ReadFile(db.Path())
	if err := errors.Join(err, os.WriteFile(path, data, 0o600), os.CopyFS(path+".files", os.DirFS(db.Path()+".files"))); err != nil {
		t.Fatal(err)
	}
	copied, err := warehouse.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { copied.Close() })
	return copied
}
