package clean

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestALineBecomesWhatPipedriveTakesAndItsSumIsExact(t *testing.T) {
	cases := []struct {
		name string
		line sourceLine
		deal string
		want fittedLine
	}{
		{"quantity times price", sourceLine{"3", "10.25", "", "", "30.75", "EUR"}, "EUR", fittedLine{"3", "10.25", "0", 3075, true, true}},
		{"a percentage, halves away from zero", sourceLine{"5", "10.25", "percentage", "10", "46.13", "EUR"}, "EUR", fittedLine{"5", "10.25", "10", 4613, true, true}},
		{"what a float would round down", sourceLine{"1", "1.005", "", "", "", "EUR"}, "EUR", fittedLine{"1", "1.005", "0", 101, true, true}},
		{"a percentage with decimals", sourceLine{"3", "33.33", "percentage", "12.5", "", "EUR"}, "EUR", fittedLine{"3", "33.33", "12.5", 8749, true, true}},
		{"an amount is off the line, not off each piece", sourceLine{"3", "10.25", "amount", "10", "20.75", "EUR"}, "EUR", fittedLine{"3", "10.25", "10", 2075, true, true}},
		{"no discount type means no discount", sourceLine{"1", "10", "", "5", "", "EUR"}, "EUR", fittedLine{"1", "10", "0", 1000, true, false}},
		{"all of it is off", sourceLine{"2", "10", "percentage", "100", "0", "EUR"}, "EUR", fittedLine{"2", "10", "100", 0, true, true}},
		{"more than the line is off", sourceLine{"1", "10.25", "amount", "20", "0", "EUR"}, "EUR", fittedLine{"1", "10.25", "10.25", 0, true, false}},
		{"more than 100 % is off", sourceLine{"1", "10", "percentage", "150", "0", "EUR"}, "EUR", fittedLine{"1", "10", "100", 0, true, false}},
		{"a surcharge by amount is one piece", sourceLine{"3", "10", "amount", "-5", "35", "EUR"}, "EUR", fittedLine{"1", "35", "0", 3500, true, false}},
		{"a surcharge by percentage", sourceLine{"3", "10", "percentage", "-5", "", "EUR"}, "EUR", fittedLine{"1", "31.5", "0", 3150, true, false}},
		{"a total changed by hand", sourceLine{"3", "10", "", "", "29.99", "EUR"}, "EUR", fittedLine{"3", "10", "0", 3000, true, false}},
		{"half a piece", sourceLine{"0.5", "9.99", "", "", "", "EUR"}, "EUR", fittedLine{"0.5", "9.99", "0", 500, true, true}},
		{"no quantity does not count", sourceLine{"0", "10", "", "", "0", "EUR"}, "EUR", fittedLine{"1", "10", "0", 0, false, false}},
		{"neither does a negative one", sourceLine{"-2", "10", "", "", "0", "EUR"}, "EUR", fittedLine{"1", "10", "0", 0, false, false}},
		{"nor one that cannot be read", sourceLine{"", "10", "", "", "", "EUR"}, "EUR", fittedLine{"1", "10", "0", 0, false, false}},
		{"nor a negative price", sourceLine{"1", "-10", "", "", "0", "EUR"}, "EUR", fittedLine{"1", "0", "0", 0, false, false}},
		{"another currency does not count", sourceLine{"3", "10.25", "", "", "30.75", "EUR"}, "CZK", fittedLine{"3", "0", "0", 0, false, false}},
		{"yen have no cents", sourceLine{"3", "33.5", "", "", "", "JPY"}, "JPY", fittedLine{"3", "33.5", "0", 101, true, true}},
		{"dinars have a thousand", sourceLine{"1", "0.0005", "", "", "", "KWD"}, "KWD", fittedLine{"1", "0.0005", "0", 1, true, true}},
		{"beyond what Pipedrive holds", sourceLine{"1000000", "99999999999", "", "", "", "EUR"}, "EUR", fittedLine{"1000000", "99999999999", "0", 0, false, false}},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, fitLine(tc.line, tc.deal)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestCentsAreExactOrNothing(t *testing.T) {
	for _, tc := range []struct {
		amount, currency string
		want             int64
		ok               bool
	}{
		{"1250.50", "EUR", 125050, true}, {"-0.005", "EUR", -1, true}, {"0.0049999999999999999999", "EUR", 0, true},
		{"90071992547409.93", "EUR", 0, false}, {"12", "JPY", 12, true}, {"12.345", "KWD", 12345, true},
		{"1e3", "EUR", 0, false}, {"1/3", "EUR", 0, false}, {"", "EUR", 0, false}, {"7.1", "", 710, true},
	} {
		if got, ok := minor(ratOf(tc.amount), tc.currency); got != tc.want || ok != tc.ok {
			t.Errorf("%s %s: %d, %v, want %d, %v", tc.amount, tc.currency, got, ok, tc.want, tc.ok)
		}
	}
}
