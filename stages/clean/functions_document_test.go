package clean

import (
	"database/sql/driver"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestFileNamesAreFitForAnUpload(t *testing.T) {
	for _, tc := range []struct {
		from []driver.Value
		want string
	}{
		{[]driver.Value{"offer.pdf"}, "offer.pdf"},
		{[]driver.Value{"../../etc/passwd"}, "passwd"},
		{[]driver.Value{`C:\Users\Ana\Angebot €.txt`}, "Angebot €.txt"},
		{[]driver.Value{nil, "Price list", "documents/0815.xlsx", nil}, "Price list.xlsx"},
		{[]driver.Value{nil, nil, "documents/0815.xlsx"}, "0815.xlsx"},
		{[]driver.Value{"https://files.example/a%20b/broch%C3%BCre.pdf?token=1"}, "brochüre.pdf"},
		{[]driver.Value{"Contract No. 7", nil, "x.pdf"}, "Contract No. 7.pdf"},
		{[]driver.Value{"bro\u0308chure.pdf"}, "bröchure.pdf"},
		{[]driver.Value{"a\r\nContent-Type: \"x\".txt"}, "a Content-Type: 'x'.txt"},
		{[]driver.Value{".htaccess"}, ".htaccess"},
		{[]driver.Value{nil, "", "NULL"}, "document"},
		{[]driver.Value{"/"}, "document"},
	} {
		if got := call(t, "np_file_name", tc.from...); got != tc.want {
			t.Errorf("%q: got %q, want %q", tc.from, got, tc.want)
		}
	}
}

func TestLongFileNamesKeepTheirEnding(t *testing.T) {
	got := call(t, "np_file_name", strings.Repeat("ü", 300)+".docx").(string)
	if len(got) > longestFileName || !strings.HasSuffix(got, "ü.docx") || !utf8.ValidString(got) {
		t.Errorf("got %q of %d bytes", got, len(got))
	}
}
