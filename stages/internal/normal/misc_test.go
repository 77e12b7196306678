package normal

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var sampleTags = NewTitles([]string{"Newsletter", "Customer", "VIP", "R&amp;D", "Trade show, Berlin", "Événement", "日本語", "vip", ""})

func TestListMatchesKnownTitlesBeforeSeparators(t *testing.T) {
	tests := []struct {
		cell, separator string
		want            []string
	}{
		{"VIP, Trade show, Berlin, Newsletter", ", ", []string{"VIP", "Trade show, Berlin", "Newsletter"}},
		{"R&amp;D, Ad-hoc Import", ", ", []string{"R&D", "Ad-hoc Import"}},
		{"R&amp;D;Ad-hoc Import", ";", []string{"R&D", "Ad-hoc Import"}},
		{" Referral ,  vip, VIP, ", ", ", []string{"Referral", "VIP"}},
		{"Customer,VIP", "", []string{"Customer", "VIP"}},
		{"A|B||C", "|", []string{"A", "B", "C"}},
		{"A\nB", "\n", []string{"A", "B"}},
		{"Trade show, Berlin", ";", []string{"Trade show, Berlin"}},
		{"trade  show, BERLIN", ",", []string{"Trade show, Berlin"}},
		{`["VIP", "x, y", 7, null, {"title":"Newsletter"}, "vip"]`, ",", []string{"VIP", "x, y", "7", "Newsletter"}},
		{"[not json, VIP", ",", []string{"[not json", "VIP"}},
		{"'=A, B", ",", []string{"=A", "B"}},
		{"-", ",", nil},
		{"", ",", nil},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, List(tt.cell, sampleTags, tt.separator)); diff != "" {
			t.Errorf("List(%q, %q) (-want +got):\n%s", tt.cell, tt.separator, diff)
		}
	}
}

func TestListSeparatorIsTheOneThatYieldsKnownTitles(t *testing.T) {
	tests := []struct {
		cells    []string
		want     string
		evidence int
	}{
		{[]string{"VIP;Newsletter", "a, b, c; Customer"}, ";", 3},
		{[]string{"VIP, Newsletter"}, ",", 2},
		{[]string{"x|y", "z"}, "|", 0},
		{nil, ",", 0},
	}
	for _, tt := range tests {
		if got, n := ListSeparator(slices.Values(tt.cells), sampleTags); got != tt.want || n != tt.evidence {
			t.Errorf("ListSeparator(%q) = %q, %d; want %q, %d", tt.cells, got, n, tt.want, tt.evidence)
		}
	}
}

func TestBoolReadsLocalWords(t *testing.T) {
	for cell, want := range map[string]string{
		"1": "yes", "0": "no", "Yes": "yes", "TRUE": "yes", "WAHR": "yes", "off": "no", "Ja": "yes", "nein": "no", "ano": "yes", "ne": "no",
		"Oui": "yes", "Non": "no", "Sí": "yes", "falso": "no", "nee": "no", "так": "yes", "ні": "no", "": "", "NULL": "", "maybe": "",
	} {
		value, ok := Bool(cell)
		got := map[[2]bool]string{{true, true}: "yes", {false, true}: "no", {false, false}: ""}[[2]bool{value, ok}]
		if got != want {
			t.Errorf("Bool(%q) = %v, %v; want %q", cell, value, ok, want)
		}
	}
}

func TestRegistrationAndVATKeys(t *testing.T) {
	tests := []struct {
		read       func(string) string
		cell, want string
	}{
		{VAT, "DE 123.456.789", "DE123456789"},
		{VAT, "atu 12345678", "ATU12345678"},
		{VAT, "USt-IdNr.: DE123456789", "DE123456789"},
		{VAT, "DIČ CZ12345678", "CZ12345678"},
		{VAT, "N/A", ""},
		{RegistrationNumber, "HRB 12345 B", "HRB12345B"},
		{RegistrationNumber, "01234567", "01234567"},
		{RegistrationNumber, "０１２", "012"},
		{Digits, "+49 (30) 1-2", "493012"},
		{Digits, "12", "12"},
	}
	for _, tt := range tests {
		if got := tt.read(tt.cell); got != tt.want || tt.read(got) != got {
			t.Errorf("key of %q = %q, want %q, unchanged when repeated", tt.cell, got, tt.want)
		}
	}
}

func TestHTMLTextShowsWhatABrowserWould(t *testing.T) {
	for in, want := range map[string]string{
		"<p>Hello <b>big</b> world</p><p>R&amp;D</p>":                       "Hello big world\nR&D",
		"a<br>b<br/><br>c":                                                  "a\nb\n\nc",
		"<ul><li>one</li><li>two</li></ul>end":                              "- one\n- two\nend",
		"<!-- wp:paragraph --><p>Hi {{contact.first_name}}</p><!-- /wp -->": "Hi {{contact.first_name}}",
		"<script>alert(1)</script><style>p{}</style>text":                   "text",
		"<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>":   "a b\nc",
		"<p>\n  spaced\n  out </p>":                                         "spaced out",
		"1 < 2 & 3 > 2":                                                     "1 < 2 & 3 > 2",
		"plain &amp; simple\nsecond line":                                   "plain & simple\nsecond line",
		"x<b>y</b>z":                                                        "xyz",
		"":                                                                  "",
	} {
		if got := HTMLText(in); got != want {
			t.Errorf("HTMLText(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestSanitizeHTMLDropsWhatRuns(t *testing.T) {
	got := SanitizeHTML(`<p onclick="x()">Hi <a href="javascript:x()">a</a> <a href="https://x.example">b</a></p><script>alert(1)</script><iframe src="x"></iframe><!-- wp -->` + "\x00")
	for _, bad := range []string{"onclick", "javascript", "script", "iframe", "<!--", "alert", "\x00"} {
		if strings.Contains(got, bad) {
			t.Errorf("SanitizeHTML left %q in %q", bad, got)
		}
	}
	if !strings.Contains(got, "<p>Hi ") || !strings.Contains(got, `href="https://x.example"`) {
		t.Errorf("SanitizeHTML lost harmless markup: %q", got)
	}
	if again := SanitizeHTML(got); again != got {
		t.Errorf("SanitizeHTML of %q becomes %q", got, again)
	}
}

func TestTextHTMLKeepsTheLinesOfPlainNotes(t *testing.T) {
	for in, want := range map[string]string{
		"a < b\r\nR&D": "a &lt; b<br>R&amp;D",
		"<p>a</p>":     "<p>a</p>",
	} {
		if got := TextHTML(in); got != want {
			t.Errorf("TextHTML(%q) = %q, want %q", in, got, want)
		}
	}
}
