package report_test

import (
	"database/sql"
	"slices"
	"strings"
	"testing"

	"nextpipe/stages/internal/nextcrm"
	"nextpipe/stages/report"

	"github.com/google/go-cmp/cmp"
)

// tableRows finds a report by name and gives its rows, cells joined by " | ".
func tableRows(t *testing.T, tables []report.Table, name string) []string {
	t.Helper()
	i := slices.IndexFunc(tables, func(tab report.Table) bool { return tab.Name == name })
	if i < 0 {
		t.Fatalf("no report %s", name)
	}
	var lines []string
	for _, row := range tables[i].Rows {
		lines = append(lines, strings.Join(row, " | "))
	}
	return lines
}

func TestTables_NothingOfAForkGoesUnnamedAndEveryFateIsCounted(t *testing.T) {
	db := sampleDatabase(t, "fork")
	err := db.Write(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.Exec(`INSERT INTO run (run_id, command, started_at) VALUES (1, 'test', '2024-01-01T00:00:00Z');
			INSERT INTO stage_run (run_id, stage, state, started_at, finished_at) VALUES (1, 'build', 'done', '2024-01-01T00:00:00Z', '2024-01-01T00:00:01Z');
			DELETE FROM xw_item WHERE object = 'audit' AND row_id > 3`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	tables, err := report.Tables(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	scope := tableRows(t, tables, "scope")
	if diff := cmp.Diff([]string{
		"unknown | crm_Account_Statuses |  | 2 | not a table of NextCRM itself: if it matters, its rows need a way of their own | id, name",
		"unknown | crm_Properties |  | 1 | not a table of NextCRM itself: if it matters, its rows need a way of their own | id, address, built"}, scope[:2]); diff != "" {
		t.Errorf("scope (-want +got):\n%s", diff)
	}
	notes := tableRows(t, tables, "scope_notes")
	for _, want := range []string{"added-column | crm_Opportunities | job_number | 1 | info | not a column of NextCRM itself (text): proposed as a field of deal",
		"secret-column | crm_Contacts | portal_password | ", "unknown-column | Invoices | cost_centre | ", "unknown-enum-label | crm_Opportunities | status | "} {
		if !slices.ContainsFunc(notes, func(line string) bool { return strings.HasPrefix(line, want) }) {
			t.Errorf("the notes on the scope lack %q", want)
		}
	}
	fates := tableRows(t, tables, "fates")
	for _, want := range []string{"invoice | documented | 10 | invoices/ |  | Pipedrive keeps no invoices", "audit | not accounted for | 86 |  |  | ",
		"contract | excluded | 1 |  | soft_deleted | deleted in the source", "account | merged | 1 |  | account.same_name | ", "account | final | 115 |  |  | "} {
		if !slices.ContainsFunc(fates, func(line string) bool { return strings.HasPrefix(line, want) }) {
			t.Errorf("the fates lack %q:\n%s", want, strings.Join(fates, "\n"))
		}
	}
	coverageTellsTheTruth(t, fates)
	documented, unaccounted, err := report.NotMoved(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(unaccounted, report.Count{Name: "audit", N: 86}) {
		t.Errorf("not accounted for: %v", unaccounted)
	}
	if !slices.Contains(documented, report.Count{Name: "invoice", N: 10}) || !slices.Contains(documented, report.Count{Name: "audit", N: 3}) {
		t.Errorf("documented: %v", documented)
	}
}

// coverageTellsTheTruth holds what the coverage says of each object against
// what became of its rows.
func coverageTellsTheTruth(t *testing.T, fates []string) {
	t.Helper()
	became := map[string][]string{}
	for _, line := range fates {
		object, rest, _ := strings.Cut(line, " | ")
		fate, _, _ := strings.Cut(rest, " | ")
		became[object] = append(became[object], fate)
	}
	all, err := nextcrm.Fates()
	if err != nil {
		t.Fatal(err)
	}
	promises := map[string][]string{"moved": {"final", "merged"}, "documented": {"documented"}, "used": {"merged", "documented"}}
	for _, f := range all {
		atHand := !slices.Contains([]string{"document", "document_link", "invoice_file"}, f.Object) // no bytes in this test
		if len(became[f.Object]) == 0 || !atHand {                                                  // objects of the other edition
			continue
		}
		if !slices.ContainsFunc(became[f.Object], func(fate string) bool { return slices.Contains(promises[f.Kind], fate) }) {
			t.Errorf("%s is said to be %s; its rows are %v", f.Object, f.Kind, became[f.Object])
		}
	}
}
