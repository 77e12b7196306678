package model_test

import (
	"context"
	"database/sql"
	"path/filepath"
	"strings"
	"testing"

	"nextpipe/stages/internal/model"
	"nextpipe/stages/internal/warehouse"
)

// Text of a transform can leave the brackets that it is put into. What it then
// wants to do is refused by SQLite itself.
func TestRun_ATransformWritesItsOwnTableOnly(t *testing.T) {
	db, err := warehouse.Open(context.Background(), filepath.Join(t.TempDir(), "np.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	run := func(text string) error {
		return db.Write(context.Background(), func(tx *sql.Tx) error {
			_, err := model.Run(context.Background(), db, tx, model.Model{File: "x.sql", Table: "data_dictionary", SQL: text})
			return err
		})
	}
	honest := "SELECT 'thing' AS table_name, '' AS column_name, 'l' AS layer, 'o' AS owner, 'd' AS description"
	if err := run(honest); err != nil {
		t.Fatalf("an honest transform: %v", err)
	}
	for _, then := range []string{"DELETE FROM load_op", "INSERT INTO gate (name, seal, is_open, by_name, reason, at) VALUES ('map_confirmed', '', 1, 'x', 'x', 'x')",
		"ATTACH 'stolen.db' AS s", "PRAGMA foreign_keys = OFF", "SELECT load_extension('x')", "DROP TABLE link", "COMMIT"} {
		err := run(strings.Replace(honest, "thing", "other", 1) + "); " + then + "; SELECT (1")
		if err == nil || !strings.Contains(err.Error(), "authoriz") {
			t.Errorf("a transform that goes on with %s: %v", then, err)
		}
	}
	var n int
	if err := db.Read().QueryRow("SELECT count(*) FROM data_dictionary WHERE table_name = 'other'").Scan(&n); err != nil || n != 0 {
		t.Errorf("%d rows of refused transforms stayed (%v)", n, err)
	}
}
