package report

import (
	"math/big"
	"strings"
)

// amount adds decimals as text exactly: no sum of money here goes through a
// float. It keeps as many decimals as the longest of its parts.
type amount struct {
	sum    big.Rat
	places int
	count  int // amounts added
}

// add takes "-12.50"; texts that are no decimal, such as "", add nothing.
func (a *amount) add(text string) {
	value, ok := new(big.Rat).SetString(text)
	if !ok || strings.Trim(text, "-.0123456789") != "" {
		return
	}
	_, decimals, _ := strings.Cut(text, ".")
	a.sum.Add(&a.sum, value)
	a.places = max(a.places, len(decimals))
	a.count++
}

// String is the sum, "" when nothing was added.
func (a *amount) String() string {
	if a == nil || a.count == 0 {
		return ""
	}
	return a.sum.FloatString(a.places)
}
