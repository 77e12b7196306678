package normal

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMoneyKeepsEveryDigit(t *testing.T) {
	tests := []struct {
		cell string
		mark byte
		want Amount
	}{
		{"12,500.00", '.', Amount{Value: "12500.00"}},
		{"12,500", '.', Amount{Value: "12500"}},
		{"12,500", ',', Amount{Value: "12.500"}},
		{"12,500", 0, Amount{Reason: NumberAmbiguous}},
		{"12.500", ',', Amount{Value: "12500"}},
		{"€ 12\u00a0500.00", '.', Amount{Value: "12500.00", Currency: "EUR"}},
		{"(1,200.50)", '.', Amount{Value: "-1200.50"}},
		{"1'250.75", '.', Amount{Value: "1250.75"}},
		{"CHF 1’250.75", ',', Amount{Value: "1250.75", Currency: "CHF"}},
		{"abc", '.', Amount{Reason: NumberUnreadable}},
		{"NULL", '.', Amount{}},
		{"", '.', Amount{}},
		{"'-75.25", '.', Amount{Value: "-75.25"}},
		{"1,451.00", '.', Amount{Value: "1451.00"}},
		{"€2.402,00", '.', Amount{Value: "2402.00", Currency: "EUR"}},
		{"(500.00)", '.', Amount{Value: "-500.00"}},
		{"4 304.00", '.', Amount{Value: "4304.00"}},
		{"1\u202f234,56 €", 0, Amount{Value: "1234.56", Currency: "EUR"}},
		{"\u22125", 0, Amount{Value: "-5"}},
		{"5-", 0, Amount{Value: "-5"}},
		{"-€5", 0, Amount{Value: "-5", Currency: "EUR"}},
		{"(€ 5,5)", 0, Amount{Value: "-5.5", Currency: "EUR"}},
		{"500,- Kč", 0, Amount{Value: "500", Currency: "CZK"}},
		{"Fr. 500.–", 0, Amount{Value: "500", Currency: "CHF"}},
		{"US$ 1,234,567", 0, Amount{Value: "1234567", Currency: "USD"}},
		{"$1.234.567", 0, Amount{Value: "1234567", Currency: "$"}},
		{"12,34,567.8 INR", 0, Amount{Value: "1234567.8", Currency: "INR"}},
		{"&euro; 5", 0, Amount{Value: "5", Currency: "EUR"}},
		{"99999999999999999999.01", 0, Amount{Value: "99999999999999999999.01"}},
		{"0,500", 0, Amount{Value: "0.500"}},
		{"1234,567", 0, Amount{Value: "1234.567"}},
		{"-0.00", 0, Amount{Value: "0.00"}},
		{".5", 0, Amount{Value: "0.5"}},
		{"007", 0, Amount{Value: "7"}},
		{"1.5E+6", 0, Amount{Reason: NumberExponent}},
		{"12 50", 0, Amount{Reason: NumberUnreadable}},
		{"10-50", 0, Amount{Reason: NumberUnreadable}},
		{"10k", 0, Amount{Reason: NumberUnreadable}},
		{"1,23,4", 0, Amount{Reason: NumberUnreadable}},
		{"(5", 0, Amount{Reason: NumberUnreadable}},
		{"5 XYZ", 0, Amount{Reason: NumberUnreadable}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, Money(tt.cell, tt.mark)); diff != "" {
			t.Errorf("Money(%q, %q) (-want +got):\n%s", tt.cell, tt.mark, diff)
		}
	}
}

func TestNumberPercentAndIntegerReadTheirOwnForms(t *testing.T) {
	read := map[string]func(string) (string, string){
		"number":  func(s string) (string, string) { return Number(s, '.') },
		"percent": func(s string) (string, string) { return Percent(s, ',') },
		"integer": Integer,
	}
	tests := []struct{ kind, cell, want, reason string }{
		{"number", "1,250", "1250", ""},
		{"number", "5 €", "", NumberUnreadable},
		{"percent", "45,2 %", "45.2", ""},
		{"percent", "45", "45", ""},
		{"percent", "x%", "", NumberUnreadable},
		{"integer", "1,057", "1057", ""},
		{"integer", "1.057", "1057", ""},
		{"integer", "1'057", "1057", ""},
		{"integer", "12.00", "12", ""},
		{"integer", "12.5", "", NumberUnreadable},
		{"integer", "-", "", ""},
	}
	for _, tt := range tests {
		if got, reason := read[tt.kind](tt.cell); got != tt.want || reason != tt.reason {
			t.Errorf("%s %q = %q, %q; want %q, %q", tt.kind, tt.cell, got, reason, tt.want, tt.reason)
		}
	}
}

func TestDecimalMarkNeedsAProofWithoutContradiction(t *testing.T) {
	tests := []struct {
		values []string
		want   MarkEvidence
	}{
		{[]string{"12,500", "1,200.50", "7", "abc"}, MarkEvidence{Mark: '.', Point: 1, Ambiguous: 1, PointExample: "1,200.50"}},
		{[]string{"€ 0,5", "1.000.000", "1.000"}, MarkEvidence{Mark: ',', Comma: 2, Ambiguous: 1, CommaExample: "€ 0,5"}},
		{[]string{"0,5", "0.5"}, MarkEvidence{Point: 1, Comma: 1, PointExample: "0.5", CommaExample: "0,5"}},
		{[]string{"12,500"}, MarkEvidence{Ambiguous: 1}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, DecimalMark(slices.Values(tt.values))); diff != "" {
			t.Errorf("DecimalMark(%q) (-want +got):\n%s", tt.values, diff)
		}
	}
}

func FuzzMoney(f *testing.F) {
	for _, s := range []string{"€2.402,00", "(1,200.50)", "1'250.75", "'-75.25", "5-", "500,-", "-0", "1 2", "Fr. .", "((", "12,34,567"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, mark := range []byte{0, '.', ','} {
			a := Money(s, mark)
			if again := Money(a.Value, '.'); a.Value != "" && again != (Amount{Value: a.Value}) {
				t.Errorf("Money(%q, %q) = %q becomes %+v", s, mark, a.Value, again)
			}
		}
	})
}

func BenchmarkMoney(b *testing.B) {
	for b.Loop() {
		Money("€2.402,00", '.')
	}
}
