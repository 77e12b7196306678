package warehouse_test

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nextpipe/stages/internal/stage"
	"nextpipe/stages/internal/warehouse"
)

// Nothing can be made under /proc, whoever asks.
func TestOpen_SaysWhenNothingCanBeWrittenThere(t *testing.T) {
	const path = "/proc/self/np.db"
	if _, err := warehouse.Open(t.Context(), path); !errors.Is(err, stage.ErrInput) || !strings.Contains(err.Error(), path+" cannot be written") {
		t.Errorf("it says %v", err)
	}
}

func TestWrite_SaysWhenTheFileCannotBeWritten(t *testing.T) {
	db := fresh(t)
	// What SQLite says of a file without write permission, and of this.
	if err := db.Write(t.Context(), func(tx *sql.Tx) error { _, err := tx.Exec("PRAGMA query_only = ON"); return err }); err != nil {
		t.Fatal(err)
	}
	err := db.Write(t.Context(), func(tx *sql.Tx) error { _, err := tx.Exec("DELETE FROM setup"); return err })
	if !errors.Is(err, stage.ErrInput) || !strings.Contains(err.Error(), db.Path()+" cannot be written") {
		t.Errorf("it says %v", err)
	}
}

// A file that lost its end is never the ground for a request.
func TestCheck_FindsAFileThatWasCutOff(t *testing.T) {
	whole := filepath.Join(t.TempDir(), "np.db")
	if err := open(t, whole).Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	for eighth := 1; eighth < 8; eighth++ {
		for _, torn := range []int{0, 1000} {
			t.Run(fmt.Sprintf("%d eighths and %d bytes", eighth, torn), func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "np.db")
				const page = 16384
				if err := os.WriteFile(path, data[:len(data)*eighth/8/page*page+torn], 0o600); err != nil {
					t.Fatal(err)
				}
				db, err := warehouse.Open(t.Context(), path)
				if err == nil {
					defer db.Close()
					err = db.Check(t.Context())
				}
				if !errors.Is(err, warehouse.ErrDamaged) {
					t.Errorf("it says %v, want ErrDamaged", err)
				}
			})
		}
	}
}
