package report

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestGuard_NoCellIsAFormula(t *testing.T) {
	for cell, want := range map[string]string{
		"": "", "plain": "plain", "a=b": "a=b", "=1+1": "'=1+1", "@SUM(A1)": "'@SUM(A1)", "-2+3": "'-2+3", "-12.50": "-12.50", "-": "'-", "\tx": "'\tx", "\rx": "'\rx",
		"+49 30 123456": "+49 30 123456", "+420 (2) 33/44": "+420 (2) 33/44", "+1-2": "'+1-2", "+cmd|' /C calc'!A0": "'+cmd|' /C calc'!A0",
	} {
		if got := guard(cell); got != want {
			t.Errorf("guard(%q) = %q, want %q", cell, got, want)
		}
	}
}

func TestWriteCSV_ComesBackAsItWas(t *testing.T) {
	dir := t.TempDir()
	rows := [][]string{{"1", "two\nlines, \"quoted\""}, {"2", "=evil()"}}
	names, err := WriteCSV(dir, []Table{{Name: "x", Columns: []string{"id", "=head"}, Rows: rows}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{filepath.Join(dir, "x.csv")}, names); diff != "" {
		t.Fatal(diff)
	}
	f, err := os.Open(names[0])
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	got, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{{"id", "'=head"}, {"1", "two\nlines, \"quoted\""}, {"2", "'=evil()"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestSplitCSV_OneFileAValueWhateverItIsCalled(t *testing.T) {
	dir := t.TempDir()
	s := newSplitCSV(dir, "by/{type}.csv", []string{"type", "n"})
	for _, row := range [][]string{{"credit note", "1"}, {"../../etc/passwd", "2"}, {"", "3"}, {"Credit-Note", "4"}} {
		if err := s.add(row); err != nil {
			t.Fatal(err)
		}
	}
	names, err := s.close(nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{filepath.Join(dir, "by", "credit_note.csv"), filepath.Join(dir, "by", "etc_passwd.csv"), filepath.Join(dir, "by", "other.csv")}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Fatal(diff)
	}
	text, err := os.ReadFile(want[0])
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("type,n\ncredit note,1\nCredit-Note,4\n", string(text)); diff != "" {
		t.Error(diff)
	}
}
