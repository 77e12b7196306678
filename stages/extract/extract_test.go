package extract_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	nextcrmsample "nextpipe/fixtures/nextcrm"
	"nextpipe/stages/extract"
	"nextpipe/stages/internal/nextcrm"
	"nextpipe/stages/internal/warehouse"
)

func export(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func open(t *testing.T) *warehouse.DB {
	t.Helper()
	db, err := warehouse.Open(context.Background(), filepath.Join(t.TempDir(), "np.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func run(t *testing.T, db *warehouse.DB, dir string) error {
	t.Helper()
	src, err := nextcrm.OpenExport(context.Background(), dir, nextcrm.ExportOptions{Timezone: "UTC"})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	_, err = extract.Run(context.Background(), db, src, "test", func(string, int64) {})
	return err
}

func one(t *testing.T, db *warehouse.DB, query string) (got string) {
	t.Helper()
	if err := db.Read().QueryRow(query).Scan(&got); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return got
}

func TestRun_StoresEveryRowWhateverColumnsTurnUpWhen(t *testing.T) {
	// Short records leave later columns without a value until row 3,000.
	var b strings.Builder
	b.WriteString("id,email,first_name,last_name,Odd\n")
	for i := 1; i <= 5000; i++ {
		if i < 3000 {
			fmt.Fprintf(&b, "%d,a%d@example.com\n", i, i)
		} else {
			fmt.Fprintf(&b, "%d,a%d@example.com,Ana,Kask,x\n", i, i)
		}
	}
	db := open(t)
	if err := run(t, db, export(t, map[string]string{"contacts.csv": b.String()})); err != nil {
		t.Fatal(err)
	}
	for query, want := range map[string]string{
		"SELECT count(*) || ' ' || count(DISTINCT row_hash) || ' ' || max(row_id) FROM stg_contact":                       "5000 5000 5000",
		"SELECT email || ' ' || (first_name IS NULL) || ' ' || source_row FROM stg_contact WHERE source_id = '1'":         "a1@example.com 1 1",
		"SELECT email || ' ' || first_name || ' ' || (extra ->> '$.Odd') FROM stg_contact WHERE row_id = 3000":            "a3000@example.com Ana x",
		"SELECT status || ' ' || row_count FROM source_item WHERE source_table = 'contacts.csv'":                          "extracted 5000",
		"SELECT group_concat(DISTINCT typeof(row_hash) || length(row_hash)) FROM stg_contact":                             "text32",
		"SELECT count(*) FROM stg_contact AS a JOIN stg_contact AS b ON b.row_id = a.row_id + 1 WHERE a.email = b.email":  "0",
		"SELECT count(*) FROM stg_contact WHERE email <> 'a' || source_id || '@example.com' OR source_id <> row_id || ''": "0",
	} {
		if got := one(t, db, query); got != want {
			t.Errorf("%s = %q, want %q", query, got, want)
		}
	}
}

func TestRun_ValuesSurviveByteForByte(t *testing.T) {
	long := strings.Repeat("🌷ä\x00\n", 150_000)
	db := open(t)
	if err := run(t, db, export(t, map[string]string{"contacts.csv": "id,email,description\n1,a@b.example,\"" + long + "\"\n2,c@d.example,\n"})); err != nil {
		t.Fatal(err)
	}
	if got := one(t, db, "SELECT CAST(description AS BLOB) FROM stg_contact WHERE source_id = '1'"); got != long {
		t.Errorf("the long text came back with %d of %d bytes", len(got), len(long))
	}
	if got := one(t, db, "SELECT typeof(description) || length(description) FROM stg_contact WHERE source_id = '2'"); got != "text0" {
		t.Errorf("an empty cell is %s", got)
	}
}

func TestRun_TheHashTellsVersionsOfARowApartAndNothingElse(t *testing.T) {
	hash := func(csv string) string {
		db := open(t)
		if err := run(t, db, export(t, map[string]string{"contacts.csv": csv})); err != nil {
			t.Fatal(err)
		}
		return one(t, db, "SELECT row_hash FROM stg_contact WHERE source_id = '1'")
	}
	base := hash("id,email,first_name\n1,a@b.example,Ana\n")
	if again := hash("id,email,first_name\n2,x@y.example,Bo\n1,a@b.example,Ana\n"); again != base {
		t.Error("the same row in another place has another hash")
	}
	for _, other := range []string{"id,email,first_name\n1,a@b.example,An\n", "id,email,last_name\n1,a@b.example,Ana\n",
		"id,email,first_name,More\n1,a@b.example,Ana,x\n", "id,email,first_name\n1,a@b.example,\n"} {
		if hash(other) == base {
			t.Errorf("%q has the hash of the first version", other)
		}
	}
}

func TestRun_AnExtractionThatBreaksOffLeavesTheEarlierOne(t *testing.T) {
	db := open(t)
	if err := run(t, db, export(t, map[string]string{"contacts.csv": "id,email\n1,a@b.example\n"})); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("id,email\n")
	for i := range 4000 {
		fmt.Fprintf(&b, "%d,n%d@b.example\n", i, i)
	}
	b.WriteString("<b>Fatal error</b>: Allowed memory size of 1 bytes exhausted")
	src, err := nextcrm.OpenExport(context.Background(), export(t, map[string]string{"contacts.csv": b.String()}), nextcrm.ExportOptions{Timezone: "UTC"})
	if err == nil {
		defer src.Close()
		_, err = extract.Run(context.Background(), db, src, "test", func(string, int64) {})
	}
	if err == nil || !strings.Contains(err.Error(), "contacts.csv") {
		t.Errorf("a broken file gave %v, want an error that names it", err)
	}
	if got := one(t, db, "SELECT group_concat(email) FROM stg_contact"); got != "a@b.example" {
		t.Errorf("staging holds %s", got)
	}
}

func TestRun_AReaderSeesTheOldRowsUntilTheNewOnesAreComplete(t *testing.T) {
	ctx := context.Background()
	db := open(t)
	if err := run(t, db, export(t, map[string]string{"contacts.csv": "id,email\n1,a@b.example\n"})); err != nil {
		t.Fatal(err)
	}
	tx, err := db.Read().BeginTx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	seen := func() (got string) {
		if err := tx.QueryRow("SELECT group_concat(email) FROM stg_contact").Scan(&got); err != nil {
			t.Fatal(err)
		}
		return got
	}
	before := seen()
	if err := run(t, db, export(t, map[string]string{"contacts.csv": "id,email\n1,new@b.example\n"})); err != nil {
		t.Fatalf("an open read blocked the extraction: %v", err)
	}
	if after := seen(); after != before {
		t.Errorf("the open read saw %s change to %s", before, after)
	}
	if got := one(t, db, "SELECT group_concat(email) FROM stg_contact"); got != "new@b.example" {
		t.Errorf("a new read sees %s", got)
	}
}

func TestRun_StopsWhenTheRunIsInterrupted(t *testing.T) {
	db := open(t)
	src, err := nextcrm.OpenExport(context.Background(), export(t, map[string]string{"contacts.csv": "id,email\n1,a@b.example\n"}), nextcrm.ExportOptions{Timezone: "UTC"})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := extract.Run(ctx, db, src, "test", func(string, int64) {}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's error", err)
	}
}

func TestRun_EveryFileOfTheSampleStandsInStagingAsItIsListed(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "export")
	if err := nextcrmsample.WritePluginExport(dir); err != nil {
		t.Fatal(err)
	}
	db := open(t)
	if err := run(t, db, dir); err != nil {
		t.Fatal(err)
	}
	if got := one(t, db, "SELECT group_concat(source_table) FROM source_item WHERE status <> 'extracted'"); got != "manifest.json" {
		t.Errorf("not extracted: %s, want the manifest, which is no part of an export", got)
	}
	for _, o := range nextcrm.Objects {
		query := fmt.Sprintf(`SELECT count(*) FROM source_item AS i WHERE i.status = 'extracted' AND i.object = '%[1]s'
			AND i.row_count <> (SELECT count(*) FROM stg_%[1]s AS s WHERE s.source_table = i.source_table)`, o.Name)
		if got := one(t, db, query); got != "0" {
			t.Errorf("stg_%s does not hold what source_item lists", o.Name)
		}
	}
	for query, want := range map[string]string{
		"SELECT max(length(CAST(description AS BLOB))) >= 1048576 FROM stg_note":                                                             "1",
		"SELECT count(*) FROM stg_automation WHERE json_valid(json) AND json ->> '$.title' = title":                                          "6",
		"SELECT group_concat(d.source_id || f.state, ' ') FROM stg_document AS d JOIN stg_document_file AS f USING (file) ORDER BY d.row_id": "1ok 2ok 3ok 4empty 5missing 6refused 7remote",
	} {
		if got := one(t, db, query); got != want {
			t.Errorf("%s\n\tgot %s, want %s", query, got, want)
		}
	}
}
