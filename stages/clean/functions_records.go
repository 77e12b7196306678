package clean

import (
	"database/sql/driver"
	"encoding/json"
	"math/big"
	"regexp"
	"strconv"
	"strings"

	"nextpipe/stages/internal/normal"
)

// recordFunctions read what invoices need: exact sums and products of amounts
// as np_money gives them, which SQLite's own arithmetic would put through a
// float, and the words for kinds of invoices.
func recordFunctions() []function {
	return []function{
		{"np_sum", 1, func(a arguments) driver.Value { return sumOf(a.text(0)) }},
		{"np_same", 2, func(a arguments) driver.Value { return sameAmount(a.text(0), a.text(1)) }},
		{"np_product", 3, func(a arguments) driver.Value { return product(a.text(0), a.text(1), a.text(2)) }},
		ofText("np_invoice_type", invoiceType),
	}
}

// decimal is an exact amount and how many decimals it is written with.
type decimal struct {
	value  *big.Rat
	places int
}

// readDecimal reads "-12.50"; false for anything else, an empty text included.
func readDecimal(s string) (decimal, bool) {
	if strings.Trim(s, "-.0123456789") != "" {
		return decimal{}, false // no exponents, no fractions
	}
	value, ok := new(big.Rat).SetString(s)
	_, decimals, _ := strings.Cut(s, ".")
	return decimal{value, len(decimals)}, ok
}

// sumOf adds the amounts of a JSON array, NULL among them left out. Without any
// amount, or with one that is none, there is no sum.
func sumOf(array string) driver.Value {
	var cells []*string
	if json.Unmarshal([]byte(array), &cells) != nil {
		return nil
	}
	sum, count := decimal{value: new(big.Rat)}, 0
	for _, cell := range cells {
		if cell == nil {
			continue
		}
		d, ok := readDecimal(*cell)
		if !ok {
			return nil
		}
		sum.value.Add(sum.value, d.value)
		sum.places = max(sum.places, d.places)
		count++
	}
	if count == 0 {
		return nil
	}
	return sum.value.FloatString(sum.places)
}

// sameAmount compares two amounts, however many decimals they have; NULL when
// one is missing.
func sameAmount(a, b string) driver.Value {
	x, isAmount := readDecimal(a)
	y, isToo := readDecimal(b)
	if !isAmount || !isToo {
		return nil
	}
	if x.value.Cmp(y.value) == 0 {
		return int64(1)
	}
	return int64(0)
}

// product multiplies two amounts and rounds to so many places, halves away from
// zero as on an invoice.
func product(a, b, places string) driver.Value {
	x, isAmount := readDecimal(a)
	y, isToo := readDecimal(b)
	n, err := strconv.Atoi(places)
	if !isAmount || !isToo || err != nil {
		return nil
	}
	return new(big.Rat).Mul(x.value, y.value).FloatString(n)
}

var betweenWords = regexp.MustCompile(`[^a-z0-9]+`)

// invoiceTypes are the words for kinds of invoices that mean one of ours:
// NextCRM's own (nextcrm-database.md 2.10) and those of exports and forks.
var invoiceTypes = map[string]string{
	"creditnote": "credit_note", "credit": "credit_note", "credit_memo": "credit_note", "refund": "credit_note",
	"gutschrift": "credit_note", "stornorechnung": "credit_note", "pro_forma": "proforma", "proforma_invoice": "proforma",
	"pro_forma_invoice": "proforma", "receipts": "receipt", "quittung": "receipt", "invoices": "invoice", "rechnung": "invoice",
}

// invoiceType folds CREDIT_NOTE, "Credit note" and their like into one word,
// which is fit for a file name; words in other scripts are "other".
func invoiceType(cell string) string {
	word := strings.Trim(betweenWords.ReplaceAllString(strings.ToLower(normal.Value(cell)), "_"), "_")
	switch known := invoiceTypes[word]; {
	case known != "":
		return known
	case word == "" && normal.Value(cell) != "":
		return "other"
	}
	return word
}
