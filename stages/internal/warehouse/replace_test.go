package warehouse_test

import (
	"bufio"
	"context"
	"database/sql"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"nextpipe/stages/internal/warehouse"
)

// fill replaces thing by n rows that carry one word.
func fill(db *warehouse.DB, word string, n int, meanwhile func()) error {
	return db.Replace(context.Background(), []string{"thing"}, func(tx *sql.Tx) error {
		in, err := warehouse.NewInserter(tx, "thing", "t", "a")
		if err != nil {
			return err
		}
		for i := range n {
			if err := in.Add(word, i); err != nil {
				return err
			}
		}
		if err := in.Close(); err != nil {
			return err
		}
		meanwhile()
		return nil
	})
}

const census = "SELECT coalesce(group_concat(w), 'nothing') FROM (SELECT t || ' ' || count(*) AS w FROM thing GROUP BY t)"

func TestReplace_ReadersSeeTheOldRowsUntilTheNewOnesAreCommitted(t *testing.T) {
	db := scratch(t)
	if err := fill(db, "old", 1000, func() {}); err != nil {
		t.Fatal(err)
	}
	reader, err := db.Read().BeginTx(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Rollback()
	seen := func() (got string) {
		if err := reader.QueryRow(census).Scan(&got); err != nil {
			t.Fatal(err)
		}
		return got
	}
	before := seen()
	err = fill(db, "new", 50_000, func() {
		if got := one(t, db, census); got != "old 1000" {
			t.Errorf("a reader that comes meanwhile sees %s", got)
		}
	})
	if err != nil {
		t.Fatalf("an open reader holds the writer up: %v", err)
	}
	if after := seen(); before != "old 1000" || after != before {
		t.Errorf("the open reader saw %s, then %s", before, after)
	}
	if got := one(t, db, census); got != "new 50000" {
		t.Errorf("afterwards there is %s", got)
	}
}

func TestReplace_RebuildsIndexesAndRefusesAKeyThatIsNotUnique(t *testing.T) {
	db := scratch(t)
	write(t, db, func(tx *sql.Tx) error {
		_, err := tx.Exec("CREATE UNIQUE INDEX thing_a ON thing (a)")
		return err
	})
	if err := fill(db, "old", 10, func() {}); err != nil {
		t.Fatal(err)
	}
	err := db.Replace(context.Background(), []string{"thing"}, func(tx *sql.Tx) error { return insert(tx, 1, 2, 1) })
	if err == nil || !strings.Contains(err.Error(), "UNIQUE constraint failed: thing.a") {
		t.Errorf("got %v", err)
	}
	if got := one(t, db, census); got != "old 10" {
		t.Errorf("afterwards there is %s", got)
	}
	if got := one(t, db, "SELECT count(*) FROM sqlite_schema WHERE name = 'thing_a'"); got != "1" {
		t.Error("the index is gone")
	}
}

// TestMain lets the test binary play the process that is killed.
func TestMain(m *testing.M) {
	if path := os.Getenv("NEXTPIPE_TEST_VICTIM"); path != "" {
		os.Stderr.WriteString(victim(path, os.Getenv("NEXTPIPE_TEST_FIRST_LOAD") != "").Error())
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// victim replaces the rows of thing and waits for its end before the commit.
func victim(path string, first bool) error {
	db, err := warehouse.Open(context.Background(), path)
	if err != nil {
		return err
	}
	replace := func() error {
		// More than the page cache holds: much of it stands in the file or the WAL.
		return fill(db, strings.Repeat("new", 1000), 20_000, func() {
			os.Stdout.WriteString("in the middle\n")
			select {}
		})
	}
	if first {
		return db.FirstLoad(context.Background(), replace)
	}
	return replace()
}

func TestReplace_AKillInTheMiddleLeavesTheOldRows(t *testing.T) {
	for name, first := range map[string]string{"replacement": "", "first load": "1"} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "np.db")
			db := open(t, path)
			write(t, db, func(tx *sql.Tx) error {
				_, err := tx.Exec("CREATE TABLE thing (id INTEGER PRIMARY KEY, t TEXT, a ANY) STRICT; INSERT INTO thing (t) VALUES ('old')")
				return err
			})
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			kill(t, path, first)
			db = open(t, path)
			if got := one(t, db, census); got != "old 1" {
				t.Errorf("after the kill there is %.50s", got)
			}
			if got := one(t, db, "PRAGMA integrity_check") + " " + one(t, db, "PRAGMA journal_mode"); got != "ok wal" {
				t.Errorf("the file is %s", got)
			}
		})
	}
}

// kill starts a victim and kills it when it is in the middle.
func kill(t *testing.T, path, first string) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "NEXTPIPE_TEST_VICTIM="+path, "NEXTPIPE_TEST_FIRST_LOAD="+first)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "in the middle\n" {
		t.Errorf("the victim says %q, %v", line, err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Error(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Error("the victim came to a good end")
	}
}

func TestOpen_RefusesADatabaseOfSomethingElse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "books.db")
	other, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Exec("CREATE TABLE books (title)"); err != nil {
		t.Fatal(err)
	}
	if db, err := warehouse.Open(context.Background(), path); err == nil {
		db.Close()
		t.Error("our tables were put into it")
	}
	var n int
	if err := other.QueryRow("SELECT count(*) FROM sqlite_schema").Scan(&n); err != nil || n != 1 {
		t.Errorf("it has %d tables, want the one it had (%v)", n, err)
	}
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestOpen_MakesLargePagesAndKeepsThoseOfAnOlderFile(t *testing.T) {
	if got := one(t, fresh(t), "PRAGMA page_size"); got != "16384" {
		t.Errorf("a new file has pages of %s bytes", got)
	}
	path := filepath.Join(t.TempDir(), "old.db")
	old, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := old.Exec("PRAGMA page_size = 4096; PRAGMA application_id = 1"); err != nil {
		t.Fatal(err)
	}
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}
	if got := one(t, open(t, path), "PRAGMA page_size"); got != "4096" {
		t.Errorf("an older file has pages of %s bytes", got)
	}
}
