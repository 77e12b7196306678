package normal

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func TestStampReadsEveryFormAnExportHolds(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	tests := []struct{ cell, order, want, reason string }{
		{"0000-00-00 00:00:00", "dmy", "", ""},
		{"0000-00-00", "", "", ""},
		{"00.00.0000", "", "", ""},
		{"NULL", "", "", ""},
		{"", "", "", ""},
		{"45292", "", "2023-12-31T23:00:00Z", ""},
		{"45292.5", "", "2024-01-01T11:00:00Z", ""},
		{"45292,5", "", "2024-01-01T11:00:00Z", ""},
		{"45292.333333333", "", "2024-01-01T07:00:00Z", ""},
		{"2024-05-01T10:00:00Z", "", "2024-05-01T10:00:00Z", ""},
		{"2024-05-01T10:00:00+02:00", "", "2024-05-01T08:00:00Z", ""},
		{"2024-05-01 10:00:00.999 +0200", "", "2024-05-01T08:00:00Z", ""},
		{"2024-05-01T10:00:00-05", "", "2024-05-01T15:00:00Z", ""},
		{"2024-05-01T10:00Z", "", "2024-05-01T10:00:00Z", ""},
		{"2024-05-01 10:00:00", "", "2024-05-01T08:00:00Z", ""},
		{"2024-05-01", "", "2024-04-30T22:00:00Z", ""},
		{"20240501T100000Z", "", "2024-05-01T10:00:00Z", ""},
		{"20240501100000", "", "2024-05-01T08:00:00Z", ""},
		{"2024-03-31 02:30:00", "", "2024-03-31T01:30:00Z", DSTGap},
		{"2024-10-27 02:30:00", "", "2024-10-27T00:30:00Z", DSTOverlap},
		{"2024-10-27 03:00:00", "", "2024-10-27T02:00:00Z", ""},
		{"2024-10-27 01:59:59", "", "2024-10-26T23:59:59Z", ""},
		{"1714557600", "", "2024-05-01T10:00:00Z", ""},
		{"1714557600000", "", "2024-05-01T10:00:00Z", ""},
		{"31/12/2023 18:05", "dmy", "2023-12-31T17:05:00Z", ""},
		{"12/31/2023 6:05 PM", "dmy", "2023-12-31T17:05:00Z", ""},
		{"12/31/2023 12:05 a.m.", "", "2023-12-30T23:05:00Z", ""},
		{"03/04/2024 09:00", "dmy", "2024-04-03T07:00:00Z", ""},
		{"03/04/2024 09:00", "mdy", "2024-03-04T08:00:00Z", ""},
		{"03/04/2024 09:00", "", "", DateAmbiguous},
		{"04/04/2024 09:00", "", "2024-04-04T07:00:00Z", ""},
		{"yesterday", "dmy", "", DateUnreadable},
		{"1. März 2024 um 18:05 Uhr", "", "2024-03-01T17:05:00Z", ""},
		{"1er mars 2024 18h05", "", "2024-03-01T17:05:00Z", ""},
		{"7 de septiembre de 2022, 14:09", "", "2022-09-07T12:09:00Z", ""},
		{"3. května 2024 8:00", "", "2024-05-03T06:00:00Z", ""},
		{"3 maggio 2024 8:00", "", "2024-05-03T06:00:00Z", ""},
		{"3 mei 2024 8:00", "", "2024-05-03T06:00:00Z", ""},
		{"March 1st, 2024 6:05 pm", "", "2024-03-01T17:05:00Z", ""},
		{"Fri, 01 Mar 2024 10:00:00 +0100", "", "2024-03-01T09:00:00Z", ""},
		{"Fri Mar  1 10:00:00 2024", "", "2024-03-01T09:00:00Z", ""},
		{"Wed May 01 2024 10:00:00 GMT+0200 (Central European Summer Time)", "", "2024-05-01T08:00:00Z", ""},
		{"31.12.23 24:00", "", "2023-12-31T23:00:00Z", DateTwoDigitYear},
		{"31.02.2024", "dmy", "", DateImpossible},
		{"2023-02-29", "", "", DateImpossible},
		{"2024-13-01 10:00:00", "", "", DateImpossible},
		{"2024-05-01 25:00", "", "", DateImpossible},
		{"2024-05-01 18:05 pm", "", "", DateImpossible},
		{"1-Mar", "", "", DateIncomplete},
		{"03/2024", "", "", DateIncomplete},
		{"2024", "", "", DateIncomplete},
		{"123456", "", "", DateUnreadable},
		{"2024-05-01 10:00 EST", "", "", DateUnreadable},
		{"24-05-01", "", "", DateAmbiguous},
	}
	for _, tt := range tests {
		got, reason := Stamp(tt.cell, berlin, tt.order)
		if got != tt.want || reason != tt.reason {
			t.Errorf("Stamp(%q, Berlin, %q) = %q, %q; want %q, %q", tt.cell, tt.order, got, reason, tt.want, tt.reason)
		}
	}
}

func TestStampNeverGuessesTheZone(t *testing.T) {
	for cell, want := range map[string]string{"2024-05-01 10:00:00": ZoneUnknown, "45292": ZoneUnknown, "2024-05-01T10:00:00Z": "", "1714557600": ""} {
		if got, reason := Stamp(cell, nil, ""); reason != want || (got == "") != (want != "") {
			t.Errorf("Stamp(%q, nil) = %q, %q; want reason %q", cell, got, reason, want)
		}
	}
}

// Go's own choice for such times differs between Berlin and New York.
func TestStampTreatsClockChangesAlikeInAllZones(t *testing.T) {
	tests := []struct{ zone, cell, want, reason string }{
		{"America/New_York", "2024-03-10 02:30:00", "2024-03-10T07:30:00Z", DSTGap},
		{"America/New_York", "2024-11-03 01:30:00", "2024-11-03T05:30:00Z", DSTOverlap},
		{"Australia/Lord_Howe", "2024-10-06 02:15:00", "2024-10-05T15:45:00Z", DSTGap},
		{"Australia/Lord_Howe", "2024-04-07 01:45:00", "2024-04-06T14:45:00Z", DSTOverlap},
		{"Pacific/Apia", "2011-12-30 12:00:00", "2011-12-30T22:00:00Z", DSTGap},
		{"America/Sao_Paulo", "2018-11-04 00:00:00", "2018-11-04T03:00:00Z", DSTGap},
		{"Asia/Kolkata", "2024-05-01 10:00:00", "2024-05-01T04:30:00Z", ""},
		{"UTC", "2024-05-01 10:00:00", "2024-05-01T10:00:00Z", ""},
	}
	for _, tt := range tests {
		got, reason := Stamp(tt.cell, zone(t, tt.zone), "")
		if got != tt.want || reason != tt.reason {
			t.Errorf("Stamp(%q, %s) = %q, %q; want %q, %q", tt.cell, tt.zone, got, reason, tt.want, tt.reason)
		}
	}
}

func TestDateReadsCalendarDays(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	tests := []struct {
		cell         string
		loc          *time.Location
		order        string
		want, reason string
	}{
		{"32874", nil, "", "1990-01-01", ""},
		{"1/2/1990", nil, "dmy", "1990-02-01", ""},
		{"1/2/1990", nil, "", "", DateAmbiguous},
		{"1990-01-01", nil, "", "1990-01-01", ""},
		{"1990-01-01 23:59:00", berlin, "", "1990-01-01", ""},
		{"1990-01-01T00:00:00Z", nil, "", "1990-01-01", ""},
		{"1989-12-31T23:00:00Z", berlin, "", "1990-01-01", ""},
		{"1714600800", berlin, "", "2024-05-02", ""},
		{"1714600800", nil, "", "", ZoneUnknown},
		{"12 Dec 50", nil, "", "2050-12-12", DateTwoDigitYear},
		{"12/31/69", nil, "", "1969-12-31", DateTwoDigitYear},
		{"30.02.1990", nil, "dmy", "", DateImpossible},
		{"0000-00-00", nil, "", "", ""},
	}
	for _, tt := range tests {
		if got, reason := Date(tt.cell, tt.loc, tt.order); got != tt.want || reason != tt.reason {
			t.Errorf("Date(%q, %v, %q) = %q, %q; want %q, %q", tt.cell, tt.loc, tt.order, got, reason, tt.want, tt.reason)
		}
	}
}

func TestDateOrderNeedsAProofWithoutContradiction(t *testing.T) {
	tests := []struct {
		values []string
		want   OrderEvidence
	}{
		{[]string{"01/02/2024", "13/02/2024 10:00", "2024-01-02", ""}, OrderEvidence{Order: "dmy", DMY: 1, Ambiguous: 1, DMYExample: "13/02/2024 10:00"}},
		{[]string{"1.2.2024", "2/28/2024"}, OrderEvidence{Order: "mdy", MDY: 1, Ambiguous: 1, MDYExample: "2/28/2024"}},
		{[]string{"13/2/2024", "2/13/2024"}, OrderEvidence{DMY: 1, MDY: 1, DMYExample: "13/2/2024", MDYExample: "2/13/2024"}},
		{[]string{"1/1/2024", "45292"}, OrderEvidence{}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, DateOrder(slices.Values(tt.values))); diff != "" {
			t.Errorf("DateOrder(%q) (-want +got):\n%s", tt.values, diff)
		}
	}
}

func FuzzStamp(f *testing.F) {
	for _, s := range []string{"2024-05-01 10:00:00", "31/12/2023 6:05 PM", "45292.5", "1714557600000", "1er mars 24 18h05", "2024-03-31 02:30", "\u202e", "T:", "1:1+", "0-0-0", "Fri Mar 1 10:00:00 2024"} {
		f.Add(s)
	}
	berlin := zone(f, "Europe/Berlin")
	f.Fuzz(func(t *testing.T, s string) {
		if stamp, _ := Stamp(s, berlin, "dmy"); stamp != "" {
			if again, reason := Stamp(stamp, nil, ""); again != stamp || reason != "" {
				t.Errorf("Stamp(%q) = %q becomes %q, %s", s, stamp, again, reason)
			}
		}
		if date, _ := Date(s, berlin, "dmy"); date != "" {
			if again, reason := Date(date, nil, ""); again != date || reason != "" {
				t.Errorf("Date(%q) = %q becomes %q, %s", s, date, again, reason)
			}
		}
	})
}

func BenchmarkStamp(b *testing.B) {
	berlin := zone(b, "Europe/Berlin")
	for b.Loop() {
		Stamp("2024-05-01 10:00:00", berlin, "")
	}
}

func BenchmarkStampWritten(b *testing.B) {
	berlin := zone(b, "Europe/Berlin")
	for b.Loop() {
		Stamp("12/31/2023 6:05 PM", berlin, "dmy")
	}
}
