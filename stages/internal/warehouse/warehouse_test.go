package warehouse_test

import (
	"context"
	"database/sql"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nextpipe/schema"
	"nextpipe/stages/internal/stage"
	"nextpipe/stages/internal/warehouse"
)

func open(t *testing.T, path string) *warehouse.DB {
	t.Helper()
	db, err := warehouse.Open(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func fresh(t *testing.T) *warehouse.DB {
	t.Helper()
	return open(t, filepath.Join(t.TempDir(), "np.db"))
}

func TestOpen_RefusesWhatIsNoWarehouse(t *testing.T) {
	dir := t.TempDir()
	junk := filepath.Join(dir, "junk.db")
	if err := os.WriteFile(junk, []byte(strings.Repeat("this is no database ", 500)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := warehouse.Open(context.Background(), junk); !errors.Is(err, warehouse.ErrDamaged) {
		t.Errorf("opening junk gave %v, want ErrDamaged", err)
	}
	if _, err := warehouse.Open(context.Background(), dir); err == nil || !strings.Contains(err.Error(), "folder") {
		t.Errorf("opening a folder gave %v", err)
	}
}

func TestOpenExisting_MakesNoWarehouseOfNothing(t *testing.T) {
	dir := t.TempDir()
	noBytes, noTables := filepath.Join(dir, "bytes.db"), filepath.Join(dir, "tables.db")
	if err := os.WriteFile(noBytes, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	tamper(t, noTables, "PRAGMA journal_mode = WAL")
	for _, path := range []string{filepath.Join(dir, "missing.db"), noBytes, noTables} {
		before, _ := os.ReadFile(path)
		if db, err := warehouse.OpenExisting(t.Context(), path); !errors.Is(err, stage.ErrInput) || !strings.Contains(err.Error(), "nextpipe run") || db != nil {
			t.Errorf("%s: %v", path, err)
		}
		if after, _ := os.ReadFile(path); string(after) != string(before) {
			t.Errorf("%s was changed", path)
		}
	}
	path := fresh(t).Path()
	db, err := warehouse.OpenExisting(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
}

func TestFiles_AreTheirOwnersAlone(t *testing.T) {
	db := fresh(t)
	copied := filepath.Join(t.TempDir(), "copy.db")
	if err := db.CopyTo(t.Context(), copied); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{db.Path(), db.Path() + "-wal", db.Path() + "-shm", copied} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", filepath.Base(path), info, err)
		}
	}
}

func TestCheck_FindsADamagedPage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "np.db")
	db := open(t, path)
	if err := db.Check(context.Background()); err != nil {
		t.Fatalf("a sound warehouse: %v", err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for page := 20; page < 60; page++ {
		copy(data[page*4096:], strings.Repeat("\xff", 64))
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	again, err := warehouse.Open(context.Background(), path)
	if err == nil {
		t.Cleanup(func() { again.Close() })
		err = again.Check(context.Background())
	}
	if !errors.Is(err, warehouse.ErrDamaged) {
		t.Errorf("a damaged warehouse gave %v, want ErrDamaged", err)
	}
}

func TestLock_IsHeldByALiveRunAndTakenFromADeadOne(t *testing.T) {
	ctx := context.Background()
	db := fresh(t)
	unlock, err := db.Lock(ctx, "run")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Lock(ctx, "run"); !errors.Is(err, warehouse.ErrLocked) {
		t.Errorf("a second run got %v, want ErrLocked", err)
	}
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
	for _, dead := range []string{
		// a process id that cannot exist, and this very process id of an earlier boot
		"UPDATE lock SET pid = 4194999",
		"UPDATE lock SET pid_started = 'earlier'",
	} {
		unlock, err := db.Lock(ctx, "run")
		if err != nil {
			t.Fatalf("lock after a dead holder: %v", err)
		}
		_ = unlock
		if err := db.Write(ctx, func(tx *sql.Tx) error { _, err := tx.Exec(dead); return err }); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := db.Lock(ctx, "run"); err != nil {
		t.Errorf("the lock of a dead holder was not taken over: %v", err)
	}
	if err := db.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec("UPDATE lock SET host = 'elsewhere', pid = 4194999")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Lock(ctx, "run"); !errors.Is(err, warehouse.ErrLocked) {
		t.Errorf("a holder on another host gave %v, want ErrLocked", err)
	}
}

func TestLock_OfAZombieIsTakenOver(t *testing.T) {
	ctx := context.Background()
	db := fresh(t)
	if _, err := db.Lock(ctx, "run"); err != nil {
		t.Fatal(err)
	}
	child := exec.Command("sleep", "0")
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	defer child.Wait()
	stat := fmt.Sprintf("/proc/%d/stat", child.Process.Pid)
	var fields []string
	for len(fields) == 0 || fields[0] != "Z" {
		data, err := os.ReadFile(stat)
		if err != nil {
			t.Fatalf("this system has no /proc: %v", err)
		}
		fields = strings.Fields(string(data[strings.LastIndexByte(string(data), ')')+1:]))
		time.Sleep(time.Millisecond)
	}
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec("UPDATE lock SET pid = ?, pid_started = ?", child.Process.Pid, strings.TrimSpace(string(boot))+":"+fields[19])
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Lock(ctx, "run"); err != nil {
		t.Errorf("the lock of a zombie was not taken over: %v", err)
	}
}

func TestUseSource_RefusesAnotherSource(t *testing.T) {
	ctx := context.Background()
	db := fresh(t)
	one := warehouse.Setup{Edition: "plugin", Fingerprint: "aaaaaaaaaa", Name: "one", ToolVersion: "1"}
	if err := db.UseSource(ctx, one); err != nil {
		t.Fatal(err)
	}
	one.Timezone = "Europe/Berlin"
	if err := db.UseSource(ctx, one); err != nil {
		t.Errorf("the same source again: %v", err)
	}
	other := warehouse.Setup{Edition: "plugin", Fingerprint: "bbbbbbbbbb", Name: "other", ToolVersion: "1"}
	if err := db.UseSource(ctx, other); !errors.Is(err, warehouse.ErrDrift) {
		t.Errorf("another source gave %v, want ErrDrift", err)
	}
}

func TestRead_CannotWrite(t *testing.T) {
	if _, err := fresh(t).Read().Exec("DELETE FROM setup"); err == nil {
		t.Error("the reading pool wrote")
	}
}

func TestDictionary_DescribesEveryTableAndColumnAndNothingElse(t *testing.T) {
	db := fresh(t)
	rows, err := db.Read().Query(`
		SELECT 'undescribed ' || o.name || coalesce('.' || c.name, '') FROM (
			SELECT name, NULL AS col FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'goose_%') AS o
		LEFT JOIN (SELECT NULL AS name) AS c
		WHERE NOT EXISTS (SELECT 1 FROM data_dictionary AS d WHERE d.table_name = o.name AND d.column_name = '')
		UNION ALL SELECT 'undescribed ' || o.name || '.' || c.name FROM sqlite_schema AS o, pragma_table_info(o.name) AS c
		WHERE o.type IN ('table', 'view') AND o.name NOT LIKE 'sqlite_%' AND o.name NOT LIKE 'goose_%'
			AND NOT EXISTS (SELECT 1 FROM data_dictionary AS d WHERE d.table_name = o.name AND d.column_name = c.name)
		UNION ALL SELECT 'describes nothing: ' || d.table_name || '.' || d.column_name FROM data_dictionary AS d
		WHERE NOT EXISTS (SELECT 1 FROM sqlite_schema AS o WHERE o.name = d.table_name)
			OR d.column_name <> '' AND NOT EXISTS (SELECT 1 FROM pragma_table_info(d.table_name) AS c WHERE c.name = d.column_name)`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		t.Error(line)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(strings.NewReader(schema.Dictionary)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for i, l := range lines {
		if len(l) != 5 || strings.TrimSpace(l[4]) == "" {
			t.Errorf("dictionary.csv line %d: %v", i+1, l)
		}
	}
}

// The sqlite3 shell of some systems says that json_valid(NULL) is 0: a bare
// check would lose rows when a warehouse is dumped and read in again.
func TestSchema_NoCheckOfJSONRefusesNull(t *testing.T) {
	rows, err := fresh(t).Read().Query("SELECT m.name, c.name, m.sql FROM sqlite_schema AS m, pragma_table_info(m.name) AS c WHERE m.type = 'table' AND NOT c.\"notnull\" AND m.sql LIKE '%json_valid(' || c.name || ')%'")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	seen := 0
	for rows.Next() {
		var table, column, ddl string
		if err := rows.Scan(&table, &column, &ddl); err != nil {
			t.Fatal(err)
		}
		seen++
		if !strings.Contains(ddl, fmt.Sprintf("CHECK (%s IS NULL OR json_valid(%[1]s))", column)) {
			t.Errorf("%s.%s may be NULL, but its check does not say so", table, column)
		}
	}
	if err := rows.Err(); err != nil || seen < 3 {
		t.Errorf("%d columns (%v)", seen, err)
	}
}
