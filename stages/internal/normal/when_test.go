package normal

import (
	"testing"
	"time"
)

func TestWhenKeepsDaysAsDaysAndInstantsAsInstants(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	auckland, err := time.LoadLocation("Pacific/Auckland")
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		about, day, clock string
		loc               *time.Location
		want, reason      string
	}{
		{"a day alone is never moved", "2024-01-13", "", auckland, "2024-01-13", ""},
		{"a day alone needs no zone", "2024-01-13", "", nil, "2024-01-13", ""},
		{"a day as a spreadsheet has it", "45304", "", berlin, "2024-01-13", ""},
		{"a compact day", "20240113", "", berlin, "2024-01-13", ""},
		{"a clock in a cell of its own", "2024-01-13", "14:30", berlin, "2024-01-13T13:30:00Z", ""},
		{"a twelve-hour clock", "2024-01-13", "2:30 PM", berlin, "2024-01-13T13:30:00Z", ""},
		{"the day before in UTC", "2024-01-13", "00:30", berlin, "2024-01-12T23:30:00Z", ""},
		{"the year before in UTC", "2024-01-01", "10:00", auckland, "2023-12-31T21:00:00Z", ""},
		{"a clock behind the day", "2024-07-13 14:30:00", "", berlin, "2024-07-13T12:30:00Z", ""},
		{"an offset wins over the zone", "2024-07-13T14:30:00-05:00", "", berlin, "2024-07-13T19:30:00Z", ""},
		{"Unix time", "1705152600", "", berlin, "2024-01-13T13:30:00Z", ""},
		{"a serial with a part of a day", "45304.5", "", berlin, "2024-01-13T11:00:00Z", ""},
		{"a skipped time moves forward", "2024-03-31", "02:30", berlin, "2024-03-31T01:30:00Z", DSTGap},
		{"of two instants the first", "2024-10-27", "02:30", berlin, "2024-10-27T00:30:00Z", DSTOverlap},
		{"a clock without a zone is no instant", "2024-01-13", "14:30", nil, "2024-01-13", ZoneUnknown},
		{"a clock that cannot be read", "2024-01-13", "noonish", berlin, "2024-01-13", DateUnreadable},
		{"a day that does not exist", "2024-02-31", "10:00", berlin, "", DateImpossible},
		{"nothing", "", "", berlin, "", ""},
		{"no day, only a clock", "", "10:00", berlin, "", ""},
	} {
		value, reason := When(tc.day, tc.clock, tc.loc, "")
		if value != tc.want || reason != tc.reason {
			t.Errorf("%s: %q %q gives %q %q, want %q %q", tc.about, tc.day, tc.clock, value, reason, tc.want, tc.reason)
		}
	}
}

func TestDurationsAreHoursMinutesAndSeconds(t *testing.T) {
	for cell, want := range map[string]string{
		"60": "01:00:00", "5": "00:05:00", "90.5": "01:30:30", "1439": "23:59:00", "1440": "", "0": "", "-5": "", "": "", "NULL": "",
		"1:30": "01:30:00", "00:45:10": "00:45:10", "90 min": "01:30:00", "1h 30m": "01:30:00", "1,5 h": "01:30:00",
		"PT1H30M": "01:30:00", "45 Minuten": "00:45:00", "all day": "", "1:75": "02:15:00", "NaN": "", "1e9": "",
	} {
		if got := Duration(cell); got != want {
			t.Errorf("Duration(%q) = %q, want %q", cell, got, want)
		}
	}
}
