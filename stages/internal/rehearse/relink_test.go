package rehearse_test

import (
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nextpipe/fixtures/process"
	"nextpipe/fixtures/sandbox"
	"nextpipe/stages/internal/rehearse"
	"nextpipe/stages/internal/warehouse"
	"nextpipe/stages/relink"
	"nextpipe/stages/rollback"
)

// copyOf is the warehouse as it would come out of a backup.
func copyOf(t *testing.T, db *warehouse.DB) *warehouse.DB {
	t.Helper()
	path := filepath.Join(t.TempDir(), "copy.db")
	raw, err := sql.Open("sqlite", db.Path())
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	if _, err := raw.Exec("VACUUM INTO ?", path); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Chmod(path, 0o600), os.CopyFS(path+".files", os.DirFS(db.Path()+".files"))); err != nil {
		t.Fatal(err)
	}
	old, err := warehouse.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { old.Close() })
	return old
}

// An account is ahead of a warehouse that was restored from a backup, however
// far the load was when the backup was made.
func TestRelink_AnOlderCopyIsRefusedAndThenAdoptsWhatTheNewerOneMade(t *testing.T) {
	want, writes := undisturbedBroad(t)
	refused := 0
	for k := 1; k <= writes; k += process.Stride {
		db, a := rehearse.BroadWarehouse(t), rehearse.Account(t, 1)
		a.Script(sandbox.Fault{Writes: true, Nth: k, Times: 1000, Do: sandbox.Unauthorized})
		if err := through(t, db, a); err == nil {
			t.Fatalf("write %d went through", k)
		}
		a.Script()
		old := copyOf(t, db)
		if err := through(t, db, a); err != nil {
			t.Fatalf("write %d: the newer warehouse: %v", k, err)
		}
		err := through(t, old, a)
		if errors.Is(err, warehouse.ErrDrift) {
			refused++
			if _, err = relink.Run(t.Context(), rehearse.Connect(t, old, a)); err == nil {
				err = through(t, old, a)
			}
		}
		if err != nil {
			t.Fatalf("write %d: the older warehouse: %v %s", k, err, differences(t, old))
		}
		if diff := cmp.Diff(want, a.Dump(marker)); diff != "" {
			t.Errorf("write %d: the account differs from an undisturbed one:\n%s", k, diff)
		}
	}
	if refused == 0 {
		t.Error("no older copy was refused")
	}
}

func TestRelink_ASecondWarehouseOfTheSameSourceAddsNothing(t *testing.T) {
	a := rehearse.Account(t, 1)
	if err := through(t, rehearse.BroadWarehouse(t), a); err != nil {
		t.Fatal(err)
	}
	want := a.Dump(marker)
	second := rehearse.BroadWarehouse(t)
	if err := through(t, second, a); !errors.Is(err, warehouse.ErrDrift) {
		t.Fatalf("a second warehouse: %v, want drift", err)
	}
	if _, err := relink.Run(t.Context(), rehearse.Connect(t, second, a)); err != nil {
		t.Fatal(err)
	}
	if err := through(t, second, a); err != nil {
		t.Fatal(err, differences(t, second))
	}
	if diff := cmp.Diff(want, a.Dump(marker)); diff != "" {
		t.Errorf("the second warehouse changed the account:\n%s", diff)
	}
	if _, err := rollback.Run(t.Context(), rehearse.Connect(t, second, a), rollback.Part{}, false); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, a.Dump(marker)); diff != "" {
		t.Errorf("its rollback took away what the first one made:\n%s", diff)
	}
}

func TestRelink_FilesOfOneNameAndSizeAreToldApartByTheirBytes(t *testing.T) {
	two := func() *warehouse.DB {
		db := rehearse.BroadWarehouse(t)
		other := []byte("OFFER, SIGNED\n")
		if err := os.WriteFile(filepath.Join(db.Path()+".files", "other"), other, 0o600); err != nil {
			t.Fatal(err)
		}
		exec(t, db, `INSERT INTO final_file VALUES ('document:2', 2, 'abc123/document:2', 'offer.txt', 14, ?1, 'other', 'deal:1', NULL, NULL,
			'{"name":"offer.txt","deal_id":{"@ref":"deal:deal:1"},"@blob":{"path":"other","name":"offer.txt","size":14,"sha256":"' || ?1 || '"}}')`,
			fmt.Sprintf("%x", sha256.Sum256(other)))
		return db
	}
	for range 4 { // the order in which they are compared is chance
		a := rehearse.Account(t, 1)
		if err := through(t, two(), a); err != nil {
			t.Fatal(err)
		}
		second := two()
		_ = through(t, second, a)
		if _, err := relink.Run(t.Context(), rehearse.Connect(t, second, a)); err != nil {
			t.Fatal(err)
		}
		if err := through(t, second, a); err != nil {
			t.Fatal(err, differences(t, second))
		}
		if n := len(a.Records("files")); n != 2 {
			t.Fatalf("the account holds %d files, want the two that were there", n)
		}
	}
}
