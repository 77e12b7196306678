package clean

import (
	"database/sql/driver"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/text/currency"

	"nextpipe/stages/internal/normal"
)

// numberFunctions read money, numbers, days, points in time and zones.
func numberFunctions() []function {
	return []function{
		{"np_money", 2, func(a arguments) driver.Value { return orNull(normal.Money(a.text(0), a.mark(1)).Value) }},
		{"np_money_currency", 1, func(a arguments) driver.Value { return orNull(isoCurrency(normal.Money(a.text(0), '.').Currency)) }},
		{"np_money_reason", 2, func(a arguments) driver.Value { return orNull(normal.Money(a.text(0), a.mark(1)).Reason) }},
		ofText("np_currency", currencyCode),
		ofText("np_integer", func(s string) string { n, _ := normal.Integer(s); return n }),
		ofText("np_zone", zoneName),
		{"np_percent", 1, percent},
		{"np_stamp", 3, func(a arguments) driver.Value { v, _ := a.stamp(); return orNull(v) }},
		{"np_stamp_reason", 3, func(a arguments) driver.Value { _, reason := a.stamp(); return orNull(reason) }},
		{"np_date", 3, func(a arguments) driver.Value { v, _ := a.date(); return orNull(v) }},
		{"np_date_reason", 3, func(a arguments) driver.Value { _, reason := a.date(); return orNull(reason) }},
	}
}

// stamp reads cell, zone, date order.
func (a arguments) stamp() (value, reason string) {
	if a[0] == nil {
		return "", ""
	}
	return normal.Stamp(a.text(0), zone(a.text(1)), a.text(2))
}

// date reads cell, zone, date order.
func (a arguments) date() (value, reason string) {
	if a[0] == nil {
		return "", ""
	}
	return normal.Date(a.text(0), zone(a.text(1)), a.text(2))
}

// zones keeps the few zones of a run: loading one reads a file.
var zones sync.Map

// zone is the location of an IANA name, nil when there is none.
func zone(name string) *time.Location {
	if name == "" {
		return nil
	}
	if loc, ok := zones.Load(name); ok {
		return loc.(*time.Location)
	}
	name = strings.Clone(name)
	loc, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		return nil
	}
	zones.Store(name, loc)
	return loc
}

// manualOffset is how WordPress names a site zone that is a bare offset.
var manualOffset = regexp.MustCompile(`^(?:UTC|GMT)?([+-])0?(\d{1,2})(?::?00)?$`)

// zoneName is the IANA name of a zone, "" when nothing is known by that name.
// Whole-hour offsets have IANA names too, with the sign the other way round.
func zoneName(cell string) string {
	name := normal.Value(cell)
	if m := manualOffset.FindStringSubmatch(name); m != nil {
		sign := map[string]string{"+": "-", "-": "+"}[m[1]]
		name = "Etc/GMT" + sign + m[2]
	}
	if zone(name) == nil {
		return ""
	}
	return name
}

// currencyCode is the ISO 4217 code in a currency cell; a sign counts when it
// has one meaning.
func currencyCode(cell string) string {
	s := normal.Value(cell)
	if s == "" {
		return ""
	}
	if code := isoCurrency(strings.ToUpper(s)); code != "" {
		return code
	}
	// A sign is understood in front of an amount.
	return isoCurrency(normal.Money(s+" 1", '.').Currency)
}

func isoCurrency(code string) string {
	if len(code) != 3 {
		return ""
	}
	unit, err := currency.ParseISO(code)
	if err != nil {
		return ""
	}
	return unit.String()
}

// percent reads a probability as a whole number of 0 to 100.
func percent(a arguments) driver.Value {
	value, _ := normal.Percent(a.text(0), '.')
	if value == "" {
		return nil
	}
	f, err := strconv.ParseFloat(value, 64)
	if err != nil || f < 0 || f > 100 {
		return nil
	}
	return int64(f + 0.5)
}
