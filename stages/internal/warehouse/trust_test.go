package warehouse_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/pressly/goose/v3"

	"nextpipe/schema"
	"nextpipe/stages/internal/stage"
	"nextpipe/stages/internal/warehouse"
)

// tampered is a closed warehouse in which somebody has run statements with a
// shell of his own, which keeps nothing from him.
func tampered(t *testing.T, statements string) (path string) {
	t.Helper()
	whole, err := empty()
	if err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "np.db")
	if err := os.WriteFile(path, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	tamper(t, path, statements)
	return path
}

// empty is the file of a new warehouse; making it takes longer than the tests do.
var empty = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "trust")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	db, err := warehouse.Open(context.Background(), filepath.Join(dir, "np.db"))
	if err != nil {
		return nil, err
	}
	if err := db.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(db.Path())
})

func tamper(t *testing.T, path, statements string) {
	t.Helper()
	raw, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	raw.SetMaxOpenConns(1)
	defer raw.Close()
	if _, err := raw.Exec(statements); err != nil {
		t.Fatalf("%s: %v", statements, err)
	}
}

// rewrite changes the schema table as only an attacker would.
func rewrite(change string) string {
	return "PRAGMA writable_schema = ON; " + change + "; PRAGMA writable_schema = RESET"
}

func TestOpen_RefusesAWarehouseWhoseSchemaSomebodyChanged(t *testing.T) {
	for name, c := range map[string]struct{ statements, want string }{
		"a trigger":           {"CREATE TRIGGER evil AFTER INSERT ON run BEGIN DELETE FROM load_op; END", `trigger "evil" on "run" acts by itself`},
		"a trigger of a view": {"CREATE VIEW v AS SELECT 1 AS a; CREATE TRIGGER evil INSTEAD OF INSERT ON v BEGIN SELECT 1; END", `trigger "evil"`},
		"a view for a table": {"ALTER TABLE link RENAME TO link2; CREATE VIEW link AS SELECT * FROM link2",
			`is not as nextpipe makes it`},
		"a view of ours with other rows": {"DROP VIEW v_rejects; CREATE VIEW v_rejects AS SELECT 1 AS target_id", `view "v_rejects" is not as nextpipe makes it`},
		"a missing table":                {"DROP TABLE signoff", `table "signoff" is missing`},
		"a missing index":                {"DROP INDEX stage_run_stage", `index "stage_run_stage" is missing`},
		"another column":                 {"ALTER TABLE gate ADD COLUMN evil TEXT", `table "gate" is not as nextpipe makes it`},
		"a computed column":              {"ALTER TABLE gate ADD COLUMN evil TEXT AS (upper(reason))", `table "gate" is not as nextpipe makes it`},
		"an index of an expression":      {"CREATE INDEX evil ON link (hex(pipedrive_id))", `index "evil" on "link" is not nextpipe's; ` + "`DROP INDEX` removes it"},
		"a key of somebody's own":        {"CREATE UNIQUE INDEX evil ON link (entity)", `index "evil"`},
		"a virtual table":                {rewrite("INSERT INTO sqlite_schema VALUES ('table', 'evil', 'evil', 0, 'CREATE VIRTUAL TABLE evil USING fts5(a)')"), `table "evil" is more than a plain table`},
		"a table that computes":          {"CREATE TABLE mine (a, b AS (a || a))", `table "mine" is more than a plain table`},
		"a table that checks":            {"CREATE TABLE mine (a CHECK (length(randomblob(9)) > 0))", `table "mine" is more than a plain table`},
		"a table that holds on to ours":  {"CREATE TABLE mine (a REFERENCES link ON DELETE CASCADE)", `table "mine" is more than a plain table`},
		"a function's name":              {"CREATE TABLE json_each (value, key, type, atom)", `table "json_each" has a name`},
		"a check taken away": {rewrite("UPDATE sqlite_schema SET sql = replace(sql, 'CHECK (', 'CHECK (1 OR ') WHERE name = 'load_op'"),
			`table "load_op" is not as nextpipe makes it`},
		"two tables in one place": {rewrite("UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE name = 'run') WHERE name = 'gate'"),
			`share their pages`},
		"a version that is computed": {"ALTER TABLE goose_db_version RENAME TO g; CREATE VIEW goose_db_version AS SELECT 1 AS version_id", `view "goose_db_version" stands in place of a table`},
	} {
		t.Run(name, func(t *testing.T) {
			db, err := warehouse.Open(context.Background(), tampered(t, c.statements))
			if err == nil {
				defer db.Close()
			}
			if !errors.Is(err, warehouse.ErrDamaged) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want ErrDamaged and %q", err, c.want)
			}
		})
	}
}

func TestOpen_LetsPeopleHaveViewsAndPlainTablesOfTheirOwn(t *testing.T) {
	path := tampered(t, `CREATE VIEW my_links AS SELECT * FROM link; CREATE TABLE my_list (a INTEGER PRIMARY KEY AUTOINCREMENT, b TEXT UNIQUE NOT NULL);
		CREATE TABLE mine AS SELECT * FROM link; CREATE INDEX my_index ON my_list (b COLLATE nocase); ANALYZE; VACUUM`)
	if got := one(t, open(t, path), "SELECT count(*) FROM my_links"); got != "0" {
		t.Errorf("my_links has %s rows", got)
	}
}

// An old file is migrated only after it was looked at: its trigger must not see
// the migration.
func TestOpen_LooksAtAnOldFileBeforeItIsMigrated(t *testing.T) {
	path := filepath.Join(t.TempDir(), "old.db")
	raw, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	provider, err := goose.NewProvider(goose.DialectSQLite3, raw, schema.Migrations)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.UpTo(context.Background(), 20); err != nil {
		t.Fatal(err)
	}
	tamper(t, path, "CREATE TABLE seen (a); CREATE TRIGGER evil AFTER INSERT ON goose_db_version BEGIN INSERT INTO seen VALUES (1); END")
	if _, err := warehouse.Open(context.Background(), path); !errors.Is(err, warehouse.ErrDamaged) || !strings.Contains(err.Error(), `"evil"`) {
		t.Fatalf("got %v, want ErrDamaged", err)
	}
	var fired int
	if err := raw.QueryRow("SELECT count(*) FROM seen").Scan(&fired); err != nil || fired != 0 {
		t.Errorf("the trigger was run %d times (%v)", fired, err)
	}
	tamper(t, path, "DROP TRIGGER evil")
	open(t, path)
}

func TestOpen_AFileOfANewerVersionIsForThatVersion(t *testing.T) {
	path := tampered(t, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, 1)")
	if _, err := warehouse.Open(context.Background(), path); !errors.Is(err, stage.ErrInput) || !strings.Contains(err.Error(), "newer nextpipe") {
		t.Errorf("got %v", err)
	}
}

func TestOnly_NothingButTheOneTableCanBeWritten(t *testing.T) {
	db := fresh(t)
	for _, hostile := range []string{
		"DELETE FROM gate", "UPDATE gate SET reason = ''", "INSERT INTO run (command, started_at) VALUES ('a', 'b')",
		"REPLACE INTO data_dictionary SELECT * FROM data_dictionary WHERE 0; DELETE FROM run",
		"ATTACH 'elsewhere.db' AS e", "PRAGMA trusted_schema = ON", "PRAGMA user_version = 1", "DROP TABLE run", "CREATE TABLE mine (a)",
		"CREATE TEMP TABLE gate (a)", "CREATE TRIGGER evil AFTER INSERT ON run BEGIN SELECT 1; END", "SELECT load_extension('evil')",
		"SELECT c0 FROM nextpipe_feed(4096)", "SELECT * FROM pragma_writable_schema(1)", "SAVEPOINT evil", "COMMIT", "ALTER TABLE run ADD COLUMN evil",
		"WITH x AS (SELECT 1) INSERT INTO link SELECT * FROM link",
	} {
		err := db.Write(context.Background(), func(tx *sql.Tx) error {
			return db.Only("data_dictionary", func() error { _, err := tx.Exec(hostile); return err })
		})
		if err == nil {
			t.Errorf("%s was carried out", hostile)
		}
	}
	err := db.Write(context.Background(), func(tx *sql.Tx) error {
		return db.Only("gate", func() error {
			_, err := tx.Exec("INSERT INTO gate (name, seal, is_open, by_name, reason, at) SELECT 'n', j.value, 1, 'b', upper('r'), 'a' FROM json_each('[1,2]') AS j LEFT JOIN v_rejects AS v ON v.target_id = j.value")
			return err
		})
	})
	if err != nil || one(t, db, "SELECT count(*) FROM gate") != "2" {
		t.Errorf("the table itself: %v, %s rows", err, one(t, db, "SELECT count(*) FROM gate"))
	}
}

func TestRead_CannotBeTalkedIntoWriting(t *testing.T) {
	db := fresh(t)
	for _, hostile := range []string{
		"PRAGMA query_only = OFF", "PRAGMA query_only(0); DELETE FROM run", "DELETE FROM run", "ATTACH 'elsewhere.db' AS e", "PRAGMA wal_checkpoint",
		"CREATE TEMP VIEW link AS SELECT 1", "VACUUM INTO 'copy.db'",
	} {
		if _, err := db.Read().Exec(hostile); err == nil || !strings.Contains(err.Error(), "authoriz") {
			t.Errorf("%s gives %v", hostile, err)
		}
	}
}
