package normal

import (
	"strings"
	"testing"
)

func TestGuardUndoesOnlyAFormulaGuard(t *testing.T) {
	for cell, want := range map[string]string{
		"'=HYPERLINK Partners": "=HYPERLINK Partners", "'-5 degrees is fine": "-5 degrees is fine", "'+49 30 100000": "+49 30 100000",
		"'@x": "@x", "'\tx": "\tx", "'\rx": "\rx", "'=cmd|' /C calc'!A0": "=cmd|' /C calc'!A0",
		"'t Hooft": "'t Hooft", "''=x": "''=x", "'": "'", "=x": "=x", "": "",
	} {
		if got := Guard(cell); got != want {
			t.Errorf("Guard(%q) = %q, want %q", cell, got, want)
		}
	}
}

func TestNullTokensAreExactAndFewerForNames(t *testing.T) {
	both := []string{"", " ", "NULL", "(null)", `\N`, "\u00a0"}
	onlyOrdinary := []string{"null", "N/A", "n/a", "#N/A", "-", "None", "undefined", "NaN"}
	neither := []string{"Null", "none", "Undefined", "nan", "0", "--", "N.A."}
	check := func(list []string, ordinary, name bool) {
		for _, s := range list {
			if IsNull(s) != ordinary || IsNullName(s) != name {
				t.Errorf("IsNull(%q), IsNullName = %v, %v; want %v, %v", s, IsNull(s), IsNullName(s), ordinary, name)
			}
		}
	}
	check(both, true, true)
	check(onlyOrdinary, true, false)
	check(neither, false, false)
}

func TestValueReadsTheContractsProbes(t *testing.T) {
	tests := []struct {
		read       func(string) string
		cell, want string
	}{
		{NameValue, "Null", "Null"},
		{NameValue, "NULL", ""},
		{NameValue, `Robert "Bob"`, `Robert "Bob"`},
		{NameValue, "👩\u200d💻 Zoë", "👩\u200d💻 Zoë"},
		{NameValue, "Tom &amp; Jerry", "Tom & Jerry"},
		{NameValue, "'t Hooft", "'t Hooft"},
		{Value, "line one\nline two\r\nline three, with comma", "line one\nline two\nline three, with comma"},
		{Value, `Path C:\temp\" end, ok`, `Path C:\temp\" end, ok`},
		{Value, "'-5 degrees is fine", "-5 degrees is fine"},
		{Value, "None", ""},
	}
	for _, tt := range tests {
		if got := tt.read(tt.cell); got != tt.want {
			t.Errorf("value of %q = %q, want %q", tt.cell, got, tt.want)
		}
	}
}

func TestTextRepairsWhatAnAPIWouldRefuse(t *testing.T) {
	for in, want := range map[string]string{
		"  a \u00a0 ":            "a",
		"Zoe\u0308":              "Zoë",
		"a\x00b\x0bc\u0085d":     "abc\nd",
		"a\tb\rc":                "a\tb\nc",
		"\ufeffa\u00a0b\u202fc":  "a b c",
		"bad \xff byte":          "bad \uFFFD byte",
		"a  b":                   "a  b",
		"\u200ba\u200b":          "a",
		"\u05d0\u200fb":          "\u05d0\u200fb",
		"plain":                  "plain",
		"":                       "",
		"para\u2029graph\u2028x": "para\ngraph\nx",
	} {
		if got := Text(in); got != want || Text(got) != got {
			t.Errorf("Text(%q) = %q, want %q, unchanged when repeated", in, got, want)
		}
	}
}

func TestEntitiesAreDecodedOnceAndOnlyWhenClosed(t *testing.T) {
	for in, want := range map[string]string{
		"R&amp;D": "R&D", "&amp;amp;": "&amp;", "&#228;&#xE4;": "ää", "a &lt; b": "a < b",
		"AT&TLAS;": "AT&TLAS;", "?a=1&copy=2": "?a=1&copy=2", "&;": "&;", "&& ;": "&& ;", "a;b&c": "a;b&c",
	} {
		if got := Entities(in); got != want {
			t.Errorf("Entities(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestFoldJoinsSpellingsOfOneText(t *testing.T) {
	groups := [][]string{
		{"VIP", "vip", " vip ", "V\u200bIP", "\u202avip\u202c", "vip\x00"},
		{"Alpha GmbH", "  ALPHA GMBH"},
		{"Bravo AG", "Bravo  AG", "bravo\n ag"},
		{`Müller & Söhne "Werkzeuge" KG`, "Mu\u0308ller &amp; So\u0308hne \"Werkzeuge\" KG"},
		{"Harbor AG", "Harbor AG\u00a0", "Harbor\u2009AG"},
		{"R&D", "R&amp;D"},
		{"Straße", "STRASSE", "STRAẞE"},
		{"ΣΊΣΥΦΟΣ", "σίσυφος"},
		{"Événement", "E\u0301VE\u0301NEMENT"},
	}
	seen := map[string]int{}
	for i, group := range groups {
		key := Fold(group[0])
		for _, s := range group {
			if Fold(s) != key || Fold(key) != key {
				t.Errorf("Fold(%q) = %q, want %q", s, Fold(s), key)
			}
		}
		if j, taken := seen[key]; taken {
			t.Errorf("groups %d and %d share the key %q", i, j, key)
		}
		seen[key] = i
	}
}

func TestABodyTextInTheWrongColumnIsNotTakenApart(t *testing.T) {
	body := strings.Repeat("a@b.example, 030/", 100_000)
	if got := Email(body); len(got) != 1 || got[0].Reason != TooLong || got[0].Raw != body {
		t.Errorf("Email gives %d addresses", len(got))
	}
	if got := Phone(body, "DE"); len(got) != 1 || got[0].Reason != TooLong || got[0].Raw != body {
		t.Errorf("Phone gives %d numbers", len(got))
	}
	if got := Text(body); got != body {
		t.Error("Text changed a long text")
	}
}

func TestEveryReasonHasAHint(t *testing.T) {
	for _, reason := range []string{
		TooLong, EmailNoAt, EmailManyAts, EmailSpace, EmailLocal, EmailDomain, PhoneSpreadsheet, PhoneNoDigits, PhoneNoCountry, PhoneInvalid,
		NumberUnreadable, NumberAmbiguous, NumberExponent, DateUnreadable, DateImpossible, DateIncomplete, DateAmbiguous, DateTwoDigitYear,
		ZoneUnknown, DSTGap, DSTOverlap,
	} {
		if Hint(reason) == "" {
			t.Errorf("no hint for %s", reason)
		}
	}
}

func BenchmarkFold(b *testing.B) {
	for b.Loop() {
		Fold("trade show, berlin")
	}
}

func BenchmarkFoldMixedCase(b *testing.B) {
	for b.Loop() {
		Fold("Trade show, Berlin")
	}
}

func BenchmarkFoldUnicode(b *testing.B) {
	for b.Loop() {
		Fold(`Müller &amp; Söhne "Werkzeuge" KG`)
	}
}
