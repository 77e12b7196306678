package normal

import (
	"strings"
	"time"
)

// readWritten reads a folded date made of fields, with or without a clock.
func readWritten(s, order string) (*moment, string) {
	day, clock := splitClock(s)
	c, year, reason := readClock(clock)
	if reason != "" {
		return nil, reason
	}
	if year != "" { // Fri Mar 1 10:00:00 2024
		day += " " + year
	}
	date, warning := readDay(day, order)
	if date.IsZero() {
		return nil, warning
	}
	return &moment{wall: date.Add(c.sinceMidnight()), offset: c.offset, zoned: c.zoned}, warning
}

// splitClock cuts before the digits that a colon follows; "18h05" counts too.
func splitClock(s string) (day, clock string) {
	colon := strings.IndexByte(s, ':')
	if colon < 0 {
		for i := 1; i+2 < len(s); i++ {
			if s[i] == 'h' && isDigit(s[i-1]) && isDigit(s[i+1]) && isDigit(s[i+2]) {
				s, colon = s[:i]+":"+s[i+1:], i
				break
			}
		}
	}
	if colon < 0 {
		return s, ""
	}
	start := colon
	for start > 0 && isDigit(s[start-1]) {
		start--
	}
	day = strings.TrimRight(s[:start], " ,")
	return strings.TrimSuffix(day, "t"), s[start:]
}

// clock is a time of day with its offset from UTC.
type clock struct {
	hour, minute, second int
	offset               time.Duration
	zoned                bool
}

func (c clock) sinceMidnight() time.Duration {
	return time.Duration(c.hour*3600+c.minute*60+c.second) * time.Second
}

// readClock reads "18:05", "6:05:30.123 p.m. +02:00"; a bare four-digit year
// behind it is handed back.
func readClock(s string) (c clock, year, reason string) {
	if s == "" {
		return c, "", ""
	}
	s, _, _ = strings.Cut(s, "(") // 10:00:00 GMT+0200 (Central European Summer Time)
	end := len(s) - len(strings.TrimLeft(s, "0123456789:.,"))
	if !c.setFields(strings.Split(strings.TrimRight(s[:end], ".,"), ":")) {
		return c, "", DateUnreadable
	}
	for _, w := range strings.Fields(spaced(s[end:])) {
		if len(w) == 4 && allDigits(w) && year == "" {
			year = w
		} else if reason = c.apply(w); reason != "" {
			return c, "", reason
		}
	}
	if !c.isReal() {
		return c, "", DateImpossible
	}
	return c, year, ""
}

// isReal allows 24:00, the end of the day in ISO 8601.
func (c clock) isReal() bool {
	return realTime(c.hour, c.minute, c.second) || c.hour == 24 && c.minute+c.second == 0
}

// apply takes a word behind the time: half of day, offset, or filler.
func (c *clock) apply(w string) (reason string) {
	if w == "uhr" || w == "h" {
		return ""
	}
	if half := halfDay(w); half > 0 {
		if c.hour < 1 || c.hour > 12 {
			return DateImpossible
		}
		c.hour = c.hour%12 + 12*(half-1)
		return ""
	}
	offset, ok := readOffset(w)
	if !ok {
		return DateUnreadable
	}
	c.offset, c.zoned = c.offset+offset, true // "gmt +0200" is gmt, then two hours
	return ""
}

// setFields reads hours, minutes and optional seconds, whose fraction is cut.
func (c *clock) setFields(parts []string) bool {
	if len(parts) == 2 {
		parts = append(parts, "00")
	}
	if len(parts) != 3 {
		return false
	}
	whole, fraction, _ := strings.Cut(strings.Replace(parts[2], ",", ".", 1), ".")
	for _, p := range []string{parts[0], parts[1], whole} {
		if p == "" || len(p) > 2 || !allDigits(p) {
			return false
		}
	}
	c.hour, c.minute, c.second = digits(parts[0]), digits(parts[1]), digits(whole)
	return allDigits(fraction)
}

// spaced puts a blank before a sign, so that "pm+02:00" is two words.
func spaced(s string) string {
	if i := strings.IndexAny(s, "+-"); i > 0 {
		return s[:i] + " " + s[i:]
	}
	return s
}

// halfDay is 1 for the morning, 2 for the afternoon, 0 for another word.
func halfDay(w string) int {
	switch strings.ReplaceAll(w, ".", "") {
	case "am", "dop":
		return 1
	case "pm", "odp":
		return 2
	}
	return 0
}

// readOffset reads z, utc, gmt, cet, cest, +02:00, +0200, +02. Other zone
// abbreviations have several meanings and are not read.
func readOffset(w string) (time.Duration, bool) {
	switch w {
	case "z", "utc", "gmt":
		return 0, true
	case "cet":
		return time.Hour, true
	case "cest":
		return 2 * time.Hour, true
	}
	figures := strings.Replace(w[1:], ":", "", 1)
	if !strings.ContainsAny(w[:1], "+-") || !allDigits(figures) || len(figures) != 2 && len(figures) != 4 {
		return 0, false
	}
	n := digits((figures + "00")[:4])
	minutes := n/100*60 + n%100
	if w[0] == '-' {
		minutes = -minutes
	}
	return time.Duration(minutes) * time.Minute, n/100 <= 15 && n%100 <= 59
}

func isDateSeparator(r rune) bool {
	return strings.ContainsRune(" /-.,", r)
}

// readDay reads a date without a clock. The zero time means unreadable.
func readDay(s, order string) (time.Time, string) {
	var numbers []string
	month := 0
	for _, field := range strings.FieldsFunc(s, isDateSeparator) {
		if number := withoutOrdinal(field); number != "" {
			numbers = append(numbers, number)
			continue
		}
		m, known := monthNames[field]
		switch {
		case m > 0 && month == 0:
			month = m
		case !known:
			return time.Time{}, DateUnreadable
		}
	}
	if month > 0 {
		return namedMonth(month, numbers)
	}
	return numericDay(numbers, order, strings.Contains(s, "-"))
}

// withoutOrdinal returns the digits of "1", "1st", "1er", or "" for a word.
func withoutOrdinal(field string) string {
	i := strings.IndexFunc(field, func(r rune) bool { return r < '0' || r > '9' })
	if i < 0 {
		return field
	}
	switch field[i:] {
	case "st", "nd", "rd", "th", "er", "º", "ª":
		return field[:i]
	}
	return ""
}

// namedMonth places "1 mar 2024", "mar 1 2024" and "2024 mar 1": the year is the
// one with four digits, else the second number.
func namedMonth(month int, numbers []string) (time.Time, string) {
	switch len(numbers) {
	case 0, 1:
		return time.Time{}, DateIncomplete
	case 2:
	default:
		return time.Time{}, DateUnreadable
	}
	day, year := numbers[0], numbers[1]
	if len(day) == 4 {
		day, year = year, day
	}
	return makeDay(year, month, digits(day))
}

// numericOrder tells how three numeric fields are ordered: "ymd", "dmy", "mdy",
// "same" (day and month equal), "either", or "" when they are no date.
func numericOrder(f []string) string {
	if !isNumericDate(f) {
		return ""
	}
	a, b := digits(f[0]), digits(f[1])
	switch {
	case len(f[0]) == 4:
		return "ymd"
	case a > 12 && b <= 12:
		return "dmy"
	case b > 12 && a <= 12:
		return "mdy"
	case a == b:
		return "same"
	}
	return "either"
}

// isNumericDate checks the widths: one field has the year, with 4 or 2 figures.
func isNumericDate(f []string) bool {
	if len(f) != 3 || !allDigits(f[0]+f[1]+f[2]) || len(f[1]) > 2 {
		return false
	}
	if len(f[0]) == 4 {
		return len(f[2]) <= 2
	}
	return len(f[0]) <= 2 && (len(f[2]) == 2 || len(f[2]) == 4)
}

// numericDay places three numbers.
func numericDay(f []string, order string, dashes bool) (time.Time, string) {
	if len(f) == 1 || len(f) == 2 {
		return time.Time{}, DateIncomplete
	}
	switch settledOrder(f, order, dashes) {
	case "ymd":
		return makeDay(f[0], digits(f[1]), digits(f[2]))
	case "dmy", "same":
		return makeDay(f[2], digits(f[1]), digits(f[0]))
	case "mdy":
		return makeDay(f[2], digits(f[0]), digits(f[1]))
	case "either":
		return time.Time{}, DateAmbiguous
	}
	return time.Time{}, DateUnreadable
}

// settledOrder is numericOrder, with the column's order for what the value leaves
// open.
func settledOrder(f []string, order string, dashes bool) string {
	proven := numericOrder(f)
	if proven != "either" && (proven == "" || !dashes || !mayEndInDay(f)) {
		return proven
	}
	if order == "dmy" || order == "mdy" {
		return order
	}
	return "either"
}

// mayEndInDay finds 24-05-01: with dashes and two-digit years the year may come
// first, so such a value proves nothing by itself.
func mayEndInDay(f []string) bool {
	return len(f[0]) == 2 && len(f[2]) == 2 && digits(f[2]) <= 31
}

// makeDay checks the calendar. Two-digit years follow POSIX: 69-99 are 1969-1999,
// 00-68 are 2000-2068; the warning lets a person look at old birthdays.
func makeDay(year string, month, day int) (time.Time, string) {
	y, warning := digits(year), ""
	switch len(year) {
	case 2:
		warning = DateTwoDigitYear
		if y += 1900; y < 1969 {
			y += 100
		}
	case 4:
	default:
		return time.Time{}, DateUnreadable
	}
	if !realDay(y, month, day) {
		return time.Time{}, DateImpossible
	}
	return time.Date(y, time.Month(month), day, 0, 0, 0, 0, time.UTC), warning
}
