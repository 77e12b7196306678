package mapping

import (
	"database/sql"
	"testing"
)

func TestAPolicyIsProposedOnlyWherePipedriveCanHoldIt(t *testing.T) {
	worth := func(cents int64) dealSum {
		return dealSum{scale: 100, value: sql.NullInt64{Int64: cents, Valid: true}, hasValue: true}
	}
	foreign, tooLarge, bare := worth(100), dealSum{hasValue: true}, dealSum{}
	foreign.foreign = 1
	bareForeign := dealSum{foreign: 1}
	for _, tc := range []struct {
		name         string
		sum          dealSum
		wanted, want string
	}{
		{"value wins", worth(100), valueWins, valueWins},
		{"a value of 0 is one", worth(0), valueWins, valueWins},
		{"lines win", worth(100), linesWin, linesWin},
		{"documented", worth(100), documented, documented},
		{"lines in another currency cannot win", foreign, linesWin, valueWins},
		{"but they may stand beside the value", foreign, valueWins, valueWins},
		{"lines cannot come to less than nothing", worth(-100), valueWins, documented},
		{"nor to what no account holds", tooLarge, valueWins, documented},
		{"without a value the lines win", bare, valueWins, linesWin},
		{"unless they are in another currency", bareForeign, valueWins, documented},
		{"whatever was wanted", bareForeign, linesWin, documented},
	} {
		if got, why := tc.sum.propose(tc.wanted); got != tc.want || why == "" {
			t.Errorf("%s: %s because %q, want %s", tc.name, got, why, tc.want)
		}
	}
}

func TestAmountsAreWrittenWithTheCentsOfTheirCurrency(t *testing.T) {
	for _, tc := range []struct {
		cents, scale int64
		want         string
	}{{125050, 100, "1250.50"}, {-5, 100, "-0.05"}, {0, 100, "0.00"}, {101, 1, "101"}, {12345, 1000, "12.345"}, {-7, 1, "-7"}} {
		if got := amount(tc.cents, tc.scale); got != tc.want {
			t.Errorf("%d of %d: %s, want %s", tc.cents, tc.scale, got, tc.want)
		}
	}
}
