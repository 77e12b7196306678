package warehouse_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nextpipe/stages/internal/warehouse"
)

// scratch is a warehouse with a table of our own.
func scratch(t *testing.T) *warehouse.DB {
	t.Helper()
	db := fresh(t)
	write(t, db, func(tx *sql.Tx) error {
		_, err := tx.Exec("CREATE TABLE thing (id INTEGER PRIMARY KEY, t TEXT NOT NULL, a ANY) STRICT")
		return err
	})
	return db
}

func write(t *testing.T, db *warehouse.DB, fn func(*sql.Tx) error) {
	t.Helper()
	if err := db.Write(context.Background(), fn); err != nil {
		t.Fatal(err)
	}
}

func one(t *testing.T, db *warehouse.DB, query string) (got string) {
	t.Helper()
	if err := db.Read().QueryRow(query).Scan(&got); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return got
}

// insert adds a row for each value of thing.a.
func insert(tx *sql.Tx, values ...any) error {
	in, err := warehouse.NewInserter(tx, "thing", "t", "a")
	if err != nil {
		return err
	}
	for _, v := range values {
		if err := in.Add("x", v); err != nil {
			return err
		}
	}
	return in.Close()
}

type word string

func TestInserter_KeepsEveryValueAndItsType(t *testing.T) {
	long := strings.Repeat("🌷ä\x00\n", 150_000)
	tests := []struct {
		value any
		kind  string
		want  any
	}{
		{nil, "null", nil},
		{"", "text", ""},
		{"a\x00b", "text", "a\x00b"},
		{"not UTF-8: \xff", "text", "not UTF-8: \xff"},
		{long, "text", long},
		{word("named"), "text", "named"},
		{[]byte{}, "blob", []byte(nil)}, // the driver reads an empty BLOB so
		{[]byte(nil), "null", nil},
		{[]byte{0, 255}, "blob", []byte{0, 255}},
		{int64(math.MinInt64), "integer", int64(math.MinInt64)},
		{int64(math.MaxInt64), "integer", int64(math.MaxInt64)},
		{7, "integer", int64(7)},
		{true, "integer", int64(1)},
		{false, "integer", int64(0)},
		{0.1, "real", 0.1},
		{sql.NullString{}, "null", nil},
		{sql.NullString{String: "s", Valid: true}, "text", "s"},
		{sql.NullInt64{Int64: 3, Valid: true}, "integer", int64(3)},
	}
	db := scratch(t)
	var values []any
	for _, tt := range tests {
		values = append(values, tt.value)
	}
	write(t, db, func(tx *sql.Tx) error { return insert(tx, values...) })
	for i, tt := range tests {
		var kind string
		var got any
		if err := db.Read().QueryRow("SELECT typeof(a), a FROM thing WHERE id = ?", i+1).Scan(&kind, &got); err != nil {
			t.Fatal(err)
		}
		if kind != tt.kind || !cmp.Equal(got, tt.want) {
			t.Errorf("%T %.20q is stored as %s %.20q", tt.value, tt.value, kind, got)
		}
	}
}

func TestInserter_TextIsNullOnlyWhenNil(t *testing.T) {
	db := scratch(t)
	write(t, db, func(tx *sql.Tx) error {
		in, err := warehouse.NewInserter(tx, "thing", "t", "a")
		if err != nil {
			return err
		}
		first := []byte("first")
		for _, v := range [][]byte{first, {}, nil} {
			in.Text([]byte("x"))
			in.Text(v)
			if err := in.End(); err != nil {
				return err
			}
		}
		copy(first, "LATER") // values are copied: their owner may go on
		return in.Close()
	})
	if got := one(t, db, "SELECT group_concat(typeof(a) || coalesce(a, '-'), ' ') FROM thing"); got != "textfirst text null-" {
		t.Error(got)
	}
}

func TestInserter_StoresRowsInOrderAcrossBatches(t *testing.T) {
	for _, n := range []int{0, 1, 4095, 4096, 4097, 30_000} {
		db := scratch(t)
		values := make([]any, n)
		for i := range values {
			values[i] = fmt.Sprint("row ", i+1)
		}
		write(t, db, func(tx *sql.Tx) error { return insert(tx, values...) })
		if got, want := one(t, db, "SELECT count(*) || ' ' || total(a = 'row ' || id) FROM thing"), fmt.Sprintf("%d %d.0", n, n); got != want {
			t.Errorf("%d rows: got %s, want %s", n, got, want)
		}
	}
}

func TestInserter_LeavesRoomForAnotherAndForOtherStatements(t *testing.T) {
	db := scratch(t)
	write(t, db, func(tx *sql.Tx) error {
		if _, err := tx.Exec("CREATE TABLE other (n INTEGER) STRICT"); err != nil {
			return err
		}
		things, err := warehouse.NewInserter(tx, "thing", "t")
		if err != nil {
			return err
		}
		others, err := warehouse.NewInserter(tx, "other", "n")
		if err != nil {
			return err
		}
		rows, err := tx.Query("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) SELECT i FROM n")
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var i int
			if err := errors.Join(rows.Scan(&i), things.Add(fmt.Sprint(i)), others.Add(i)); err != nil {
				return err
			}
		}
		return errors.Join(rows.Err(), things.Close(), others.Close())
	})
	if got := one(t, db, "SELECT count(*) || ' ' || total(n = id) FROM other JOIN thing ON t = n || ''"); got != "20000 20000.0" {
		t.Error(got)
	}
}

func TestInserter_SaysWhatItCannotStore(t *testing.T) {
	tests := map[string]struct {
		row  []any
		want string
	}{
		"too few values":         {[]any{"x"}, "1 values for 2 columns"},
		"too many values":        {[]any{"x", 1, 2}, "3 values for 2 columns"},
		"a time":                 {[]any{"x", time.Unix(0, 0)}, "is a time"},
		"a struct":               {[]any{"x", struct{}{}}, "unsupported type"},
		"NULL against the rules": {[]any{nil, 1}, "NOT NULL constraint failed: thing.t"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			db := scratch(t)
			err := db.Write(context.Background(), func(tx *sql.Tx) error {
				if err := insert(tx, 1); err != nil {
					return err
				}
				in, err := warehouse.NewInserter(tx, "thing", "t", "a")
				if err != nil {
					return err
				}
				if err := in.Add(tt.row...); err != nil {
					return err
				}
				return in.Close()
			})
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "insert into thing") {
				t.Errorf("got %v, want %q and the table's name", err, tt.want)
			}
			if got := one(t, db, "SELECT count(*) FROM thing"); got != "0" {
				t.Errorf("%s rows stay after the error", got)
			}
		})
	}
}

func TestInserter_TellsOfAFailedBatchBeforeTheEnd(t *testing.T) {
	err := scratch(t).Write(context.Background(), func(tx *sql.Tx) error {
		in, err := warehouse.NewInserter(tx, "thing", "t", "id")
		if err != nil {
			return err
		}
		for i := range 20_000 {
			if err := in.Add("x", i/2); err != nil { // every key twice
				return err
			}
		}
		t.Error("the error of an early batch never showed")
		return in.Close()
	})
	if err == nil || !strings.Contains(err.Error(), "UNIQUE constraint failed: thing.id") {
		t.Errorf("got %v", err)
	}
}

func TestNewInserter_RefusesColumnsThatCannotBeFilled(t *testing.T) {
	err := scratch(t).Write(context.Background(), func(tx *sql.Tx) error {
		_, missing := warehouse.NewInserter(tx, "thing", "b")
		_, wide := warehouse.NewInserter(tx, "thing", make([]string, 257)...)
		return errors.Join(missing, wide)
	})
	for _, want := range []string{"no column named b", "257 columns"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func TestFeed_IsOutOfReachOfViewsAndOfQueriesWithoutABatch(t *testing.T) {
	db := scratch(t)
	write(t, db, func(tx *sql.Tx) error {
		_, err := tx.Exec("CREATE VIEW hostile AS SELECT c0 FROM nextpipe_feed(4096)")
		return err
	})
	write(t, db, func(tx *sql.Tx) error {
		for query, want := range map[string]string{
			"SELECT * FROM hostile":        "unsafe use of virtual table",
			"SELECT c0 FROM nextpipe_feed": "no query solution",
		} {
			err := tx.QueryRow(query).Scan(new(any))
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s gives %v, want %q", query, err, want)
			}
		}
		return nil
	})
	if err := db.Read().QueryRow("SELECT c0 FROM nextpipe_feed(4096)").Scan(new(any)); err == nil || !strings.Contains(err.Error(), "prohibited") {
		t.Errorf("a reader is let to the feed: %v", err)
	}
}
