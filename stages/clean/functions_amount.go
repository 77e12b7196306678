package clean

import (
	"database/sql/driver"
	"encoding/json"
	"math/big"
	"regexp"
	"strings"

	"golang.org/x/text/currency"
)

// amountFunctions compute exactly: a cent that a float loses is a deal whose
// value is not the one people saw.
func amountFunctions() []function {
	return []function{
		{"np_minor", 2, func(a arguments) driver.Value {
			n, ok := minor(ratOf(a.text(0)), a.text(1))
			if !ok {
				return nil
			}
			return n
		}},
		{"np_scale", 1, func(a arguments) driver.Value { return scale(a.text(0)) }},
		{"np_deal_line", 7, func(a arguments) driver.Value {
			return fitLine(sourceLine{quantity: a.text(0), price: a.text(1), discountType: a.text(2), discount: a.text(3),
				total: a.text(4), currency: a.text(5)}, a.text(6)).json()
		}},
		{"np_paragraph", -1, func(a arguments) driver.Value { return orNull(paragraph(a)) }},
	}
}

var plainDecimal = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?$`)

// ratOf reads a plain decimal exactly; nil when it is none.
func ratOf(s string) *big.Rat {
	if !plainDecimal.MatchString(s) {
		return nil
	}
	r, _ := new(big.Rat).SetString(s)
	return r
}

// scale is how many of its smallest units make one of a currency: 100 for most.
func scale(code string) int64 {
	unit, err := currency.ParseISO(code)
	if err != nil {
		return 100
	}
	digits, _ := currency.Standard.Rounding(unit)
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits)), nil).Int64()
}

// maxMinor bounds an amount in cents. Pipedrive takes none beyond 1e15 units,
// and a sum of many must still fit an integer.
const maxMinor = 1e15

// minor rounds an amount to cents, half away from zero, as Pipedrive does.
func minor(amount *big.Rat, code string) (cents int64, ok bool) {
	if amount == nil {
		return 0, false
	}
	scaled := new(big.Rat).Mul(amount, big.NewRat(scale(code), 1))
	n, ok := new(big.Int).SetString(scaled.FloatString(0), 10)
	if !ok || !n.IsInt64() || n.Int64() > maxMinor || n.Int64() < -maxMinor {
		return 0, false
	}
	return n.Int64(), true
}

// sourceLine is a deal's line as the source has it: plain decimals, "" for what
// is not there.
type sourceLine struct{ quantity, price, discountType, discount, total, currency string }

// fittedLine is the line as Pipedrive can hold it.
type fittedLine struct {
	Quantity string `json:"quantity"`
	Price    string `json:"price"`
	Discount string `json:"discount"`
	Sum      int64  `json:"sum"` // in cents, as Pipedrive computes it
	Counted  bool   `json:"counted"`
	Exact    bool   `json:"exact"` // the figures tell all that the source does
}

func (l fittedLine) json() driver.Value {
	text, err := json.Marshal(l)
	if err != nil {
		return err
	}
	return string(text)
}

// fitLine makes a line that Pipedrive takes. It wants a quantity above 0, no
// negative price, and no discount that is negative or larger than the line; it
// has no currency on a line but the deal's. What it cannot hold is sent as a
// line that does not count.
func fitLine(l sourceLine, dealCurrency string) fittedLine {
	quantity, price := ratOf(l.quantity), ratOf(l.price)
	isForeign := l.currency != "" && l.currency != dealCurrency
	out := fittedLine{Quantity: "1", Price: "0", Discount: "0"}
	if quantity != nil && quantity.Sign() > 0 {
		out.Quantity = l.quantity
	}
	if price != nil && price.Sign() >= 0 && !isForeign {
		out.Price = l.price
	}
	if isForeign || out.Quantity != l.quantity || out.Price != l.price {
		return out
	}
	gross := new(big.Rat).Mul(quantity, price)
	net, ok := out.discount(l, gross)
	if out.Sum, out.Counted = minor(net, dealCurrency); !out.Counted {
		return out
	}
	total, isWritten := minor(ratOf(l.total), dealCurrency)
	out.Exact = ok && (!isWritten || total == out.Sum)
	return out
}

// discount takes the discount off and gives what is left; exact is false where
// it is not the one of the source.
func (f *fittedLine) discount(l sourceLine, gross *big.Rat) (net *big.Rat, exact bool) {
	discount, whole := ratOf(l.discount), gross
	if l.discountType == "percentage" {
		whole = big.NewRat(100, 1)
	}
	switch {
	case l.discountType == "" || discount == nil:
		return gross, l.discount == ""
	case discount.Sign() < 0: // a surcharge: one piece at the whole price
		net = off(gross, discount, l.discountType)
		f.Quantity, f.Price = "1", plain(net)
		return net, false
	case discount.Cmp(whole) > 0:
		f.Discount = plain(whole)
		return new(big.Rat), false
	}
	f.Discount = l.discount
	return off(gross, discount, l.discountType), true
}

// off takes a discount off an amount.
func off(gross, discount *big.Rat, kind string) *big.Rat {
	if kind == "percentage" {
		discount = new(big.Rat).Quo(new(big.Rat).Mul(gross, discount), big.NewRat(100, 1))
	}
	return new(big.Rat).Sub(gross, discount)
}

// plain writes a decimal without zeros at its end. All amounts here come from
// decimals, so a few digits write them exactly.
func plain(r *big.Rat) string {
	s := r.FloatString(12)
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

// paragraph joins what its arguments hold, a line each.
func paragraph(a arguments) string {
	var lines []string
	for i := range a {
		if s := a.text(i); s != "" {
			lines = append(lines, strings.Clone(s))
		}
	}
	return strings.Join(lines, "\n")
}
