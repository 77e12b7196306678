package nextcrm

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// folder writes files and returns where they are.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		full := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// contacts reads the contacts of a folder that holds one file of them.
func contacts(t *testing.T, text string) ([]record, Source) {
	t.Helper()
	src := open(t, folder(t, map[string]string{"contacts.csv": text}), ExportOptions{})
	return records(t, src, "contact"), src
}

// column lists one column's values.
func column(all []record, name string) (values []string) {
	for _, r := range all {
		values = append(values, r.Values[name])
	}
	return values
}

func hasNote(src Source, code string) bool {
	for _, n := range src.Notes() {
		if n.Code == code {
			return true
		}
	}
	return false
}

func TestDelimiter_IsFoundByParsing(t *testing.T) {
	for _, d := range delimiters {
		sep := string(d)
		text := strings.ReplaceAll("ID,Email,Lists,Tags\n1,a@x.example,\"A, B; C|D\",\"x,y\"\n2,b@x.example,\"E; F, G\",\"z;z\"\n", ",", "\x00")
		text = strings.ReplaceAll(text, "\x00", sep)
		all, _ := contacts(t, text)
		if len(all) != 2 || all[1].ID != "2" || !strings.HasPrefix(all[0].Values["lists"], "A"+sep+" B") {
			t.Errorf("delimiter %q: read %v", d, all)
		}
	}
}

func TestDelimiter_DecimalCommasDoNotMislead(t *testing.T) {
	src := open(t, folder(t, map[string]string{
		"contacts.csv": "Email\na@x.example\n",
		"deals.csv":    "ID;Titel;Betrag;Extra Rate\n1;A;3,50;2,00\n2;B;4,50;1,00\n",
	}), ExportOptions{})
	all := records(t, src, "deal")
	if len(all) != 2 || all[0].Values["value"] != "3,50" || all[1].Extra["Extra Rate"] != "1,00" {
		t.Errorf("read %v", all)
	}
}

func TestDelimiter_SepLineIsObeyedAndSkipped(t *testing.T) {
	for _, line := range []string{"sep=;\r\n", "\"sep=;\"\n", "SEP=;\r"} {
		all, src := contacts(t, line+"ID;Email\r\n1;a,b@x.example\r\n")
		if len(all) != 1 || all[0].Values["email"] != "a,b@x.example" {
			t.Errorf("%q: read %v", line, all)
		}
		if len(src.Notes()) > 0 {
			t.Errorf("%q: notes %v", line, src.Notes())
		}
	}
}

func TestDelimiter_AWrongOneStopsEarly(t *testing.T) {
	text := "ID,Email\n" + strings.Repeat("1,a@x.example,stray,cells\n", 12)
	src := open(t, folder(t, map[string]string{"contacts.csv": text}), ExportOptions{})
	if _, err := tryRecords(src, "contact"); err == nil || !strings.Contains(err.Error(), "contacts.csv, record 10") {
		t.Errorf("error %v, want one that names file and record", err)
	}
}

func TestLineEnds_OfAllKinds(t *testing.T) {
	for _, end := range []string{"\n", "\r\n", "\r"} {
		text := strings.ReplaceAll("ID,Email,Address\n1,a@x.example,\"x\ny\"\n2,b@x.example,z", "\n", end)
		all, _ := contacts(t, text)
		if len(all) != 2 || all[0].Values["address_1"] != "x"+end+"y" || all[1].Values["address_1"] != "z" {
			t.Errorf("line end %q: read %v", end, all)
		}
	}
}

func TestQuotes_TheStyleIsChosenPerFile(t *testing.T) {
	for _, c := range []struct{ name, row, want string }{
		{"doubled", `1,a@x.example,"Bob ""B"" C:\dir"`, `Bob "B" C:\dir`},
		{"PHP", `1,a@x.example,"Path C:\temp\" end, ""ok"""`, `Path C:\temp\" end, "ok"`},
		{"MailPoet", `"1","a@x.example","Bob \"B\", Jr"`, `Bob "B", Jr`},
		{"backslashes alone", `1,a@x.example,C:\dir`, `C:\dir`},
	} {
		head := "ID,Email,First Name\n"
		if c.name == "MailPoet" {
			head = "\"ID\",\"Email\",\"First Name\"\n"
		}
		all, src := contacts(t, head+c.row+"\n")
		if got := all[0].Values["first_name"]; got != c.want {
			t.Errorf("%s: first name %q, want %q", c.name, got, c.want)
		}
		if hasNote(src, "quotes_backslash") != (c.name == "MailPoet") {
			t.Errorf("%s: notes %v", c.name, src.Notes())
		}
	}
}

func TestQuotes_ABackslashQuoteBehindTheSampleIsSeen(t *testing.T) {
	filler := strings.Repeat(`"1","a@x.example","plain"`+"\n", 20_000)
	all, _ := contacts(t, "\"ID\",\"Email\",\"First Name\"\n"+filler+`"2","b@x.example","Bob \"B\", Jr"`+"\n")
	if got := all[len(all)-1].Values["first_name"]; got != `Bob "B", Jr` {
		t.Errorf("MailPoet: first name %q", got)
	}
	filler = strings.Repeat(`1,a@x.example,"say ""x"""`+"\n", 20_000)
	all, _ = contacts(t, "ID,Email,First Name\n"+filler+`2,b@x.example,"C:\t\" end, ok"`+"\n")
	if got := all[len(all)-1].Values["first_name"]; got != `C:\t\" end, ok` {
		t.Errorf("PHP: first name %q", got)
	}
}

func TestQuotes_ACellThatEndsInABackslashIsReported(t *testing.T) {
	all, src := contacts(t, "ID,Email,First Name,Last Name\n"+`1,a@x.example,"C:\my dir\","the ""end"" "`+"\n"+`2,b@x.example,"a \" b",c`+"\n")
	if len(all) != 2 || all[0].Values["first_name"] != `C:\my dir\` || all[0].Values["last_name"] != `the "end" ` {
		t.Errorf("read %v", all)
	}
	if !hasNote(src, "doubtful_quote") {
		t.Errorf("notes %v", src.Notes())
	}
}

func TestQuotes_TextThatStartsWithAQuoteSwallowsNoRecords(t *testing.T) {
	all, src := contacts(t, "ID,Email,First Name,City\n1,a@x.example,\"Bob\" Smith,Ulm\n2,b@x.example,\"Ann\",Bonn\n3,c@x.example,\"C\" D,\"E\" F\n4,d@x.example,5\" pipe,Ulm\n5,e@x.example,\"say \"hi\" to\nme\",Ulm\n6,f@x.example,x,\"say \"hi\" to\nme\"\n")
	if diff := cmp.Diff([]string{`"Bob" Smith`, "Ann", `"C" D`, `5" pipe`, "say \"hi\" to\nme", "x"}, column(all, "first_name")); diff != "" {
		t.Error(diff)
	}
	if got := tallied(src, "contacts.csv", "stray_quote"); got != 2 {
		t.Errorf("%d records noted, want 2: %v", got, src.Notes())
	}
}

func TestRagged_RecordsArePaddedOrOverflow(t *testing.T) {
	all, src := contacts(t, "ID,Email,City,Tags\n1,a@x.example\n2,b@x.example,Ulm,t,\"o,ne\",\"\"\"two\"\"\"\n3,c@x.example,Bonn,u,\n")
	if _, there := all[0].Values["city"]; there || len(all) != 3 {
		t.Errorf("read %v", all)
	}
	if diff := cmp.Diff([]any{"o,ne", `"two"`}, all[1].Extra["overflow"]); diff != "" {
		t.Error(diff)
	}
	if all[2].Extra != nil {
		t.Errorf("an empty cell too many became %v", all[2].Extra)
	}
	if v, there := all[2].Values["tags"]; !there || v != "u" {
		t.Errorf("read %v", all[2])
	}
	if tallied(src, "contacts.csv", "padded_record") != 1 || tallied(src, "contacts.csv", "overflow_record") != 2 {
		t.Errorf("notes %v", src.Notes())
	}
}

func TestHeadings_RepeatedEmptyAndUnknownOnesKeepTheirValues(t *testing.T) {
	all, src := contacts(t, "ID,Email,Phone,Phone,Email,Shoe,Shoe,,Phone\n1,a@x.example,11,22,b@x.example,42,43,x,33\n")
	r := all[0]
	if r.Values["email"] != "a@x.example" || r.Values["phone"] != "11" || r.Values["phone_2"] != "22" {
		t.Errorf("read %v", r)
	}
	want := map[string]any{"Email (2)": "b@x.example", "Shoe": "42", "Shoe (2)": "43", "column_8": "x", "Phone (3)": "33"}
	if diff := cmp.Diff(want, r.Extra); diff != "" {
		t.Error(diff)
	}
	if !hasNote(src, "repeated_column") || !hasNote(src, "unknown_heading") {
		t.Errorf("notes %v", src.Notes())
	}
}

func TestHeadings_LinesAroundTheDataAreSkippedAndReported(t *testing.T) {
	text := "Contact export of shop.example\n\nCreated 2024-01-01;by admin\nID;Email;City\n1;a@x.example;Ulm\n\n ; ;\nID;Email;City\n\ufeff\"ID\";Email;City\n2;b@x.example;Bonn\nTotal: 2\n"
	all, src := contacts(t, text)
	if diff := cmp.Diff([]string{"Ulm", "Bonn"}, column(all, "city")); diff != "" {
		t.Error(diff)
	}
	if all[1].Number != 2 {
		t.Errorf("second record has number %d", all[1].Number)
	}
	for code, n := range map[string]int{"preamble": 2, "blank_record": 2, "repeated_heading": 2, "footer": 1} {
		if got := tallied(src, "contacts.csv", code); got != n {
			t.Errorf("%s noted %d times, want %d: %v", code, got, n, src.Notes())
		}
	}
}

func TestFooter_OnlyLinesOfTotalsAtTheEndAreDropped(t *testing.T) {
	for line, footers := range map[string]int{
		"Total: 2": 1, "TOTAL,2": 1, "Gesamt 1.200 Kontakte": 1, "Summe:,,": 1, "(2 rows)": 1, ",,Total,1": 1,
		"Total Fitness": 0, "Total Fitness,t@x.example": 0, "Count,Dracula": 0, "Total: 2,t@x.example,Ulm": 0,
	} {
		all, src := contacts(t, "Name,Email,City\nAnna,a@x.example,Ulm\n"+line+"\n")
		if got := tallied(src, "contacts.csv", "footer"); got != footers || len(all) != 2-footers {
			t.Errorf("%s: %d records and %d footers, want %d footers", line, len(all), got, footers)
		}
	}
	all, _ := contacts(t, "Name,Email,City\nTotal: 2\n"+strings.Repeat("Anna,a@x.example,Ulm\n", 100))
	if len(all) != 101 || all[0].Values["full_name"] != "Total: 2" {
		t.Errorf("%d records, first %v", len(all), all[0])
	}
}

func TestDelimiter_OneColumnStaysOneColumn(t *testing.T) {
	for _, text := range []string{"Email\na@x.example\nb@x.example\n", "Email\na@x.example, b@x.example\nc@x.example, d@x.example\n", "Email\na@x.example; b@x.example\n"} {
		all, _ := contacts(t, text)
		want := strings.Split(strings.TrimSuffix(text, "\n"), "\n")[1:]
		if diff := cmp.Diff(want, column(all, "email")); diff != "" {
			t.Error(diff)
		}
	}
}

func TestHeadings_RecordsWithWordsOfHeadingsAreNoHeadingLine(t *testing.T) {
	all, _ := contacts(t, "Correo,Email,Canal\nLead,a@x.example,Phone\nweb,Email,Phone\nweb,List,Email\n")
	if len(all) != 3 {
		t.Errorf("read %v", all)
	}
}

func TestValues_AnEmptyCellIsThereAndAMissingOneIsNot(t *testing.T) {
	all, _ := contacts(t, "ID,Email,City,Zip\n1,a@x.example,\n,b@x.example,\"\",1\n")
	if diff := cmp.Diff(map[string]string{"email": "a@x.example", "city": ""}, all[0].Values); diff != "" {
		t.Error(diff)
	}
	if all[1].Values["city"] != "" || len(all[1].Values) != 3 || all[1].ID != "" {
		t.Errorf("read %v", all[1])
	}
}

func TestHeadings_AloneAreAnEmptyFile(t *testing.T) {
	all, src := contacts(t, "ID,Email\n")
	if len(all) != 0 || src.Items()[0].Rows != 0 || src.Items()[0].Status != statusExtracted {
		t.Errorf("read %v, items %v", all, src.Items())
	}
}

func TestHeadings_NoneIsAnError(t *testing.T) {
	dir := folder(t, map[string]string{"contacts.csv": "1,a@x.example,Anna\n2,b@x.example,Ben\n"})
	if _, err := OpenExport(context.Background(), dir, ExportOptions{}); err == nil || !strings.Contains(err.Error(), "contacts.csv") {
		t.Errorf("error %v, want one that names the file", err)
	}
}

func TestDamage_StopsWithFileAndRecord(t *testing.T) {
	good := "ID,Email,First Name,City\n1,a@x.example,Anna,Ulm\n"
	for name, c := range map[string]struct{ text, want string }{
		"PHP error":                {good + "2,b@x.ex<br />\n<b>Fatal error</b>:  Allowed memory size exhausted\n", "record 3"},
		"plain PHP error":          {good + "PHP Fatal error:  Uncaught Error in x.php:3\n", "record 2"},
		"HTML page inside":         {good + "<!DOCTYPE html><html><body>gone</body></html>\n", "record 2"},
		"last record cut":          {good + "2,b@x.example,Be", "record 2"},
		"cut inside a quoted cell": {good + "2,b@x.example,\"Be", "record 2"},
	} {
		src := open(t, folder(t, map[string]string{"contacts.csv": c.text}), ExportOptions{})
		_, err := tryRecords(src, "contact")
		if err == nil || !strings.Contains(err.Error(), "contacts.csv, "+c.want) {
			t.Errorf("%s: error %v, want contacts.csv, %s", name, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "x.example") {
			t.Errorf("%s: the error shows a cell: %v", name, err)
		}
	}
}

func TestDamage_AnErrorPageInsteadOfTheFileIsRefused(t *testing.T) {
	dir := folder(t, map[string]string{"contacts.csv": "<!DOCTYPE html>\n<html><title>503</title></html>\n"})
	if _, err := OpenExport(context.Background(), dir, ExportOptions{}); err == nil || !strings.Contains(err.Error(), "error page") {
		t.Errorf("error %v", err)
	}
}

func TestDamage_AFileThatChangedAfterOpeningIsRefused(t *testing.T) {
	dir := folder(t, map[string]string{"contacts.csv": plain})
	src := open(t, dir, ExportOptions{})
	if err := os.WriteFile(filepath.Join(dir, "contacts.csv"), []byte(plain+"3,c@x.example,C,C\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := tryRecords(src, "contact"); err == nil || !strings.Contains(err.Error(), "changed") {
		t.Errorf("error %v", err)
	}
}

func TestDamage_StopsTheReadingOfItsFileOnly(t *testing.T) {
	src := open(t, folder(t, map[string]string{"contacts.csv": plain, "notes.csv": "Id,Title\n1,\"cut", "segments.json": `[{"id":1},{"id":`,
		"people.json": "[{"}), ExportOptions{})
	if len(records(t, src, "contact")) != 2 || !hasNote(src, "unreadable_file") {
		t.Errorf("notes %v", src.Notes())
	}
	for object, file := range map[string]string{"note": "notes.csv, record 1", "segment": "segments.json, record 2"} {
		if _, err := tryRecords(src, object); err == nil || !strings.Contains(err.Error(), file) {
			t.Errorf("%s: got %v, want an error that names %s", object, err, file)
		}
	}
}

func TestHugeCells_ArriveWhole(t *testing.T) {
	big := strings.Repeat("naïve, \"quoted\"\r\n", 200_000)
	all, _ := contacts(t, "ID,Email,Background\n1,a@x.example,\""+strings.ReplaceAll(big, `"`, `""`)+"\"\n2,b@x.example,y\n")
	if len(all) != 2 || all[0].Extra["Background"] != big || all[1].Extra["Background"] != "y" {
		t.Errorf("the cell of %d bytes was changed", len(big))
	}
}

func TestCompression_IsReadThrough(t *testing.T) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := fmt.Fprint(w, plain); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	src := open(t, folder(t, map[string]string{"Contacts.CSV.gz": packed.String()}), ExportOptions{})
	if got := records(t, src, "contact"); len(got) != 2 || got[1].Values["last_name"] != "Łoś" {
		t.Errorf("read %v", got)
	}
}

func TestRows_StopWithTheCallersErrorAndContext(t *testing.T) {
	src := open(t, folder(t, map[string]string{"contacts.csv": plain}), ExportOptions{})
	full := fmt.Errorf("table full")
	n := 0
	err := src.Rows(context.Background(), "contact", func(*Row) error { n++; return full })
	if err != full || n != 1 {
		t.Errorf("error %v after %d rows", err, n)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := src.Rows(ctx, "contact", func(*Row) error { return nil }); err != context.Canceled {
		t.Errorf("error %v, want the context's", err)
	}
}
