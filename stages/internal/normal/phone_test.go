package normal

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/nyaruka/phonenumbers"
)

func TestPhoneReadsOneNumber(t *testing.T) {
	tests := []struct{ cell, country, e164, ext, reason string }{
		{"'+49 30 100000", "DE", "+4930100000", "", ""},
		{"'+49 32 2001822", "", "+49322001822", "", ""},
		{"030/901820", "DE", "+4930901820", "", ""},
		{"030 / 901820", "DE", "+4930901820", "", ""},
		{"+49 (0)30 901820", "", "+4930901820", "", ""},
		{"0049 30 901820", "DE", "+4930901820", "", ""},
		{"0049 30 901820", "", "+4930901820", "", ""},
		{"0049 30 901820", "US", "+4930901820", "", ""},
		{"4930901820", "DE", "+4930901820", "", ""},
		{"15111000000", "DE", "+4915111000000", "", ""},
		{"4915111000000.0", "DE", "+4915111000000", "", ""},
		{"06 1234 5678", "IT", "+390612345678", "", ""},
		{"(415) 555-2671 x 12", "US", "+14155552671", "12", ""},
		{"+420 222 333 444 linka 12", "CZ", "+420222333444", "12", ""},
		{"030 901820 Durchwahl 17", "DE", "+4930901820", "17", ""},
		{"tel:+49-30-901820;ext=5", "", "+4930901820", "5", ""},
		{"Tel. 030 901820 (privat)", "DE", "+4930901820", "", ""},
		{"1-800-FLOWERS", "US", "+18003569377", "", ""},
		{"1-800-FLOWERS", "DE", "", "", PhoneInvalid},
		{"+49 800 555", "DE", "", "", PhoneInvalid},
		{"030 901820", "", "", "", PhoneNoCountry},
		{"4.91512E+11", "DE", "", "", PhoneSpreadsheet},
		{"4,9E+11", "DE", "", "", PhoneSpreadsheet},
		{"call me", "DE", "", "", PhoneNoDigits},
	}
	for _, tt := range tests {
		got := Phone(tt.cell, tt.country)
		if len(got) != 1 {
			t.Errorf("Phone(%q, %q) = %v, want one number", tt.cell, tt.country, got)
			continue
		}
		if g := got[0]; g.E164 != tt.e164 || g.Ext != tt.ext || g.Reason != tt.reason || g.Valid != (tt.e164 != "") {
			t.Errorf("Phone(%q, %q) = %+v, want %v", tt.cell, tt.country, g, tt)
		}
	}
}

func TestPhoneReadsSeveralNumbersInACell(t *testing.T) {
	tests := []struct {
		cell string
		want []string
	}{
		{"030 901820; 030 901821", []string{"+4930901820", "+4930901821"}},
		{"030 901820, 0151 11000000", []string{"+4930901820", "+4915111000000"}},
		{"030/901820 / 0151/11000000", []string{"+4930901820", "+4915111000000"}},
		{"+49 30 901820 +49 30 901821", []string{"+4930901820", "+4930901821"}},
		{"030 901820 oder 030 901821\n030 901820", []string{"+4930901820", "+4930901821"}},
		{"030 901820; -", []string{"+4930901820"}},
		{"N/A", nil},
		{"", nil},
	}
	for _, tt := range tests {
		var got []string
		for _, p := range Phone(tt.cell, "DE") {
			got = append(got, p.E164)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("Phone(%q) (-want +got):\n%s", tt.cell, diff)
		}
	}
}

func TestPhoneKeepsAKeyForNumbersOutsideEveryPlan(t *testing.T) {
	tests := []struct{ cell, country, key string }{
		{"0151 1000000", "DE", "+491511000000"},
		{"+49 151 1000000", "", "+491511000000"},
		{"0151 1000000", "", "01511000000"},
		{"+99 (9) 5550-99", "", "+999555099"},
		{"12", "DE", ""},
	}
	for _, tt := range tests {
		if p := Phone(tt.cell, tt.country)[0]; p.Valid || p.Key != tt.key {
			t.Errorf("Phone(%q, %q) = %+v, want the key %q", tt.cell, tt.country, p, tt.key)
		}
	}
}

// The fast way must never answer otherwise than libphonenumber itself.
func TestFastPhoneAgreesWithTheLibrary(t *testing.T) {
	fast := 0
	check := func(s, region string) {
		e164, ok := fastPhone(s, region)
		if !ok {
			return
		}
		fast++
		number, err := phonenumbers.Parse(s, region)
		if err != nil || !phonenumbers.IsValidNumber(number) || phonenumbers.Format(number, phonenumbers.E164) != e164 {
			t.Errorf("fastPhone(%q, %q) = %q, library says %v, %v", s, region, e164, number, err)
		}
	}
	for region := range phonenumbers.GetSupportedRegions() {
		for _, kind := range []phonenumbers.PhoneNumberType{phonenumbers.FIXED_LINE, phonenumbers.MOBILE, phonenumbers.TOLL_FREE} {
			number := phonenumbers.GetExampleNumberForType(region, kind)
			if number == nil {
				continue
			}
			for _, form := range []phonenumbers.PhoneNumberFormat{phonenumbers.E164, phonenumbers.INTERNATIONAL, phonenumbers.NATIONAL} {
				s := phonenumbers.Format(number, form)
				for _, home := range []string{region, "DE", "US", "IT", "RU", "BR"} {
					check(s, home)
					check(s[1:], home)
					check(s+"7", home)
					check(s[:len(s)-1], home)
				}
			}
		}
	}
	if fast < 5000 {
		t.Errorf("only %d numbers took the fast way", fast)
	}
}

func BenchmarkPhone(b *testing.B) {
	cells := []string{"+49 30 901820", "0151 11000000", "030/90182010", "+1 (415) 555-2671"}
	for i := 0; b.Loop(); i++ {
		Phone(cells[i%len(cells)], "DE")
	}
}

func BenchmarkPhoneSlow(b *testing.B) {
	for b.Loop() {
		Phone("Tel. 030 901820 x12", "DE")
	}
}
