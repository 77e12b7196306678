package normal

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEmailAcceptsWhatExportsContain(t *testing.T) {
	tests := []struct {
		cell string
		want []string // ASCII forms
	}{
		{"vera.lukasik80@example.com", []string{"vera.lukasik80@example.com"}},
		{"VERA.LUKASIK80@EXAMPLE.COM", []string{"vera.lukasik80@example.com"}},
		{" yara.bauer82@mail.example\u00a0", []string{"yara.bauer82@mail.example"}},
		{"mailto:yara.bauer82@mail.example", []string{"yara.bauer82@mail.example"}},
		{"mailto:a@b.example?subject=x", []string{"a@b.example"}},
		{"Amelie.Petrov84@Example.Com", []string{"amelie.petrov84@example.com"}},
		{"\u200bchloe.celik86@mail.example", []string{"chloe.celik86@mail.example"}},
		{"\ufeffeva.toth88@example.com.", []string{"eva.toth88@example.com"}},
		{"Multi.One@example.com; multi.two@example.org", []string{"multi.one@example.com", "multi.two@example.org"}},
		{"a70@example.com,b70@example.com", []string{"a70@example.com", "b70@example.com"}},
		{"a@x.example b@x.example", []string{"a@x.example", "b@x.example"}},
		{"a@x.example / b@x.example", []string{"a@x.example", "b@x.example"}},
		{"a@x.example\nA@X.example", []string{"a@x.example"}},
		{"Eva Tóth <EVA.TOTH72@Example.ORG>", []string{"eva.toth72@example.org"}},
		{`"Doe, John" <j@x.example>; k@x.example`, []string{"j@x.example", "k@x.example"}},
		{"Doe, John <j@x.example>", []string{"j@x.example"}},
		{"jörg74@münchen.example", []string{"jörg74@xn--mnchen-3ya.example"}},
		{"a@xn--mnchen-3ya.example", []string{"a@xn--mnchen-3ya.example"}},
		{"'+tag@x.example", []string{"+tag@x.example"}},
		{"o'brien+x@x.example", []string{"o'brien+x@x.example"}},
		{"<a@x.example>;", []string{"a@x.example"}},
		{"a@x.example, -", []string{"a@x.example"}},
		{"", nil}, {"NULL", nil}, {"N/A", nil}, {"-", nil}, {" ; ", nil},
	}
	for _, tt := range tests {
		var got []string
		for _, a := range Email(tt.cell) {
			if !a.Valid || a.Reason != "" {
				t.Errorf("Email(%q): %q is invalid: %s", tt.cell, a.Address, a.Reason)
			}
			got = append(got, a.ASCII)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("Email(%q) (-want +got):\n%s", tt.cell, diff)
		}
	}
}

func TestEmailSaysWhyAnAddressIsInvalid(t *testing.T) {
	tests := map[string]string{
		"no-at-sign.example.com":   EmailNoAt,
		"two@@example.com":         EmailManyAts,
		"dots@bad..example":        EmailDomain,
		"space in@local.example":   EmailSpace,
		"user@localhost":           EmailDomain,
		"user@[10.0.0.1]":          EmailDomain,
		"user@10.0.0.1":            EmailDomain,
		"user@-a.example":          EmailDomain,
		"user@a_b.example":         EmailDomain,
		"user@example.c":           EmailDomain,
		".user@x.example":          EmailLocal,
		"us..er@x.example":         EmailLocal,
		"us(er)@x.example":         EmailLocal,
		"@x.example":               EmailLocal,
		"jörg😀@x.example":          EmailLocal,
		"user@" + "x":              EmailDomain,
		string(make([]byte, 3)):    "",
		"Name <no-at.example.com>": EmailNoAt,
	}
	for cell, reason := range tests {
		got := Email(cell)
		if reason == "" {
			if got != nil {
				t.Errorf("Email(%q) = %+v, want nothing", cell, got)
			}
			continue
		}
		if len(got) != 1 || got[0].Valid || got[0].Reason != reason || got[0].ASCII != "" || Hint(reason) == "" {
			t.Errorf("Email(%q) = %+v, want reason %s", cell, got, reason)
		}
	}
}

func TestEmailDerivesKeys(t *testing.T) {
	tests := []struct {
		cell string
		want Address
	}{
		{"Eva Tóth <E.Va+news@Googlemail.com>", Address{
			Raw: "Eva Tóth <E.Va+news@Googlemail.com>", Name: "Eva Tóth", Address: "e.va+news@googlemail.com",
			ASCII: "e.va+news@googlemail.com", Domain: "googlemail.com", Mailbox: "eva@gmail.com", Valid: true,
		}},
		{"Info+x@Bücher.example", Address{
			Raw: "Info+x@Bücher.example", Address: "info+x@bücher.example", ASCII: "info+x@xn--bcher-kva.example",
			Domain: "xn--bcher-kva.example", Mailbox: "info@xn--bcher-kva.example", Valid: true, Role: true,
		}},
		{"a.b+c@x.example", Address{
			Raw: "a.b+c@x.example", Address: "a.b+c@x.example", ASCII: "a.b+c@x.example",
			Domain: "x.example", Mailbox: "a.b@x.example", Valid: true,
		}},
		{"a@xn--bcher-kva.example", Address{
			Raw: "a@xn--bcher-kva.example", Address: "a@bücher.example", ASCII: "a@xn--bcher-kva.example",
			Domain: "xn--bcher-kva.example", Mailbox: "a@xn--bcher-kva.example", Valid: true,
		}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff([]Address{tt.want}, Email(tt.cell)); diff != "" {
			t.Errorf("Email(%q) (-want +got):\n%s", tt.cell, diff)
		}
	}
}

func FuzzEmail(f *testing.F) {
	for _, s := range []string{"a@b.example", "Jörg <J@münchen.example>", "'+a@b.de, 'c@d.de", `"x, y" <a@b.de>`, "mailto:A@B.de?x", "a@b.de.;", "@", "<>", "a\u200b@ß.example", "İ@İ.example"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, a := range Email(s) {
			if !a.Valid {
				continue
			}
			again := Email(a.Address)
			if len(again) != 1 || again[0].Address != a.Address || again[0].ASCII != a.ASCII {
				t.Errorf("Email(%q): %q becomes %+v", s, a.Address, again)
			}
		}
	})
}

func BenchmarkEmail(b *testing.B) {
	for b.Loop() {
		Email("vera.lukasik80@example.com")
	}
}

func BenchmarkEmailSlow(b *testing.B) {
	for b.Loop() {
		Email("Eva Tóth <EVA.TOTH72@Example.ORG>; b@x.example")
	}
}
