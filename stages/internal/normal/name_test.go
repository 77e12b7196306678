package normal

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPersonNameSplitsFullNames(t *testing.T) {
	tests := []struct{ first, last, full, prefix, wantFirst, wantLast, wantPrefix string }{
		{"Anna", "Adler", "ignored", "Dr.", "Anna", "Adler", "Dr."},
		{"NULL", "Smith", "", "", "", "Smith", ""},
		{"Jennifer", "Null", "", "", "Jennifer", "Null", ""},
		{"Gerard", "'t Hooft", "", "", "Gerard", "'t Hooft", ""},
		{"", "", "John Smith", "", "John", "Smith", ""},
		{"", "", "Doe, John", "", "John", "Doe", ""},
		{"", "", "Vincent van Gogh", "", "Vincent", "van Gogh", ""},
		{"", "", "Ludwig Mies van der Rohe", "", "Ludwig Mies", "van der Rohe", ""},
		{"", "", "Dr. Prof. Jana Nováková", "", "Jana", "Nováková", "Dr. Prof."},
		{"", "", "Dr.", "", "", "Dr.", ""},
		{"", "", "Müller, Dr. Jürgen", "", "Jürgen", "Müller", "Dr."},
		{"", "", "Ing. Petr Novák, Ph.D., MBA", "", "Petr", "Novák", "Ing."},
		{"", "", "Madonna", "", "", "Madonna", ""},
		{"John", "", "John Smith", "", "John", "Smith", ""},
		{"", "Smith", "Mr John Smith", "", "John", "Smith", "Mr"},
		{"", "", "Müller, Dr. Jürgen", "Dr.", "Jürgen", "Müller", "Dr."},
		{"", "", "Novák, Petr", "Dr.", "Petr", "Novák", "Dr."},
		{"John", "", "Somebody Else", "", "John", "", ""},
		{"👩\u200d💻 Zoë", "李", "", "", "👩\u200d💻 Zoë", "李", ""},
		{"", "", "", "", "", "", ""},
	}
	for _, tt := range tests {
		n := PersonName(tt.first, tt.last, tt.full, tt.prefix)
		got := []string{n.First, n.Last, n.Prefix}
		if diff := cmp.Diff([]string{tt.wantFirst, tt.wantLast, tt.wantPrefix}, got); diff != "" {
			t.Errorf("PersonName(%q, %q, %q, %q) (-want +got):\n%s", tt.first, tt.last, tt.full, tt.prefix, diff)
		}
		if again := PersonName(n.First, n.Last, "", n.Prefix); again.Display != n.Display || again.Key != n.Key {
			t.Errorf("PersonName of %+v becomes %+v", n, again)
		}
	}
}

func TestPersonNameKeysJoinSpellings(t *testing.T) {
	tests := []struct{ name, key, plain string }{
		{"Jürgen Müller", "juergen mueller", "jurgen muller"},
		{"MUELLER Juergen", "juergen mueller", "juergen mueller"},
		{"Müller, Jürgen", "juergen mueller", "jurgen muller"},
		{"Małgorzata Łukasik", "lukasik malgorzata", "lukasik malgorzata"},
		{"Zdeněk Dvořák", "dvorak zdenek", "dvorak zdenek"},
		{"Øyvind Sørensen", "oyvind sorensen", "oyvind sorensen"},
		{"Elena Åkesson", "akesson elena", "akesson elena"},
		{"Véronique Weiß", "veronique weiss", "veronique weiss"},
		{"Mia D’Angelo", "dangelo mia", "dangelo mia"},
		{"Anna-Maria O'Brien", "anna maria obrien", "anna maria obrien"},
		{"Ing. Petr Novák, Ph.D.", "novak petr", "novak petr"},
		{"M Ma", "m ma", "m ma"},
		{"Phil Collins", "collins phil", "collins phil"},
		{"Michael Herr", "herr michael", "herr michael"},
		{"Dr. phil. Hans Dipl.-Ing. Maier", "dipl hans ing maier", "dipl hans ing maier"},
		{"Dipl.-Ing. Hans Maier MBA", "hans maier", "hans maier"},
		{"Müller, Dr. Jürgen", "juergen mueller", "jurgen muller"},
		{"John Smith Jr.", "john jr smith", "john jr smith"},
		{"Тарас Шевченко", "тарас шевченко", "тарас шевченко"},
		{"Андрій Її", "андрій її", "андрій її"},
		{"👩\u200d💻 Zoë", "zoe", "zoe"},
		{"李", "李", "李"},
		{"😀", "😀", "😀"},
		{"Herr Dr.", "dr", "dr"},
	}
	for _, tt := range tests {
		n := PersonName("", "", tt.name, "")
		if n.Key != tt.key || n.PlainKey != tt.plain {
			t.Errorf("PersonName(%q) keys = %q, %q; want %q, %q", tt.name, n.Key, n.PlainKey, tt.key, tt.plain)
		}
	}
}

func TestCompanyNameKeys(t *testing.T) {
	tests := []struct{ cell, strict, loose, form string }{
		{"Alpha GmbH", "alpha gmbh", "alpha", "GmbH"},
		{"  ALPHA GMBH", "alpha gmbh", "alpha", "GmbH"},
		{"'=HYPERLINK Partners", "=hyperlink partners", "hyperlink partners", ""},
		{`Müller &amp; Söhne "Werkzeuge" KG`, `müller & söhne "werkzeuge" kg`, "mueller soehne werkzeuge", "KG"},
		{"Mueller und Soehne Werkzeuge", "mueller und soehne werkzeuge", "mueller soehne werkzeuge", ""},
		{"Fjord Inc.", "fjord inc.", "fjord", "Inc"},
		{"Huber GmbH & Co. KG", "huber gmbh & co. kg", "huber", "GmbH & Co. KG"},
		{"Huber GmbH und Co KG", "huber gmbh und co kg", "huber", "GmbH & Co. KG"},
		{"Huber & Co", "huber & co", "huber", "& Co."},
		{"Novák s. r. o.", "novák s. r. o.", "novak", "s.r.o."},
		{"Novák spol. s r.o.", "novák spol. s r.o.", "novak", "spol. s r.o."},
		{"Škoda, a.s.", "škoda, a.s.", "skoda", ""},
		{"Drutex Sp. z o.o.", "drutex sp. z o.o.", "drutex", "Sp. z o.o."},
		{"Ferrari S.p.A.", "ferrari s.p.a.", "ferrari", "S.p.A."},
		{"Aqua Spa", "aqua spa", "aqua spa", ""},
		{"Karma Oy", "karma oy", "karma", "Oy"},
		{"Volvo AB", "volvo ab", "volvo", ""},
		{"Philips B.V.", "philips b.v.", "philips", "B.V."},
		{"Tele2 SAS", "tele2 sas", "tele2", ""},
		{"ТОВ «Ромашка»", "тов «ромашка»", "ромашка", "ТОВ"},
		{"Grupo S.A. de C.V.", "grupo s.a. de c.v.", "grupo", "S.A. de C.V."},
		{"Tata Pvt. Ltd.", "tata pvt. ltd.", "tata", "Pvt Ltd"},
		{"Ember GmbH 2", "ember gmbh 2", "ember gmbh 2", ""},
		{"GmbH", "gmbh", "gmbh", ""},
		{"!!!", "!!!", "!!!", ""},
		{"NULL", "", "", ""},
	}
	for _, tt := range tests {
		c := CompanyName(tt.cell)
		if c.Strict != tt.strict || c.Loose != tt.loose {
			t.Errorf("CompanyName(%q) = %q, %q; want %q, %q", tt.cell, c.Strict, c.Loose, tt.strict, tt.loose)
		}
		if tt.form != "" && c.Form != tt.form {
			t.Errorf("CompanyName(%q) form = %q, want %q", tt.cell, c.Form, tt.form)
		}
		if again := CompanyName(c.Strict); again.Strict != c.Strict {
			t.Errorf("strict key %q becomes %q", c.Strict, again.Strict)
		}
	}
}

func TestCountryKnowsCodesNamesAndAliases(t *testing.T) {
	for cell, want := range map[string]string{
		"DE": "DE", "de": "DE", "DEU": "DE", "Germany": "DE", "Deutschland": "DE", "Německo": "DE", "Allemagne": "DE", "Alemania": "DE",
		"Germania": "DE", "Duitsland": "DE", "Німеччина": "DE", "Niemcy": "DE", "BRD": "DE",
		"USA": "US", "U.S.A.": "US", "United States": "US", "Vereinigte Staaten": "US", "США": "US", "America": "US",
		"UK": "GB", "England": "GB", "United Kingdom": "GB", "Großbritannien": "GB", "Grossbritannien": "GB", "GBR": "GB",
		"Česko": "CZ", "Czechia": "CZ", "Czech Republic": "CZ", "ČR": "CZ", "čr": "CZ", "Tschechien": "CZ", "CZE": "CZ",
		"Österreich": "AT", "Oesterreich": "AT", "Osterreich": "AT", "AUSTRIA": "AT", "Schweiz": "CH", "Suisse": "CH", "Svizzera": "CH",
		"Україна": "UA", "España": "ES", "Espana": "ES", "Italia": "IT", "Nederland": "NL", "The Netherlands": "NL", "Holland": "NL",
		"Türkei": "TR", "Türkiye": "TR", "Côte d'Ivoire": "CI", "Slovensko": "SK", "South Korea": "KR", "Japan": "JP", "BR": "BR", "EE": "EE",
		"  france ": "FR", "Norge": "NO", "NA": "NA", "NULL": "", "": "", "D": "", "XX": "", "Atlantis": "", "EU": "", "ZZ": "",
	} {
		if got := Country(cell); got != want {
			t.Errorf("Country(%q) = %q, want %q", cell, got, want)
		}
	}
}

func TestDomainIsRegistrable(t *testing.T) {
	for in, want := range map[string]string{
		"https://www.alpha0.example/x?y": "alpha0.example", "WWW.Acme.CO.UK": "acme.co.uk", "info@mail.acme.de": "acme.de", "acme.de:8080": "acme.de",
		"http://user:pw@shop.acme.com.au:80/": "acme.com.au", "//acme.de/": "acme.de", "münchen.example": "xn--mnchen-3ya.example",
		"acme.de, acme.com": "acme.de", "foo.wixsite.com": "foo.wixsite.com", "mailto:a@acme.de": "acme.de", "acme.de.": "acme.de",
		"1.2.3.4": "", "http://10.0.0.1:80/": "", "http://[::1]/": "", "localhost": "", "co.uk": "", "n/a": "", "": "", "none yet": "", "a_b.de": "",
	} {
		if got := Domain(in); got != want {
			t.Errorf("Domain(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestOnlyAnOwnDomainIdentifiesACompany(t *testing.T) {
	for in, want := range map[string]string{
		"a@acme.de": "acme.de", "a@gmail.com": "", "a@seznam.cz": "", "a@mail.web.de": "", "https://facebook.com/acme": "",
		"https://de.linkedin.com/company/acme": "", "acme.wixsite.com": "", "acme.github.io": "", "acme.myshopify.com": "", "netflix.com": "netflix.com",
		"acme.example": "acme.example",
	} {
		if got := OwnDomain(in); got != want {
			t.Errorf("OwnDomain(%q) = %q, want %q", in, got, want)
		}
	}
}

func BenchmarkPersonName(b *testing.B) {
	for b.Loop() {
		PersonName("Anna", "Adler", "", "")
	}
}

func BenchmarkPersonNameUnicode(b *testing.B) {
	for b.Loop() {
		PersonName("Jürgen", "Müller", "", "Dr.")
	}
}

func BenchmarkCompanyName(b *testing.B) {
	for b.Loop() {
		CompanyName("Huber GmbH & Co. KG")
	}
}

func BenchmarkDomain(b *testing.B) {
	for b.Loop() {
		Domain("https://www.alpha0.example/x")
	}
}

func BenchmarkCountry(b *testing.B) {
	for b.Loop() {
		Country("Deutschland")
	}
}
