package normal

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// When reads a day with or without a time of day. A day alone stays the day
// that is written ("2024-01-13"): it lies in no zone, so nothing may shift it.
// With a clock, in day itself or in a cell of its own, it is an instant, read
// as [Stamp] reads it ("2024-01-13T13:30:00Z"). A clock that cannot be read
// leaves the day alone, with a reason.
func When(day, clock string, loc *time.Location, order string) (value, reason string) {
	clock = Value(clock)
	if clock == "" {
		if hasClock(day) {
			return Stamp(day, loc, order)
		}
		return Date(day, nil, order)
	}
	date, reason := Date(day, nil, order)
	if date == "" {
		return Stamp(day, loc, order) // Unix time: its own clock is the better one
	}
	instant, warning := Stamp(date+" "+clock, loc, order)
	if instant == "" {
		return date, warning
	}
	if warning == "" {
		warning = reason
	}
	return instant, warning
}

// hasClock reports whether a cell that holds a day also says the time of it.
func hasClock(cell string) bool {
	s := Fold(Guard(trim(cell)))
	if _, clock := splitClock(s); clock != "" {
		return true
	}
	whole, fraction, _ := strings.Cut(strings.Replace(s, ",", ".", 1), ".")
	if strings.Trim(fraction, "0") != "" && len(whole) == 5 && allDigits(whole) && allDigits(fraction) {
		return true // a spreadsheet's serial with a part of a day
	}
	bare := strings.TrimSuffix(strings.Replace(s, "t", "", 1), "z")
	return fraction == "" && len(bare) >= 10 && allDigits(bare)
}

var (
	clockDuration = regexp.MustCompile(`^(\d{1,2}):(\d{2})(?::(\d{2}))?$`)
	wordDuration  = regexp.MustCompile(`^(?:pt)?(?:(\d+(?:\.\d+)?)\s*h[a-z]*)?\s*(?:(\d+)\s*m[a-z]*)?\s*(?:(\d+)\s*s[a-z]*)?$`)
)

// Duration reads how long something took as HH:MM:SS, Pipedrive's form: a bare
// number counts minutes, as NextCRM's column does; "1:30", "1h 30m" and ISO's
// PT1H30M are understood. What is not between a second and a day is "".
func Duration(cell string) string {
	s := strings.Replace(Fold(Value(cell)), ",", ".", 1)
	var d time.Duration
	if minutes, err := strconv.ParseFloat(s, 64); err == nil {
		d = time.Duration(minutes * float64(time.Minute))
	} else if m := clockDuration.FindStringSubmatch(s); m != nil {
		d = parts(m[1:])
	} else if m := wordDuration.FindStringSubmatch(s); m != nil {
		d = parts(m[1:])
	}
	if d < time.Second || d >= 24*time.Hour {
		return ""
	}
	d = d.Truncate(time.Second)
	return fmt.Sprintf("%02d:%02d:%02d", int(d.Hours()), int(d.Minutes())%60, int(d.Seconds())%60)
}

// parts adds up hours, minutes and seconds; an empty one counts nothing.
func parts(fields []string) (d time.Duration) {
	for i, unit := range []time.Duration{time.Hour, time.Minute, time.Second} {
		if n, err := strconv.ParseFloat(fields[i], 64); err == nil {
			d += time.Duration(n * float64(unit))
		}
	}
	return d
}
