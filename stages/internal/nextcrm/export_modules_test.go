package nextcrm

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// expectedOf reads what the sample's author counted of one entity.
func expectedOf(t *testing.T, dir, entity string) (e map[string]any) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	var m struct{ Expected map[string]map[string]any }
	if err := json.Unmarshal(raw, &m); err != nil {
		t.Fatal(err)
	}
	return m.Expected[entity]
}

// tallyOf counts the records by a word that by gives for each.
func tallyOf(all []record, by func(record) string) map[string]any {
	counts := map[string]any{}
	for _, r := range all {
		n, _ := counts[by(r)].(float64)
		counts[by(r)] = n + 1
	}
	return counts
}

func countOf(all []record, is func(record) bool) float64 {
	n := 0.0
	for _, r := range all {
		if is(r) {
			n++
		}
	}
	return n
}

// sumOf adds a column's numbers exactly and writes the sum with two decimals.
func sumOf(all []record, column string) string {
	sum := new(big.Rat)
	for _, r := range all {
		if n, ok := new(big.Rat).SetString(r.Values[column]); ok {
			sum.Add(sum, n)
		}
	}
	return sum.FloatString(2)
}

func TestSample_ActivitiesNotesCampaignsAndInvoicesAreCountedAsTheManifestSays(t *testing.T) {
	src, dir := openSample(t)
	var emails strings.Builder // a cell may hold two addresses, and words around them
	for _, r := range records(t, src, "contact") {
		emails.WriteString(strings.ToLower(r.Values["email"]) + "\n")
	}
	of := func(column string) func(record) string {
		return func(r record) string {
			if v := r.Values[column]; v != "" {
				return v
			}
			return "(none)"
		}
	}
	has := func(column string) func(record) bool {
		return func(r record) bool { return r.Values[column] != "" }
	}
	orphan := func(r record) bool {
		return !strings.Contains(emails.String(), strings.ToLower(r.Values["contact_email"]))
	}
	id := func(r record) string { return r.ID }
	activities, notes := records(t, src, "activity"), records(t, src, "note")
	campaigns, invoices := records(t, src, "campaign"), records(t, src, "invoice")
	sum := func(column string) float64 {
		var n float64
		fmt.Sscan(sumOf(campaigns, column), &n)
		return n
	}
	got := map[string]map[string]any{
		"activities": {"records": float64(len(activities)), "distinct_ids": float64(len(tallyOf(activities, id))), "by_type": tallyOf(activities, of("type")),
			"deleted": countOf(activities, func(r record) bool { return r.Values["status"] == "delete" }), "orphan_contact": countOf(activities, orphan),
			"multiline":      countOf(activities, func(r record) bool { return strings.Contains(r.Values["description"], "\n") }),
			"linked_to_deal": countOf(activities, has("deal_id")), "with_due_date": countOf(activities, has("due_date"))},
		"notes": {"records": float64(len(notes)), "distinct_ids": float64(len(tallyOf(notes, id))), "orphan_contact": countOf(notes, orphan), "with_company": countOf(notes, has("company")),
			"empty":              countOf(notes, func(r record) bool { return r.Values["title"]+r.Values["description"] == "" }),
			"over_100000_chars":  countOf(notes, func(r record) bool { return len(r.Values["description"]) > 100_000 }),
			"longest_cell_chars": longest(notes)},
		"campaigns": {"records": float64(len(campaigns)), "by_status": tallyOf(campaigns, of("status")), "sent": sum("sent"), "unique_opens": sum("unique_opens"),
			"clicks": sum("clicks"), "unsubscribes": sum("unsubscribes"), "bounces": sum("bounces")},
		"invoices": {"records": float64(len(invoices)), "by_status": tallyOf(invoices, of("status")), "total_sum": sumOf(invoices, "total"),
			"distinct_numbers": float64(len(tallyOf(invoices, of("number")))), "total_mismatch": countOf(invoices, mismatched)},
	}
	for entity, have := range got {
		if diff := cmp.Diff(expectedOf(t, dir, entity), have); diff != "" {
			t.Errorf("%s (-manifest +read):\n%s", entity, diff)
		}
	}
}

func longest(all []record) float64 {
	n := 0
	for _, r := range all {
		n = max(n, len([]rune(r.Values["description"])))
	}
	return float64(n)
}

// mismatched tells whether net and tax are not the total.
func mismatched(r record) bool {
	sum := sumOf([]record{{Values: map[string]string{"x": r.Values["subtotal"]}}, {Values: map[string]string{"x": r.Values["tax"]}}}, "x")
	return sum != sumOf([]record{r}, "total")
}

// The file has doubled quotes and no other oddity, so the standard reader may judge.
func TestSample_ANoteOfAMegabyteArrivesByteForByte(t *testing.T) {
	src, dir := openSample(t)
	file, err := os.Open(filepath.Join(dir, "notes.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	all := records(t, src, "note")
	for i, row := range rows[1:] {
		got := all[i].Values
		if all[i].ID != row[0] || got["title"] != row[3] || got["description"] != row[4] || got["created_at"] != row[6] {
			t.Errorf("note %s differs from the file", row[0])
		}
	}
	if n := len(byID(t, all, "80026").Values["description"]); n < 1<<20 {
		t.Errorf("the longest note has %d bytes, want a megabyte", n)
	}
}

func TestSample_TheOtherFilesLeaveNoColumnUnknown(t *testing.T) {
	src, _ := openSample(t)
	for _, object := range []string{"activity", "note", "campaign", "invoice", "document"} {
		for _, r := range records(t, src, object) {
			if r.Extra != nil {
				t.Errorf("%s %s has extra %v", object, r.ID, r.Extra)
			}
		}
	}
	activity := byID(t, records(t, src, "activity"), "70044")
	if got := activity.Values["description"]; got != "'=cmd|' /C calc'!A0" {
		t.Errorf("a guarded cell arrives as %q", got)
	}
	want := map[string]string{"file": "Angebot Übersicht €.txt", "object": "deal", "object_id": "9004", "title": "Price list", "created_at": "2024-02-04 12:00:00"}
	if diff := cmp.Diff(want, byID(t, records(t, src, "document"), "3").Values); diff != "" {
		t.Error("document 3 (-want +got):\n", diff)
	}
}

func TestSample_EveryListedItemHasItsRows(t *testing.T) {
	src, _ := openSample(t)
	rows := map[string]int64{}
	for _, o := range Objects {
		for _, r := range records(t, src, o.Name) {
			rows[o.Name+" "+r.Table]++
		}
	}
	delete(rows, "document_file documents.csv") // what the list names and the folder lacks
	for _, i := range src.Items() {
		if i.Status == statusExtracted && rows[i.Object+" "+i.Table] != i.Rows {
			t.Errorf("%s lists %d rows and gives %d", i.Table, i.Rows, rows[i.Object+" "+i.Table])
		}
		delete(rows, i.Object+" "+i.Table)
	}
	if len(rows) > 0 {
		t.Errorf("rows of files that are not listed: %v", rows)
	}
}

func TestNotes_BelongToTheRecordInTheNameOfTheirFile(t *testing.T) {
	heads := "Id,Title,Description,Type,Created At\n1,Hello,World,note,2024-01-01 10:00:00\n"
	src := open(t, folder(t, map[string]string{
		"contacts.csv":                                plain,
		"17-contact-notes-2025-03-02.csv":             heads,
		"4-company-notes-2025-03-02.csv":              heads,
		"5-contact-notes.csv":                         "Id,Contact ID,Title\n1,99,Own column\n",
		"notes-2025.csv":                              "Id,Title,Contact Email\n1,Plain,a@x.example\n",
		filepath.Join("more", "18-Contact-Notes.csv"): heads,
	}), ExportOptions{})
	got := map[string]string{}
	for _, r := range records(t, src, "note") {
		got[r.Table] = r.Values["contact_id"] + "/" + r.Values["company_id"]
	}
	want := map[string]string{"17-contact-notes-2025-03-02.csv": "17/", "4-company-notes-2025-03-02.csv": "/4", "5-contact-notes.csv": "99/",
		"notes-2025.csv": "/", "more/18-Contact-Notes.csv": "18/"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
