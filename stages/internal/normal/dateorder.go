package normal

import (
	"iter"
	"strings"
)

// OrderEvidence is what a column says about the order of day and month.
type OrderEvidence struct {
	Order                  string // "dmy" or "mdy"; "" when nothing or both are proven
	DMY, MDY               int    // values that prove day first or month first (a part above 12)
	Ambiguous              int    // values that need the decision
	DMYExample, MDYExample string // first value of each kind
}

// DateOrder decides the order of day and month of a column from the values that
// prove one. A column that proves both is not decided.
func DateOrder(values iter.Seq[string]) OrderEvidence {
	var e OrderEvidence
	for v := range values {
		e.add(v)
	}
	switch {
	case e.DMY > 0 && e.MDY == 0:
		e.Order = "dmy"
	case e.MDY > 0 && e.DMY == 0:
		e.Order = "mdy"
	}
	return e
}

func (e *OrderEvidence) add(v string) {
	day, _ := splitClock(Fold(Guard(trim(v))))
	switch numericOrder(strings.FieldsFunc(day, isDateSeparator)) {
	case "dmy":
		if e.DMY++; e.DMY == 1 {
			e.DMYExample = v
		}
	case "mdy":
		if e.MDY++; e.MDY == 1 {
			e.MDYExample = v
		}
	case "either":
		e.Ambiguous++
	}
}
