package nextcrm

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"unicode/utf16"

	"golang.org/x/text/encoding/charmap"
)

func utf16Bytes(s string, big, mark bool) string {
	if mark {
		s = "\ufeff" + s
	}
	var b bytes.Buffer
	for _, u := range utf16.Encode([]rune(s)) {
		if big {
			b.Write([]byte{byte(u >> 8), byte(u)})
		} else {
			b.Write([]byte{byte(u), byte(u >> 8)})
		}
	}
	return b.String()
}

func windows(t *testing.T, s string) string {
	t.Helper()
	out, err := charmap.Windows1252.NewEncoder().String(s)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

const plain = "ID,Email,First Name,Last Name\n1,a@x.example,Zoë,“Müller” – €\n2,b@x.example,Åsa,Łoś\n"

func TestEncoding_TextComesOutAsUTF8(t *testing.T) {
	tabbed := strings.ReplaceAll(plain, ",", "\t")
	western := strings.ReplaceAll(plain, "Łoś", "Žos")
	for _, c := range []struct{ name, text, note, last string }{
		{"UTF-8", plain, "", "Łoś"},
		{"UTF-8 with a mark before a quoted heading", "\ufeff\"ID\"" + strings.TrimPrefix(plain, "ID"), "", "Łoś"},
		{"UTF-16 little endian with mark, tabs", utf16Bytes(tabbed, false, true), "encoding_utf16", "Łoś"},
		{"UTF-16 big endian with mark", utf16Bytes(plain, true, true), "encoding_utf16", "Łoś"},
		{"UTF-16 little endian without mark", utf16Bytes(plain, false, false), "encoding_utf16", "Łoś"},
		{"UTF-16 big endian without mark", utf16Bytes(plain, true, false), "encoding_utf16", "Łoś"},
		{"Windows-1252", windows(t, western), "encoding_guessed", "Žos"},
	} {
		all, src := contacts(t, c.text)
		if len(all) != 2 {
			t.Errorf("%s: %d contacts, want 2", c.name, len(all))
			continue
		}
		if all[0].ID != "1" || all[0].Values["last_name"] != "“Müller” – €" || all[1].Values["last_name"] != c.last {
			t.Errorf("%s: read %v", c.name, all)
		}
		if c.note != "" && !hasNote(src, c.note) {
			t.Errorf("%s: no note %s in %v", c.name, c.note, src.Notes())
		}
		if c.note == "" && len(src.Notes()) > 0 {
			t.Errorf("%s: notes %v, want none", c.name, src.Notes())
		}
	}
}

func TestEncoding_BytesThatWindows1252LeavesOpenAreKept(t *testing.T) {
	all, _ := contacts(t, "ID,Email,First Name\n1,a@x.example,\xfc\x81\x9d\n")
	if got := all[0].Values["first_name"]; got != "ü\u0081\u009d" {
		t.Errorf("first name %q", got)
	}
}

func TestEncoding_OneStrayByteDoesNotSpoilTheUmlauts(t *testing.T) {
	for name, text := range map[string]string{
		"near":                 "ID,Email,First Name,Last Name\n1,a@x.example,Zoë,Müller\n2,b@x.example,M\xfcller,Öz\n",
		"far from the umlauts": "ID,Email,First Name,Last Name\n1,a@x.example,Zoë,Müller\n" + strings.Repeat("3,c@x.example,Plain,Name\n", 40_000) + "2,b@x.example,M\xfcller,Oz\n",
	} {
		all, src := contacts(t, text)
		if first, last := all[0], all[len(all)-1]; first.Values["last_name"] != "Müller" || last.Values["first_name"] != "Müller" {
			t.Errorf("%s: read %v and %v", name, first, last)
		}
		if !hasNote(src, "encoding_mixed") {
			t.Errorf("%s: not reported", name)
		}
	}
}

func TestEncoding_InvalidBytesBehindTheSampleAreSeen(t *testing.T) {
	text := "ID,Email,First Name\n" + strings.Repeat("1,a@x.example,Plain\n", 40_000) + "2,b@x.example,J\xf6rg \x80\n"
	all, src := contacts(t, text)
	if got := all[len(all)-1].Values["first_name"]; got != "Jörg €" || !hasNote(src, "encoding_guessed") {
		t.Errorf("first name %q, notes %v", got, src.Notes())
	}
}

func TestEncoding_CharactersAcrossTheSurveysSeamAreValid(t *testing.T) {
	for shift := range 8 {
		head := "ID,Email,First Name\n1,a@x.example," + strings.Repeat("x", shift)
		_, src := contacts(t, head+strings.Repeat("👩é", 150_000)+"\n")
		if len(src.Notes()) > 0 {
			t.Errorf("shift %d: notes %v", shift, src.Notes())
		}
	}
}

func TestEncoding_DoubleEncodedTextIsReportedAndKept(t *testing.T) {
	all, src := contacts(t, "ID,Email,Last Name\n1,a@x.example,MÃ¼ller\n")
	if all[0].Values["last_name"] != "MÃ¼ller" || !hasNote(src, "encoding_doubled") {
		t.Errorf("read %v, notes %v", all, src.Notes())
	}
}

func TestEncoding_SingleNULBytesAreKeptAndAreNotUTF16(t *testing.T) {
	all, src := contacts(t, "ID,Email,Last Name\n1,a@x.example,Mül\x00ler\n")
	if all[0].Values["last_name"] != "Mül\x00ler" || !hasNote(src, "nul_bytes") {
		t.Errorf("read %v, notes %v", all, src.Notes())
	}
}

func TestEncoding_LostCharactersAreReported(t *testing.T) {
	_, src := contacts(t, utf16Bytes("ID,Email,Last Name\n1,a@x.example,x", false, true)+"\x00\xd8"+utf16Bytes("y\n", false, false))
	if !hasNote(src, "encoding_damaged") {
		t.Errorf("notes %v", src.Notes())
	}
}

func TestEncoding_IsTakenFromTheUserWhenGiven(t *testing.T) {
	text, err := charmap.Windows1250.NewEncoder().String("ID,Email,Last Name\n1,a@x.example,Łoś\n")
	if err != nil {
		t.Fatal(err)
	}
	dir := folder(t, map[string]string{"contacts.csv": text})
	all := records(t, open(t, dir, ExportOptions{Encoding: "windows-1250"}), "contact")
	if got := all[0].Values["last_name"]; got != "Łoś" {
		t.Errorf("last name %q", got)
	}
	for _, label := range []string{"utf-8", "klingon"} {
		if _, err := OpenExport(context.Background(), dir, ExportOptions{Encoding: label}); err == nil {
			t.Errorf("encoding %q was accepted for bytes it cannot read", label)
		}
	}
}
