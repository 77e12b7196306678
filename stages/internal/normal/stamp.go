package normal

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// Stamp reads a point in time and returns it as RFC 3339 in UTC with whole
// seconds ("2024-05-01T10:00:00Z"), the only form Pipedrive's API and SQLite's
// date functions share; a fraction of a second is cut off.
//
// loc is the zone of stamps without an offset, nil if unknown. order is "dmy",
// "mdy" or "" for the column's order of day and month (see [DateOrder]); it
// decides only what the value leaves open. Understood are ISO 8601, compact
// (20240501T100000), RFC 1123, d/m/y with / . - or blanks, 12-hour clocks, month
// names in seven languages, spreadsheet serials (20000-80000) and Unix seconds
// (10 digits) and milliseconds (13 digits). Zero dates and null tokens are
// ("", ""). A date alone is local midnight. In a clock change the first of two
// instants counts, and a skipped time moves forward by the gap.
func Stamp(cell string, loc *time.Location, order string) (value, reason string) {
	if isCanonicalStamp(cell) {
		return cell, ""
	}
	m, reason := readMoment(cell, order)
	if m == nil {
		return "", reason
	}
	t, warning := m.instant(loc)
	if t.IsZero() {
		return "", warning
	}
	if warning == "" {
		warning = reason
	}
	return formatStamp(t), warning
}

// Date reads a calendar day and returns it as YYYY-MM-DD. A clock time is
// dropped. A value with an offset, or in Unix time, is first moved to loc; with
// a nil loc the day stands as written (right for birthdays), and Unix time is
// refused. See [Stamp] for the forms and for order.
func Date(cell string, loc *time.Location, order string) (value, reason string) {
	m, reason := readMoment(cell, order)
	if m == nil {
		return "", reason
	}
	if m.zoned && loc != nil {
		m.wall = m.wall.Add(-m.offset).In(loc)
	} else if m.unix {
		return "", ZoneUnknown
	}
	return m.wall.Format(time.DateOnly), reason
}

// moment is a date and time as written.
type moment struct {
	wall   time.Time     // the written fields, held in UTC
	offset time.Duration // of a zoned moment: wall minus UTC
	zoned  bool          // an offset was written, or Unix time
	unix   bool
}

// isCanonicalStamp is the fast path: 2024-05-01T10:00:00Z with real fields.
func isCanonicalStamp(s string) bool {
	if len(s) != 20 || s[19] != 'Z' || s[10] != 'T' {
		return false
	}
	m, ok := isoMoment(s[:19])
	return ok && m.Year() >= 1000
}

// isoMoment reads exactly "2006-01-02 15:04:05" (or T), the form of database
// dumps and of nearly all plugin exports.
func isoMoment(s string) (time.Time, bool) {
	if len(s) != 19 || s[4] != '-' || s[7] != '-' || s[10] != ' ' && s[10] != 'T' || s[13] != ':' || s[16] != ':' {
		return time.Time{}, false
	}
	year, month, day := digits(s[0:4]), digits(s[5:7]), digits(s[8:10])
	hour, minute, second := digits(s[11:13]), digits(s[14:16]), digits(s[17:19])
	if !realDay(year, month, day) || !realTime(hour, minute, second) {
		return time.Time{}, false
	}
	return time.Date(year, time.Month(month), day, hour, minute, second, 0, time.UTC), true
}

func realTime(hour, minute, second int) bool {
	return min(hour, minute, second) >= 0 && hour <= 23 && max(minute, second) <= 59
}

// digits returns the number that s spells, or -1.
func digits(s string) int {
	n := 0
	for i := 0; i < len(s); i++ {
		if !isDigit(s[i]) {
			return -1
		}
		n = n*10 + int(s[i]-'0')
	}
	return n
}

func realDay(year, month, day int) bool {
	if year < 1000 || year > 9999 || month < 1 || month > 12 || day < 1 {
		return false
	}
	return day <= 28 || day <= time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

func formatStamp(t time.Time) string {
	var buf [20]byte
	return string(t.UTC().AppendFormat(buf[:0], "2006-01-02T15:04:05Z"))
}

// readMoment returns nil with a reason for what cannot be read, nil alone for
// null, and a moment with a warning or none.
func readMoment(cell, order string) (*moment, string) {
	if t, ok := isoMoment(cell); ok {
		return &moment{wall: t}, ""
	}
	s := Fold(Guard(trim(cell)))
	switch {
	case s == "", IsNull(Guard(cell)), isZeroDate(s):
		return nil, ""
	case s[0] >= '0' && s[0] <= '9' && !strings.ContainsAny(s, "/-: ") && strings.Count(s, ".") < 2:
		if m, reason, ok := bareNumber(s); ok {
			return m, reason
		}
	}
	return readWritten(s, order)
}

// isZeroDate finds MySQL's 0000-00-00 [00:00:00] in any punctuation.
func isZeroDate(s string) bool {
	return len(s) >= 8 && strings.Trim(s, "0-/.: t,z") == "" && countDigits(s) >= 6
}

// bareNumber reads serials, Unix times and compact dates. ok is false when s is
// not a bare number at all.
func bareNumber(s string) (m *moment, reason string, ok bool) {
	if m = compactMoment(s); m != nil {
		return m, "", true
	}
	whole, fraction, _ := strings.Cut(strings.Replace(s, ",", ".", 1), ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || !allDigits(fraction) {
		return nil, "", false
	}
	switch len(whole) {
	case 4:
		return nil, DateIncomplete, true
	case 5:
		if n >= 20000 && n <= 80000 {
			return serial(n, fraction), "", true
		}
	case 10:
		return unixMoment(time.Unix(n, 0)), "", true
	case 13:
		return unixMoment(time.UnixMilli(n)), "", true
	}
	return nil, DateUnreadable, true
}

// serial converts days since 1899-12-30, the spreadsheets' day zero. The
// fraction of a day is rounded to the second, in whole numbers.
func serial(days int64, fraction string) *moment {
	if len(fraction) > 12 {
		fraction = fraction[:12]
	}
	part, scale := int64(0), int64(1)
	for i := 0; i < len(fraction); i++ {
		part, scale = part*10+int64(fraction[i]-'0'), scale*10
	}
	seconds := (part*86400 + scale/2) / scale
	zero := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
	return &moment{wall: zero.AddDate(0, 0, int(days)).Add(time.Duration(seconds) * time.Second)}
}

func unixMoment(t time.Time) *moment {
	return &moment{wall: t.UTC(), zoned: true, unix: true}
}

// compactMoment reads 20240501, 20240501100000 and 20240501T100000Z.
func compactMoment(s string) *moment {
	s, zulu := strings.CutSuffix(strings.Replace(s, "t", "", 1), "z")
	layout := map[int]string{8: "20060102", 12: "200601021504", 14: "20060102150405"}[len(s)]
	if layout == "" || !allDigits(s) {
		return nil
	}
	t, err := time.Parse(layout, s)
	if err != nil || t.Year() < 1800 || t.Year() > 2199 { // more likely 31122023
		return nil
	}
	return &moment{wall: t, zoned: zulu}
}

// instant places a moment on the time line. The zero time means it cannot be.
func (m *moment) instant(loc *time.Location) (t time.Time, reason string) {
	switch {
	case m.zoned:
		return m.wall.Add(-m.offset), ""
	case loc == nil:
		return time.Time{}, ZoneUnknown
	}
	return local(m.wall, loc)
}

// local resolves a wall-clock time by a fixed rule: time.Date promises none for
// times that exist twice or not at all, and differs from zone to zone.
func local(wall time.Time, loc *time.Location) (t time.Time, warning string) {
	y, mo, d := wall.Date()
	guess := time.Date(y, mo, d, wall.Hour(), wall.Minute(), wall.Second(), 0, loc)
	start, end := guess.ZoneBounds()
	if farFrom(start, guess) && farFrom(end, guess) {
		return guess, ""
	}
	var found []time.Time
	for _, near := range []time.Time{start.Add(-time.Second), guess, end} {
		candidate := withOffsetOf(near, wall)
		if candidate.In(loc).Format(time.DateTime) == wall.Format(time.DateTime) && !slices.ContainsFunc(found, candidate.Equal) {
			found = append(found, candidate)
		}
	}
	switch len(found) {
	case 0:
		return afterGap(wall, guess, start, end), DSTGap
	case 1:
		return found[0], ""
	}
	return slices.MinFunc(found, time.Time.Compare), DSTOverlap
}

// withOffsetOf reads a wall-clock time with the UTC offset in force at near.
func withOffsetOf(near, wall time.Time) time.Time {
	_, offset := near.Zone()
	return wall.Add(-time.Duration(offset) * time.Second)
}

// farFrom reports that a change of clocks cannot touch t. A zero change is none.
func farFrom(change, t time.Time) bool {
	return change.IsZero() || t.Sub(change).Abs() > 48*time.Hour
}

// afterGap reads a skipped time with the offset that held before the change,
// which lands as far after it as the clock says.
func afterGap(wall, guess, start, end time.Time) time.Time {
	before := guess // the change is the one at end ...
	if end.IsZero() || !start.IsZero() && guess.Sub(start) < end.Sub(guess) {
		before = start.Add(-time.Second) // ... or the one at start
	}
	return withOffsetOf(before, wall)
}
