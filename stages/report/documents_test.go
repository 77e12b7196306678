package report_test

import (
	"context"
	"database/sql"
	"encoding/csv"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	nextcrmsample "nextpipe/fixtures/nextcrm"
	"nextpipe/fixtures/nextcrm/pgtest"
	"nextpipe/stages/build"
	"nextpipe/stages/clean"
	"nextpipe/stages/dedupe"
	"nextpipe/stages/extract"
	"nextpipe/stages/internal/nextcrm"
	"nextpipe/stages/internal/stage"
	"nextpipe/stages/internal/warehouse"
	"nextpipe/stages/mapping"
	"nextpipe/stages/report"

	"github.com/google/go-cmp/cmp"
)

// postgres is one server for all tests of the package.
var postgres = sync.OnceValues(func() (*pgtest.Server, error) { return pgtest.Start(context.Background()) })

func TestMain(m *testing.M) {
	code := m.Run()
	if server, err := postgres(); err == nil {
		server.Stop()
	}
	os.Exit(code)
}

// warehouseOf is a source, extracted, cleaned, mapped and built.
func warehouseOf(t *testing.T, src nextcrm.Source) *warehouse.DB {
	t.Helper()
	if err := clean.RegisterFunctions(); err != nil {
		t.Fatal(err)
	}
	db, err := warehouse.Open(t.Context(), filepath.Join(t.TempDir(), "np.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if _, err := extract.Run(t.Context(), db, src, "test", func(string, int64) {}); err != nil {
		t.Fatal(err)
	}
	for _, run := range []func(context.Context, *warehouse.DB) (stage.Result, error){clean.Run, dedupe.Run, mapping.Run, build.Run} {
		if _, err := run(t.Context(), db); err != nil {
			t.Fatal(err)
		}
	}
	return db
}

func sampleExport(t *testing.T) *warehouse.DB {
	t.Helper()
	dir := t.TempDir()
	if err := nextcrmsample.WritePluginExport(dir); err != nil {
		t.Fatal(err)
	}
	src, err := nextcrm.OpenExport(t.Context(), dir, nextcrm.ExportOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	return warehouseOf(t, src)
}

func sampleDatabase(t *testing.T, shape string) *warehouse.DB {
	t.Helper()
	server, err := postgres()
	if err != nil {
		t.Fatal(err)
	}
	script, err := nextcrmsample.DatabaseSQL(shape)
	if err != nil {
		t.Fatal(err)
	}
	src, err := nextcrm.OpenDatabase(t.Context(), server.NewDatabase(t, script), nextcrm.DatabaseOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	return warehouseOf(t, src)
}

// documentsOf writes all documents and gives the folder.
func documentsOf(t *testing.T, db *warehouse.DB) string {
	t.Helper()
	dir := t.TempDir()
	names, err := report.WriteDocuments(t.Context(), db, dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if _, err := os.Stat(name); err != nil {
			t.Errorf("%s is said to be written: %v", name, err)
		}
	}
	return dir
}

// readRows reads a CSV file as rows by heading.
func readRows(t *testing.T, path ...string) []map[string]string {
	t.Helper()
	f, err := os.Open(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	rows := []map[string]string{}
	for _, line := range lines[1:] {
		row := map[string]string{}
		for i, cell := range line {
			row[lines[0][i]] = cell
		}
		rows = append(rows, row)
	}
	return rows
}

// total adds a column exactly, to two decimals.
func total(rows []map[string]string, column string) string {
	sum := new(big.Rat)
	for _, r := range rows {
		if v, ok := new(big.Rat).SetString(r[column]); ok {
			sum.Add(sum, v)
		}
	}
	return sum.FloatString(2)
}

// everyDocumentedRowIsWhereTheCrosswalkSays compares the crosswalk with the
// files: none may promise a document that nobody wrote.
func everyDocumentedRowIsWhereTheCrosswalkSays(t *testing.T, db *warehouse.DB, dir string) {
	t.Helper()
	rows, err := db.Read().Query("SELECT rule, count(*) FROM xw_item WHERE fate = 'documented' AND (rule GLOB '*.csv' OR rule GLOB '*.md') GROUP BY object, rule")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var file string
		var n int
		if err := rows.Scan(&file, &n); err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(file, ".md") {
			if _, err := os.Stat(filepath.Join(dir, file)); err != nil {
				t.Errorf("%d rows are documented in %s: %v", n, file, err)
			}
			continue
		}
		if got := len(readRows(t, dir, file)); got < n {
			t.Errorf("%s has %d rows, %d are said to be there", file, got, n)
		}
	}
}

func TestDocuments_InvoicesOfTheExportAreWholeExactAndHarmless(t *testing.T) {
	db := sampleExport(t)
	dir := documentsOf(t, db)
	everyDocumentedRowIsWhereTheCrosswalkSays(t, db, dir)
	raw, err := fs.ReadFile(nextcrmsample.PluginExport(), "manifest.json")
	if err != nil {
		t.Fatal(err)
	}
	rows := readRows(t, dir, "invoices", "invoice.csv")
	if want := `"total_sum": "` + total(rows, "total") + `"`; !strings.Contains(string(raw), want) {
		t.Errorf("all totals are %s, not what the manifest says", total(rows, "total"))
	}
	for _, r := range rows {
		if r["number"] == "INV-2024-010" && r["company"] != "'=HYPERLINK Partners" {
			t.Errorf("the company %q can compute", r["company"])
		}
		if (r["status"] == "paid") != (r["paid_at"] != "") {
			t.Errorf("%s is %s and was paid at %q", r["number"], r["status"], r["paid_at"])
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, "invoices.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"to be received: **3623.94 EUR**", "| invoice | overdue | EUR | 3 | 1731.45 | 1731.45 |",
		"999.99 | EUR | total is not subtotal plus tax |", "number is used 2 times", "The source names no lines"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("invoices.md lacks %q", want)
		}
	}
}

func TestDocuments_RecordsOfTheDatabaseAreWhole(t *testing.T) {
	db := sampleDatabase(t, "latest")
	dir := documentsOf(t, db)
	everyDocumentedRowIsWhereTheCrosswalkSays(t, db, dir)
	expected, err := nextcrmsample.ExpectedDatabase()
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	for _, object := range []string{"invoice_line", "invoice_payment", "invoice_event", "account_product", "audit", "employee"} {
		counts[object] = expected.Counts["rows_"+object].In["latest"]
	}
	files := map[string]int{"invoices/invoice.csv": 8, "invoices/credit_note.csv": 1, "invoices/proforma.csv": 1,
		"invoices/invoice_lines.csv": counts["invoice_line"], "invoices/invoice_payments.csv": counts["invoice_payment"],
		"invoices/invoice_events.csv": counts["invoice_event"], "subscriptions.csv": counts["account_product"],
		"audit.csv": counts["audit"], "employees.csv": counts["employee"],
		// One contract and one board with two sections are deleted.
		"contracts.csv": 8, "contract_lines.csv": 4, "boards.csv": 2}
	got := map[string]int{}
	for name := range files {
		got[name] = len(readRows(t, dir, filepath.FromSlash(name)))
	}
	if diff := cmp.Diff(files, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	note := readRows(t, dir, "invoices", "credit_note.csv")[0]
	if note["corrects_number"] != "INV-2024-0001" || note["base_total"] != "27359.44" || note["base_currency"] != "CZK" {
		t.Errorf("the credit note reads %v", note)
	}
	// Receipts are files: those go to Pipedrive, the accountant gets the list.
	receipts := readRows(t, dir, "invoices", "receipt_documents.csv")
	if len(receipts) != 1 || receipts[0]["type"] != "RECEIPT" || receipts[0]["title"] != "offer-5.pdf" {
		t.Errorf("receipts: %v", receipts)
	}
	if text, err := os.ReadFile(filepath.Join(dir, "employees.csv")); err != nil || strings.Contains(string(text), "salary") {
		t.Errorf("employees.csv shows the pay: %s %v", text, err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "projects.md"))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), "\n- [ ] Step "); n != len(readRows(t, dir, "board_tasks.csv")) {
		t.Errorf("projects.md has %d tasks, board_tasks.csv %s", n, strconv.Itoa(len(readRows(t, dir, "board_tasks.csv"))))
	}
	if strings.Contains(string(text), "Board 3") {
		t.Error("projects.md shows a board that is deleted")
	}
	if !strings.Contains(string(text), "so boards are not loaded") {
		t.Errorf("projects.md does not say what becomes of boards:\n%s", text)
	}
}

func TestDocuments_TheGuideToProjectsSaysWhatTheMapMakesOfThem(t *testing.T) {
	db := sampleDatabase(t, "latest")
	err := db.Write(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.Exec(`INSERT INTO decide_map (map_table, map_key, column_name, value, by_name) VALUES ('map_setting', 'projects', 'value', 'projects', 'test')`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, run := range []func(context.Context, *warehouse.DB) (stage.Result, error){mapping.Run, build.Run} {
		if _, err := run(t.Context(), db); err != nil {
			t.Fatal(err)
		}
	}
	dir := documentsOf(t, db)
	everyDocumentedRowIsWhereTheCrosswalkSays(t, db, dir)
	text, err := os.ReadFile(filepath.Join(dir, "projects.md"))
	if want := "3 projects with 12 tasks, on the board NextCRM in Pipedrive"; err != nil || !strings.Contains(string(text), want) {
		t.Errorf("projects.md lacks %q, %v:\n%s", want, err, text)
	}
}

func TestDocuments_OldInvoicesKeepTheColumnsOfTheirModule(t *testing.T) {
	dir := documentsOf(t, sampleDatabase(t, "0init"))
	rows := readRows(t, dir, "invoices", "received.csv")
	if len(rows) != 4 || total(rows, "total") != "10002.00" {
		t.Fatalf("%d invoices, together %s", len(rows), total(rows, "total"))
	}
	if r := rows[0]; r["currency"] != "CZK" || r["company"] != "Supplier 1" || !strings.Contains(r["items"], "cement") || !strings.Contains(r["extra"], "PO-1") {
		t.Errorf("an old invoice reads %v", r)
	}
}
